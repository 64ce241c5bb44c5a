# An image registry on the host that the node pulls from.
# shellcheck shell=bash

command_registry() {
  local port=${1:-5000}
  [ $# -le 1 ] && [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65535 ] ||
    die "registry: '$*' must be one port, 1 to 65535"
  require_root registry
  require_programs curl
  is_running containerd || die "registry: cluster '$NAME' runs no node; start it with: hack/cluster/cluster --name $NAME up"
  read_network
  build_parts registry
  CLUSTER_LOG=$STATE/logs/cluster.log
  step "registry" ensure_registry "$port"
  printf 'localhost:%s\n' "$port"
}

# Host and node have separate loopbacks. hosts.toml maps the name to the host's address, so that an
# image has the same name on both sides; containerd reads it at each pull.
ensure_registry() {
  local ON_HOST=true name
  for name in localhost 127.0.0.1; do
    mkdir -p "$STATE/registry/hosts/$name:$1"
    printf '[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$HOST_IP:$1" >"$STATE/registry/hosts/$name:$1/hosts.toml"
  done
  mkdir -p "$STATE/registry/blobs"
  ensure_process registry "$(program registry)" --root "$STATE/registry/blobs" "127.0.0.1:$1" "$HOST_IP:$1"
  wait_until 15 "registry on port $1" registry_answers "$1"
}

registry_answers() {
  is_running registry || { tail -n 5 "$STATE/logs/registry.log"; exit 1; }
  curl --silent --fail --noproxy '*' --max-time 3 --output /dev/null "http://127.0.0.1:$1/v2/"
}
