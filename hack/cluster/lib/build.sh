# Programs of the cluster, built from pinned Go modules into the cache.
#
# Each part has a folder named after a checksum of its module files, sources and flags. A folder
# appears by rename when it is complete, so an existing folder can be used without a lock.
# shellcheck shell=bash

PARTS=(etcd apiserver kubectl node s3 coredns metrics-server helm registry)
STAMP=k8s.io/component-base/version

# PART: Go module folder, then programs as NAME=PACKAGE.
part_recipe() {
  case $1 in
    etcd) echo etcd etcd=go.etcd.io/etcd/server/v3 ;;
    apiserver) echo kubernetes kube-apiserver=k8s.io/kubernetes/cmd/kube-apiserver ;;
    kubectl) echo kubernetes kubectl=k8s.io/kubernetes/cmd/kubectl ;;
    node)
      local name
      printf kubernetes
      for name in kubelet kube-controller-manager kube-scheduler kube-proxy; do
        printf ' %s=k8s.io/kubernetes/cmd/%s' "$name" "$name"
      done
      ;;
    s3) echo s3 versitygw=github.com/versity/versitygw/cmd/versitygw ;;
    coredns) echo coredns coredns=profiling.dev/hack/cluster/coredns ;;
    metrics-server) echo metrics-server metrics-server=sigs.k8s.io/metrics-server/cmd/metrics-server ;;
    helm) echo helm helm=helm.sh/helm/v3/cmd/helm ;;
    registry) echo registry registry=profiling.dev/hack/cluster/registry ;;
    *) die "build: unknown part '$1'; parts are: ${PARTS[*]} images" ;;
  esac
}

