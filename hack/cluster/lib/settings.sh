# Names, addresses and places of one cluster.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by the other files

KUBERNETES_VERSION=v1.34.4
# kubectl supports servers one minor version away: https://kubernetes.io/releases/version-skew-policy/
KUBECTL_MINIMUM=1.33.0
HELM_MINIMUM=3.14.0

SERVICE_CIDR=10.96.0.0/16
API_SERVICE_IP=10.96.0.1
DNS_IP=10.96.0.10
POD_CIDR=10.244.0.0/16
NODE_POD_CIDR=10.244.0.0/24
NODE_NAME=node1
VOLUMES=12

STATE_ROOT=${PROFILING_STATE:-/var/lib/profiling-cluster}
BUILDS=$PROFILING_CACHE/cluster

use_name() {
  NAME=$1
  [[ $NAME =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,11}$ ]] ||
    die "--name '$NAME': must be 1 to 12 letters, digits and dashes, and not begin with a dash"
  [[ $STATE_ROOT == /* ]] || die "PROFILING_STATE '$STATE_ROOT': must be an absolute path"
  [[ ! $STATE_ROOT/ =~ ^/(run|var/run|var/log|proc|sys|dev)/ ]] ||
    die "PROFILING_STATE '$STATE_ROOT': must not be below /run, /var/log, /proc, /sys or /dev, which a node covers with its own"
  STATE=$STATE_ROOT/$NAME
  # The kubelet's and containerd's sockets below it must fit into the 107 bytes of a socket address.
  [ ${#STATE} -le 60 ] || die "PROFILING_STATE: '$STATE' is longer than the 60 characters that leave room for sockets"
  NETNS=profiling-$NAME
  LINK=pc-$NAME
  CGROUP=profiling-cluster/$NAME
  CTR=(ctr --address "$STATE/containerd.sock" --namespace k8s.io)
}

no_more_arguments() {
  local command=$1
  shift
  [ $# -eq 0 ] || die "$command: takes no arguments, got '$*'"
}

require_root() {
  [ "$(id -u)" -eq 0 ] || die "$1 needs root: it makes network namespaces and mounts"
}

require_programs() {
  local program missing=()
  for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ ${#missing[@]} -eq 0 ] || die "these programs are missing: ${missing[*]}; run hack/deps as root"
}

require_state() {
  [ -f "$STATE/admin.kubeconfig" ] || die "cluster '$NAME' is not up (no $STATE/admin.kubeconfig); start it with: $0 --name $NAME up"
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
