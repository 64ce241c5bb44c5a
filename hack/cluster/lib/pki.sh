# Certificates, keys and kubeconfig files. One authority signs everything; it lives as long as the cluster.
# shellcheck shell=bash

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# certificate NAME SUBJECT [ALTERNATIVE_NAMES]
certificate() {
  local name=$1 subject=$2 names=${3:-DNS:$1}
  [ ! -s "$name.crt" ] || return 0
  new_key "$name.key"
  openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
  openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out "$name.crt.new" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n' "$names") 2>/dev/null
  mv "$name.crt.new" "$name.crt"
  rm "$name.csr"
}

# With the certificates inside, so that the file can be copied and used anywhere on the host.
kubeconfig() {
  local name=$1 file=$2
  [ ! -s "$file" ] || return 0
  cat >"$file.new" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: $NAME
  cluster: {server: "https://$NODE_IP:6443", certificate-authority-data: $(base64 -w 0 ca.crt)}
users:
- name: $name
  user: {client-certificate-data: $(base64 -w 0 "$name.crt"), client-key-data: $(base64 -w 0 "$name.key")}
contexts:
- name: $NAME
  context: {cluster: $NAME, user: $name}
current-context: $NAME
YAML
  mv "$file.new" "$file"
}

ensure_pki() {
  mkdir -p -m 0700 "$STATE/pki"
  pushd "$STATE/pki" >/dev/null
  if [ ! -s ca.crt ]; then
    new_key ca.key
    openssl req -x509 -new -key ca.key -subj "/CN=cluster-$NAME" -days 3650 -out ca.crt.new
    mv ca.crt.new ca.crt
  fi
  if [ ! -s sa.pub ]; then
    new_key sa.key
    openssl pkey -in sa.key -pubout -out sa.pub
  fi
  certificate apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$NODE_IP,IP:$API_SERVICE_IP"
  certificate admin /O=system:masters/CN=admin
  certificate front-proxy /CN=front-proxy
  kubeconfig admin "$STATE/admin.kubeconfig"
  popd >/dev/null
}

ensure_node_pki() {
  pushd "$STATE/pki" >/dev/null
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate proxy /CN=system:kube-proxy
  certificate kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" "DNS:$NODE_NAME,IP:$NODE_IP"
  local user
  for user in controller-manager scheduler proxy kubelet; do kubeconfig "$user" "$user.kubeconfig"; done
  popd >/dev/null
}
