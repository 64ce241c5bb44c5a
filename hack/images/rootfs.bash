# Sourced by the scripts that assemble an image's root file system from this machine's programs.
# shellcheck shell=bash

# new_rootfs DIR: an empty root with Debian's folder layout, users and a /tmp.
new_rootfs() {
  rm -rf "$1"
  mkdir -p "$1"/{etc,tmp,usr/bin,usr/lib,usr/lib64}
  ln -s usr/lib "$1/lib"
  ln -s usr/lib64 "$1/lib64"
  ln -s usr/bin "$1/bin"
  chmod 1777 "$1/tmp"
  cat >"$1/etc/passwd" <<'PASSWD'
root:x:0:0:root:/:/nologin
app:x:1000:1000:app:/tmp:/nologin
nonroot:x:65532:65532:nonroot:/tmp:/nologin
PASSWD
  printf 'root:x:0:\napp:x:1000:\nnonroot:x:65532:\n' >"$1/etc/group"
  printf 'hosts: files dns\n' >"$1/etc/nsswitch.conf"
}

# libraries_of FILE…: every shared library that the files need, including the loader, one path per line.
# A file may have several paths (/lib is a link): it is printed once, by its real folder.
libraries_of() {
  local path
  # ldd does not list libraries beside the files, which the loader finds itself.
  { ldd "$@" 2>/dev/null || true; } | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\/.*ld-linux/ {print $1}' | sort -u |
    while read -r path; do
      printf '%s/%s\n' "$(realpath "$(dirname "$path")")" "$(basename "$path")"
    done | sort -u
}

# add_libraries DIR FILE…: copies what the files need into the root, at the same places.
add_libraries() {
  local root=$1 path
  shift
  while read -r path; do
    case $path in "$root"/*) continue ;; esac
    install -D -m 755 "$path" "$root$path"
  done < <(libraries_of "$@")
  # The kernel looks for the loader by the name that is written into the programs.
  if [ -e /lib64/ld-linux-x86-64.so.2 ] && [ ! -e "$root/usr/lib64/ld-linux-x86-64.so.2" ]; then
    install -D -m 755 "$(realpath /lib64/ld-linux-x86-64.so.2)" "$root/usr/lib64/ld-linux-x86-64.so.2"
  fi
}

# library_path NAME: the library's path; empty if the loader does not find it. Reads the list to its
# end: a reader that stops early can make ldconfig, and with it the script, fail.
library_path() {
  ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ && !path { path = $NF } END { if (path) print path }'
}

# add_c_library DIR: the rest of the C library's own files, which every glibc base image has and
# which agents may be linked against although glibc 2.34 made most of them empty.
add_c_library() {
  local name path
  for name in libdl.so.2 libpthread.so.0 librt.so.1 libm.so.6 libutil.so.1 libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
    path=$(library_path "$name")
    [ -z "$path" ] || install -D -m 755 "$path" "$1$(realpath "$(dirname "$path")")/$name"
  done
}
