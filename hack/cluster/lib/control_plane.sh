# etcd and kube-apiserver.
# shellcheck shell=bash

start_etcd() {
  # Without fsync: the data does not outlive the cluster, and disks of test machines are slow.
  ensure_process etcd "$(program etcd)" --name=etcd --data-dir="$STATE/etcd" --unsafe-no-fsync \
    --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
    --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
    --initial-cluster=etcd=http://127.0.0.1:2380 --log-level=warn
}

start_apiserver() {
  local pki=$STATE/pki more=()
  read -r -a more <<<"${CLUSTER_APISERVER_FLAGS:-}"
  ensure_process apiserver "$(program kube-apiserver)" --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --secure-port=6443 --advertise-address="$NODE_IP" --service-cluster-ip-range="$SERVICE_CIDR" \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged --profiling=false \
    --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key" \
    --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
    "${more[@]}"
}

apiserver_is_ready() {
  [ "$(curl --silent --noproxy '*' --max-time 5 --cacert "$STATE/pki/ca.crt" --cert "$STATE/pki/admin.crt" --key "$STATE/pki/admin.key" \
    "https://$NODE_IP:6443/readyz")" = ok ]
}

apiserver_is_ready_or_gone() {
  is_running etcd || { tail -n 15 "$STATE/logs/etcd.log"; echo "etcd has ended"; exit 1; }
  is_running apiserver || { tail -n 15 "$STATE/logs/apiserver.log"; echo "kube-apiserver has ended"; exit 1; }
  apiserver_is_ready
}

ensure_control_plane() {
  start_etcd
  start_apiserver
  wait_until 90 "kube-apiserver ready" apiserver_is_ready_or_gone
}
