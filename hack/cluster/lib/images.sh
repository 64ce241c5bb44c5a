# Container images of the cluster's own pods, each a folder with one static program.
# shellcheck shell=bash

IMAGES=(pause busybox coredns metrics-server s3)

images_key() {
  {
    cat "$CLUSTER_DIR/images/pause.c" "$CLUSTER_DIR/lib/images.sh" "$CLUSTER_DIR/../images/scratch_image.py" "$(command -v busybox)"
    local part
    for part in coredns metrics-server s3; do part_dir "$part"; echo "$REPLY"; done
  } | sha256sum | cut -c 1-12
}

IMAGES_DIR=
images_dir() {
  [ -n "$IMAGES_DIR" ] || IMAGES_DIR=$BUILDS/images-$(images_key)
  REPLY=$IMAGES_DIR
}

images_are_built() {
  require_programs busybox
  images_dir
  [ -d "$REPLY" ]
}

# root_folder NAME: fills ./NAME with the image's files.
root_folder() {
  mkdir -p "$1/tmp"
  chmod 1777 "$1/tmp"
  case $1 in
    pause) cc -Os -static -s -o pause/pause "$CLUSTER_DIR/images/pause.c" ;;
    busybox)
      mkdir -p busybox/bin busybox/etc
      cp "$(command -v busybox)" busybox/bin/busybox
      local applet
      for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "busybox/bin/$applet"; done
      echo 'root:x:0:0:root:/:/bin/sh' >busybox/etc/passwd
      ;;
    s3) cp "$(program versitygw)" s3/ ;;
    *) cp "$(program "$1")" "$1/" ;;
  esac
}

pack_image() {
  local name=$1
  shift
  root_folder "$name"
  "$CLUSTER_DIR/../images/scratch_image.py" "$name" "localhost/cluster/$name:1" "tars/$name.tar" "$@"
}

pack_images() {
  mkdir tars
  pack_image pause --entrypoint /pause --user 65535:65535
  pack_image busybox --cmd sh --env PATH=/bin
  pack_image coredns --entrypoint /coredns --user 65532:65532
  pack_image metrics-server --entrypoint /metrics-server --user 65532:65532
  pack_image s3 --entrypoint /versitygw --user 65532:65532
}

build_images() {
  local started=$SECONDS work
  images_dir
  [ ! -d "$REPLY" ] || return 0
  require_programs cc busybox python3
  printf '  build %-28s' images >&3
  work=$(mktemp -d "$BUILDS/images.XXXXXX")
  (cd "$work" && pack_images)
  mv "$work/tars" "$IMAGES_DIR"
  rm -rf "$work"
  printf ' %6d s\n' $((SECONDS - started)) >&3
}

# import_image FILE [MARK]: once for each MARK, by default the content's checksum: a rebuilt image is
# loaded again, and so is an older one that is loaded once more after a newer one.
import_image() {
  local mark=${2:-} name
  name=$(tar -xOf "$1" manifest.json | jq -r '.[0].RepoTags[0] // empty')
  [ -n "$mark" ] || mark=$(sha256sum <"$1" | cut -c 1-64)
  mkdir -p "$STATE/images"
  ! grep -qsxF "$mark" "$STATE/images/${name//[\/:]/_}" || return 0
  "${CTR[@]}" images import "$1"
  echo "$mark" >"$STATE/images/${name//[\/:]/_}"
}

import_own_images() {
  local name
  images_dir
  for name in "${IMAGES[@]}"; do import_image "$REPLY/$name.tar" "$REPLY"; done
}

command_images() {
  build_parts images
  printf '%s\n' "${IMAGES[@]/#/$IMAGES_DIR/}" | sed 's/$/.tar/'
}

command_load_image() {
  local file
  [ $# -gt 0 ] || die "load-image: at least one docker-archive file must follow"
  for file in "$@"; do
    [ -f "$file" ] || die "load-image: $file: no such file"
    tar -tf "$file" manifest.json >/dev/null 2>&1 || die "load-image: $file: not a docker-archive (it holds no manifest.json)"
  done
  require_root load-image
  is_running containerd || die "load-image: cluster '$NAME' runs no node; start it with: hack/cluster/cluster --name $NAME up"
  CLUSTER_LOG=$STATE/logs/cluster.log
  for file in "$@"; do step "load $(basename "$file")" import_image "$file"; done
}
