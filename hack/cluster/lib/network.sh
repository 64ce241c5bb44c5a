# The cluster's network namespace and the veth pair that joins it to the host.
# shellcheck shell=bash

# The /30 is stored as its number within 198.18.0.0/15, the range kept for tests of networks (RFC 2544).
subnet_address() {
  local n=$(($1 * 4 + $2))
  printf '198.%d.%d.%d' $((18 + (n >> 16))) $(((n >> 8) & 255)) $((n & 255))
}

read_network() {
  local number
  number=$(cat "$STATE/subnet" 2>/dev/null) || return 1
  HOST_IP=$(subnet_address "$number" 1)
  NODE_IP=$(subnet_address "$number" 2)
}

subnet_is_free() {
  local address
  address=$(subnet_address "$1" 1)
  ! grep -qsx -- "$1" "$STATE_ROOT"/*/subnet && [ -z "$(ip -o route show root "$(subnet_address "$1" 0)/30")" ] &&
    ! ip -o -4 address show | grep -F "inet $address/" >/dev/null
}

choose_subnet() {
  local number=0
  [ ! -s "$STATE/subnet" ] || return 0
  (
    flock --timeout 60 8
    while ! subnet_is_free "$number"; do
      number=$((number + 1))
      [ "$number" -lt 32768 ] || { echo "no free /30 in 198.18.0.0/15"; exit 1; }
    done
    printf '%s\n' "$number" >"$STATE/subnet"
  ) 8>"$PROFILING_CACHE/locks/subnets"
}

network_exists() { ip -n "$NETNS" link show "$LINK" >/dev/null 2>&1 && ip link show "$LINK" >/dev/null 2>&1; }

# The link's alias names its cluster's state folder: clusters under different PROFILING_STATE may share a name.
require_own_link() {
  local owner
  owner=$(cat "/sys/class/net/$LINK/ifalias" 2>/dev/null) || return 0
  [ -z "$owner" ] || [ "$owner" = "$STATE" ] ||
    die "link $LINK belongs to the cluster in $owner; choose another --name, or take that one down with PROFILING_STATE=$(dirname "$owner")"
}

inside() { nsenter --net="/run/netns/$NETNS" "$@"; }

ensure_network() {
  choose_subnet
  read_network
  network_exists || make_network
  # Both hold only inside: net sysctls belong to the network namespace of the process that writes them.
  [ -e /proc/sys/net/bridge ] || modprobe br_netfilter || true
  inside sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi'
}

make_network() {
  remove_network
  ip netns add "$NETNS"
  ip -n "$NETNS" link set lo up
  ip link add "$LINK" type veth peer name "$LINK" netns "$NETNS"
  ip link set "$LINK" alias "$STATE"
  ip address add "$HOST_IP/30" dev "$LINK"
  ip link set "$LINK" up
  ip -n "$NETNS" address add "$NODE_IP/30" dev "$LINK"
  ip -n "$NETNS" link set "$LINK" up
  # kube-proxy rewrites Service addresses in the output hook, which a packet without a route never reaches.
  ip -n "$NETNS" route add "$SERVICE_CIDR" via "$HOST_IP"
}

remove_network() {
  ! ip link show "$LINK" >/dev/null 2>&1 || ip link delete "$LINK"
  [ ! -e "/run/netns/$NETNS" ] || ip netns delete "$NETNS" || rm -f "/run/netns/$NETNS"
}