linker_flags() {
  local version=${KUBERNETES_VERSION#v}
  printf -- '-s -w'
  # `helm template` has no server to ask and checks a chart's kubeVersion against this one.
  [ "$1" != helm ] || printf ' -X %s.k8sVersionMajor=%s -X %s.k8sVersionMinor=%s' \
    helm.sh/helm/v3/pkg/chartutil "${version%%.*}" helm.sh/helm/v3/pkg/chartutil "$(cut -d . -f 2 <<<"$version")"
  [ "$1" != kubernetes ] || printf ' -X %s.gitVersion=v%s -X %s.gitMajor=%s -X %s.gitMinor=%s -X %s.gitTreeState=clean' \
    "$STAMP" "$version" "$STAMP" "${version%%.*}" "$STAMP" "$(cut -d . -f 2 <<<"$version")" "$STAMP"
}

declare -A PART_DIRS=()
# part_dir PART: sets REPLY to where its programs are, built or not.
part_dir() {
  if [ -z "${PART_DIRS[$1]:-}" ]; then
    local module programs key
    read -r module programs <<<"$(part_recipe "$1")"
    [ -n "$programs" ] || exit 1
    key=$({ cat "$CLUSTER_DIR/go/$module"/{go.mod,go.sum} "$CLUSTER_DIR/go/$module"/*.go; echo "$programs $(linker_flags "$module") $(uname -m)"; } | sha256sum)
    PART_DIRS[$1]=$BUILDS/$1-${key:0:12}
  fi
  REPLY=${PART_DIRS[$1]}
}

# program NAME: its path in the cache.
program() {
  local part
  case $1 in
    etcd | kubectl | helm | coredns | metrics-server | registry) part=$1 ;;
    kube-apiserver) part=apiserver ;;
    versitygw) part=s3 ;;
    *) part=node ;;
  esac
  part_dir "$part"
  printf '%s/%s' "$REPLY" "$1"
}

installed_version() {
  case $1 in
    kubectl) kubectl version --client -o json 2>/dev/null | jq -r .clientVersion.gitVersion ;;
    helm) helm version --template '{{.Version}}' 2>/dev/null ;;
  esac
}

# A kubectl or helm on the PATH, outside our cache, that is new enough.
installed_is_enough() {
  local found version minimum=$KUBECTL_MINIMUM
  [ "$1" = kubectl ] || minimum=$HELM_MINIMUM
  found=$(command -v "$1") && [[ $(readlink -f "$found") != "$BUILDS"/* ]] || return 1
  version=$(installed_version "$1") && version=${version#v} && at_least "${version%%[-+]*}" "$minimum" 2>/dev/null
}

part_is_built() {
  part_dir "$1"
  [ -d "$REPLY" ]
}

compile_part() {
  local part=$1 target=$2 module programs entry flags log=$BUILDS/$1.log
  read -r module programs <<<"$(part_recipe "$part")"
  flags=$(linker_flags "$module")
  rm -rf "$target.partial"
  mkdir -p "$target.partial"
  : >"$log"
  for entry in $programs; do
    (cd "$CLUSTER_DIR/go/$module" && CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off go build -v -trimpath \
      -ldflags "$flags" -o "$target.partial/${entry%%=*}" "${entry#*=}" >>"$log" 2>&1)
  done
  mv "$target.partial" "$target"
}

# Compiles a part unless it exists; reports progress every fifteen seconds.
ensure_part() {
  local part=$1 started=$SECONDS pid rc=0 last=$SECONDS
  ! part_is_built "$part" || return 0
  require_programs go
  mkdir -p "$BUILDS"
  printf '  build %-28s' "$part" >&3
  (set -e; compile_part "$part" "${PART_DIRS[$part]}") &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - last)) -ge 15 ]; then
      last=$SECONDS
      printf '\n    %d packages compiled, %d s' "$(grep -c '^[a-z]' "$BUILDS/$part.log")" $((SECONDS - started)) >&3
    fi
  done
  wait "$pid" || rc=$?
  if [ "$rc" -ne 0 ]; then
    printf ' failed; the end of %s:\n' "$BUILDS/$part.log" >&3
    tail -n 15 "$BUILDS/$part.log" >&3
    return 1
  fi
  printf ' %6d s\n' $((SECONDS - started)) >&3
}

ensure_tool() {
  [ "$1" = registry ] || ! installed_is_enough "$1" || return 0
  ensure_part "$1"
  ln -sfn "$(program "$1")" "$PROFILING_CACHE/tools/bin/$1"
}

# build_parts PART…: under a lock, since two clusters may start at once.
build_parts() {
  local part pending=()
  for part in "$@"; do
    case $part in
      kubectl | helm | registry) [ -x "$PROFILING_CACHE/tools/bin/$part" ] && part_is_built "$part" || pending+=("$part") ;;
      images) images_are_built || pending+=(images) ;;
      *) part_is_built "$part" || pending+=("$part") ;;
    esac
  done
  [ ${#pending[@]} -gt 0 ] || return 0
  take_lock build "build of the cluster's programs"
  for part in "${pending[@]}"; do
    case $part in
      kubectl | helm | registry) ensure_tool "$part" ;;
      images) build_images ;;
      *) ensure_part "$part" ;;
    esac
  done
  release_lock
}

command_build() {
  local part
  for part in "$@"; do [ "$part" = images ] || part_recipe "$part" >/dev/null; done
  [ $# -gt 0 ] || set -- "${PARTS[@]}" images
  build_parts "$@"
}

# tool NAME: the kubectl or helm to use.
tool() { if installed_is_enough "$1"; then command -v "$1"; else program "$1"; fi; }
kubectl_program() { tool kubectl; }
helm_program() { tool helm; }

# with_kubeconfig FUNCTION ARG…: runs the program that FUNCTION names against this cluster, or, when it
# is not up, against the caller's $KUBECONFIG.
with_kubeconfig() {
  local name=${1%_program} path
  shift
  use_kubeconfig
  build_parts "$name" >&2
  path=$(tool "$name")
  exec "$path" "$@" 3>&-
}

use_kubeconfig() {
  if [ -f "$STATE/admin.kubeconfig" ] && is_running apiserver; then
    export KUBECONFIG=$STATE/admin.kubeconfig
    read_network
    export NO_PROXY=$NODE_IP${NO_PROXY:+,$NO_PROXY}
  elif [ -z "${KUBECONFIG:-}" ]; then
    die "cluster '$NAME' is not up and KUBECONFIG is not set; start it with: hack/cluster/cluster --name $NAME up"
  fi
}
