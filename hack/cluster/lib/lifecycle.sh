# up, down, status and the small commands.
# shellcheck shell=bash

# `phase` is "starting" until the first `up` has succeeded: a cluster that an `up` was killed in is
# cleaned away and started afresh, one that was up is repaired.
was_up() { [ "$(cat "$STATE/phase" 2>/dev/null)" = up ] && network_exists; }

leftovers() {
  [ -e "$STATE" ] || [ -e "/run/netns/$NETNS" ] || [ -e "/sys/class/net/$LINK" ] || [ -n "$(cgroup_folders)" ]
}

command_up() {
  local node=true
  case "${1:-}" in
    '') ;;
    --control-plane-only) node=false ;;
    *) die "up: unknown argument '$1'; allowed is --control-plane-only" ;;
  esac
  [ $# -le 1 ] || die "up: too many arguments: '$*'"
  require_root up
  require_programs ip nsenter setsid flock openssl curl jq
  build_parts etcd apiserver kubectl
  ! $node || { require_node_programs; build_parts node s3 coredns metrics-server images; }
  local began=$EPOCHREALTIME
  take_lock "up-$NAME" "up or down of cluster '$NAME'"
  require_own_link
  if ! was_up && leftovers; then step "remove an incomplete cluster" remove_everything; fi
  mkdir -p "$STATE/logs"
  chmod 0755 "$STATE_ROOT" "$STATE"
  CLUSTER_LOG=$STATE/logs/cluster.log
  [ -s "$STATE/phase" ] || echo starting >"$STATE/phase"
  step "network" ensure_network
  step "certificates" ensure_pki
  step "control plane" ensure_control_plane
  ! $node || node_steps
  echo up >"$STATE/phase"
  say "cluster '$NAME' is up after $(seconds_since "$began") s; export KUBECONFIG=$STATE/admin.kubeconfig"
}

command_down() {
  require_root down
  take_lock "up-$NAME" "up or down of cluster '$NAME'"
  require_own_link
  if ! leftovers; then
    say "cluster '$NAME' is not there"
    return
  fi
  step "stop cluster '$NAME'" remove_everything
}

# Clients before servers: a server whose clients are gone ends at once.
remove_everything() {
  CLUSTER_LOG=/dev/null
  stop_processes 5 kubelet proxy scheduler controller-manager
  [ -z "$(processes_in_cgroups)" ] || kill_pods
  stop_processes 5 containerd apiserver
  stop_processes 3 etcd node-mounts registry
  sweep_processes
  remove_cgroups
  remove_network
  # Whatever was mounted below it was mounted in the node's own mount namespace, which is gone by now.
  rm -rf --one-file-system "$STATE"
  rmdir "$STATE_ROOT" 2>/dev/null || true
}

kill_pods() {
  # shellcheck disable=SC2046
  kill -KILL $(processes_in_cgroups) 2>/dev/null || true
}

command_status() {
  [ -d "$STATE" ] || { say "cluster '$NAME': not there"; return 1; }
  local component pid all=true
  read_network || die "cluster '$NAME' is incomplete; run up or down"
  printf 'cluster     %s (%s)\nstate       %s\nkubeconfig  %s\naddresses   host %s, node %s\n' "$NAME" "$(cat "$STATE/phase")" \
    "$STATE" "$STATE/admin.kubeconfig" "$HOST_IP" "$NODE_IP"
  for component in $(components); do
    if pid=$(recorded_pid "$component"); then
      printf '%-20s running, pid %s, %s MiB\n' "$component" "$pid" "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")"
    else
      printf '%-20s not running\n' "$component"
      all=false
    fi
  done
  apiserver_is_ready || { echo 'the API server does not answer'; all=false; }
  $all
}

components() { find "$STATE/run" -type f ! -name '*.new' -printf '%f\n' 2>/dev/null | sort; }

command_logs() {
  [ -d "$STATE/logs" ] || die "logs: cluster '$NAME' is not there"
  if [ $# -eq 0 ]; then
    say "components:"
    find "$STATE/logs" -name '*.log' -printf '%f\n' | sed 's/\.log$//' | sort
    return
  fi
  [ $# -eq 1 ] && [[ $1 != */* ]] && [ -f "$STATE/logs/$1.log" ] ||
    die "logs: '$*' is not a component; components are: $(find "$STATE/logs" -name '*.log' -printf '%f ' | sed 's/\.log / /g')"
  tail -n "${LINES_SHOWN:-200}" "$STATE/logs/$1.log"
}

command_exec() {
  require_root exec
  [ $# -gt 0 ] || die "exec: a command must follow"
  require_state
  exec nsenter --net="/run/netns/$NETNS" -- "$@" 3>&-
}
