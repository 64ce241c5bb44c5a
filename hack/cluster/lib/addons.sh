# What runs in the cluster from the start: DNS, metrics, volumes and the S3 server.
# shellcheck shell=bash

storage_manifest() {
  cat <<'YAML'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
  local i
  for i in $(seq -w "$VOLUMES"); do
    # A hostPath does not honour fsGroup, so that the folder must let any user write. Recycle makes a
    # released volume available again.
    mkdir -p -m 0777 "$STATE/volumes/$i"
    cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: local-$i}
spec:
  capacity: {storage: 20Gi}
  accessModes: [ReadWriteOnce, ReadWriteMany]
  persistentVolumeReclaimPolicy: Recycle
  storageClassName: local
  hostPath: {path: "$STATE/volumes/$i", type: Directory}
YAML
  done
}

apply_addons() {
  umask 0
  storage_manifest >"$STATE/settings/storage.yaml"
  umask 022
  fill "$CLUSTER_DIR/manifests/coredns.yaml" "$STATE/settings/coredns.yaml"
  fill "$CLUSTER_DIR/manifests/metrics-server.yaml" "$STATE/settings/metrics-server.yaml"
  local name arguments=()
  for name in storage coredns metrics-server; do arguments+=(-f "$STATE/settings/$name.yaml"); done
  admin apply --server-side --force-conflicts "${arguments[@]}"
  s3_manifest admin | admin apply --server-side --force-conflicts -f -
}

# s3_manifest COMMAND…: with the key that COMMAND, a kubectl, finds in the cluster, else with a new one.
s3_manifest() {
  local key text
  key=$("$@" get secret -n profiling s3-credentials --ignore-not-found -o 'jsonpath={.data.AWS_SECRET_ACCESS_KEY}' | base64 -d)
  [ -n "$key" ] || key=$(openssl rand -hex 20)
  text=$(<"$CLUSTER_DIR/manifests/s3.yaml")
  text=${text//'${S3_SECRET}'/$key}
  printf '%s\n' "${text//'${S3_IMAGE}'/${S3_IMAGE:-localhost/cluster/s3:1}}"
}

wait_for_rollout() { wait_until 120 "deployment $2 of $1" rollout_is_complete admin "$1" "$2"; }

# rollout_is_complete KUBECTL NAMESPACE DEPLOYMENT
rollout_is_complete() {
  local state generation observed want updated available all
  state=$("$1" get deployment -n "$2" "$3" -o 'jsonpath={.metadata.generation}|{.status.observedGeneration}|{.spec.replicas}|{.status.updatedReplicas}|{.status.availableReplicas}|{.status.replicas}' 2>/dev/null) || return 1
  IFS='|' read -r generation observed want updated available all <<<"$state"
  [ "$generation" = "$observed" ] && [ "$want" = "$updated" ] && [ "$want" = "$available" ] && [ "$want" = "$all" ]
}

# Through the Service's name's address, so that kube-proxy and CoreDNS are proved on the way.
wait_for_s3() {
  wait_for_rollout profiling s3
  wait_until 30 "S3 by its Service" s3_answers
}

s3_answers() {
  local address
  address=$(inside busybox nslookup s3.profiling.svc.cluster.local "$DNS_IP" 2>/dev/null | awk '/^Name:/ { found = 1 } found && /^Address/ && !last { last = $NF } END { print last }') &&
    [ -n "$address" ] && inside curl --silent --fail --noproxy '*' --max-time 3 --output /dev/null "http://$address:7070/healthz"
}

metrics_are_served() {
  admin get --raw /apis/metrics.k8s.io/v1beta1/nodes 2>/dev/null | grep '"cpu"' >/dev/null
}

command_s3() {
  use_kubeconfig
  build_parts kubectl
  KUBECTL=$(tool kubectl)
  local manifest
  manifest=$(s3_manifest "$KUBECTL")
  "$KUBECTL" apply --server-side --force-conflicts -f - <<<"$manifest"
  "$KUBECTL" rollout status -n profiling deployment/s3 --timeout=180s
}
