# The node: containerd and kubelet, controllers, scheduler and kube-proxy.
# shellcheck shell=bash

CONTAINERD_MINIMUM=1.6.0
CNI_BIN=/usr/lib/cni

require_node_programs() {
  require_programs containerd ctr runc nft conntrack unshare busybox
  local version
  version=$(containerd --version | awk '{ print $3 }')
  at_least "${version%%[~+-]*}" "$CONTAINERD_MINIMUM" || die "containerd $version is too old: $CONTAINERD_MINIMUM is needed"
  [ -x "$CNI_BIN/bridge" ] || CNI_BIN=/opt/cni/bin
  [ -x "$CNI_BIN/bridge" ] && [ -x "$CNI_BIN/portmap" ] ||
    die "no CNI plugins in /usr/lib/cni or /opt/cni/bin; install containernetworking-plugins (hack/deps does)"
}

# containerd and the kubelet live in a mount namespace of their own, kept by a sleeping process. All
# their mounts vanish with it; and what they write outside the folders that they can be given (/run,
# /var/lib/kubelet, /var/lib/cni, /var/log/pods, kernel settings) stays in it.
ensure_node_mounts() {
  if ! is_running node-mounts; then
    stop_processes 15 kubelet containerd
    kill_node_processes
    mkdir -p "$STATE/private" "$STATE/var-log"
    ensure_process node-mounts unshare --mount --propagation private \
      bash "$CLUSTER_DIR/lib/node_mounts.sh" "$STATE" "$PROFILING_CACHE"
  fi
  wait_until 15 "the node's mounts" node_mounts_are_ready
  ENTER=(nsenter --mount="/proc/$(recorded_pid node-mounts)/ns/mnt")
}

node_mounts_are_ready() {
  local pid
  pid=$(recorded_pid node-mounts) || { cat "$STATE/logs/node-mounts.log"; exit 1; }
  [ -e "/proc/$pid/root/run/profiling-cluster-ready" ]
}

# Shims and pods of a containerd that ended without its node.
kill_node_processes() {
  local pids
  while pids=$(processes_in_cgroups; shims); [ -n "$pids" ]; do
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.05
  done
}

shims() {
  local pid name
  for pid in $(processes_in_namespace); do
    { read -r name <"/proc/$pid/comm"; } 2>/dev/null && [ "$name" = containerd-shim ] && echo "$pid"
  done
  return 0
}

# The kubelet's own branch of the cgroup tree: two kubelets at the root would remove each other's pods.
# Version 2 hands a controller down only where the parent enables it; one that is absent is left out.
ensure_cgroups() {
  local base controller
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$CGROUP"
    for base in /sys/fs/cgroup "/sys/fs/cgroup/$(dirname "$CGROUP")"; do
      for controller in cpuset cpu io memory pids hugetlb; do
        echo "+$controller" 2>/dev/null >"$base/cgroup.subtree_control" || true
      done
    done
    return
  fi
  for base in /sys/fs/cgroup/*/; do
    mkdir -p "$base$CGROUP"
    [ "$(basename "$base")" != cpuset ] || copy_cpuset "$base"
  done
}

# A new cpuset of cgroup v1 is empty, and no process can enter it before it is filled.
copy_cpuset() {
  local folder file
  for folder in "$1$(dirname "$CGROUP")" "$1$CGROUP"; do
    for file in cpuset.cpus cpuset.mems; do
      [ -n "$(tr -d '\n' <"$folder/$file")" ] || cat "$folder/../$file" >"$folder/$file"
    done
  done
}

# fill TEMPLATE OUT: manifests and settings, with the cluster's values for ${NAME}.
fill() {
  local text name
  text=$(<"$1")
  for name in STATE NODE_IP NODE_NAME SERVICE_CIDR POD_CIDR NODE_POD_CIDR DNS_IP CGROUP CNI_BIN; do
    text=${text//"\${$name}"/${!name}}
  done
  # Untouched when nothing changed: kube-proxy ends when its file is written.
  printf '%s\n' "$text" | cmp -s - "$2" || printf '%s\n' "$text" >"$2"
}

write_node_settings() {
  local file
  mkdir -p "$STATE/settings" "$STATE/cni"
  for file in containerd.toml kubelet.yaml kube-proxy.yaml recycler-pod.yaml; do
    fill "$CLUSTER_DIR/manifests/node/$file" "$STATE/settings/$file"
  done
  fill "$CLUSTER_DIR/manifests/node/bridge.conflist" "$STATE/cni/10-bridge.conflist"
}

containerd_answers() {
  is_running containerd || { tail -n 15 "$STATE/logs/containerd.log"; exit 1; }
  "${CTR[@]}" version >/dev/null 2>&1
}

ensure_containerd() {
  write_node_settings
  ensure_cgroups
  ensure_node_mounts
  ensure_process containerd containerd --config "$STATE/settings/containerd.toml"
  wait_until 30 "containerd" containerd_answers
}

ensure_controllers() {
  local pki=$STATE/pki
  ENTER=()
  ensure_process controller-manager "$(program kube-controller-manager)" --kubeconfig="$pki/controller-manager.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials --profiling=false \
    --cluster-cidr="$POD_CIDR" --allocate-node-cidrs=true --service-cluster-ip-range="$SERVICE_CIDR" \
    --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --pv-recycler-pod-template-filepath-hostpath="$STATE/settings/recycler-pod.yaml"
  ensure_process scheduler "$(program kube-scheduler)" --kubeconfig="$pki/scheduler.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false --profiling=false
}

ensure_kubelet() {
  ENTER=(nsenter --mount="/proc/$(recorded_pid node-mounts)/ns/mnt")
  ensure_process kubelet "$(program kubelet)" --config="$STATE/settings/kubelet.yaml" --kubeconfig="$STATE/pki/kubelet.kubeconfig" \
    --hostname-override="$NODE_NAME" --node-ip="$NODE_IP" --root-dir="$STATE/kubelet"
  ENTER=()
  ensure_process proxy "$(program kube-proxy)" --config="$STATE/settings/kube-proxy.yaml"
}

admin() { "$KUBECTL" --kubeconfig "$STATE/admin.kubeconfig" --request-timeout=10s "$@"; }

node_is_ready() {
  is_running kubelet || { tail -n 15 "$STATE/logs/kubelet.log"; exit 1; }
  [ "$(admin get node "$NODE_NAME" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

node_steps() {
  KUBECTL=$(tool kubectl)
  export NO_PROXY=$NODE_IP${NO_PROXY:+,$NO_PROXY}
  step "certificates of the node" ensure_node_pki
  step "containerd" ensure_containerd
  step "kubelet and kube-proxy" ensure_kubelet
  step "controllers and scheduler" ensure_controllers
  step "images" import_own_images
  step "node" wait_until 60 "node Ready" node_is_ready
  step "manifests" apply_addons
  step "CoreDNS" wait_for_rollout kube-system coredns
  step "S3 server" wait_for_s3
  step "metrics API" wait_until 120 "metrics API" metrics_are_served
}
