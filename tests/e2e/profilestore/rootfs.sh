#!/usr/bin/env bash
# Makes the root file system of the profile store's image: the static program as /usr/bin/pyroscope and a
# small Java runtime that reads flight recordings, with the shared libraries it needs. Needs go and a JDK.
# What was built is kept in the cache under a checksum of everything it is made of.
#
# usage: tests/e2e/profilestore/rootfs.sh OUTDIR     OUTDIR must not exist, or be empty
set -euo pipefail
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${PROFILING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/profiling-operator}/profilestore
say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

[ $# -eq 1 ] || die "usage: ${0##*/} OUTDIR"
out=$1
[ ! -e "$out" ] || [ -d "$out" ] || die "OUTDIR: $out is not a folder"
[ -z "$(ls -A "$out" 2>/dev/null)" ] || die "OUTDIR: $out is not empty"
for tool in go javac jar jlink ldd sha256sum; do
  command -v "$tool" >/dev/null || die "$tool is not installed (Debian: golang, openjdk-17-jdk-headless)"
done

content_key() {
  {
    (cd "$here" && find . -type f \( -name '*.go' ! -name '*_test.go' -o -name '*.java' -o -name 'go.*' \
      -o -name rootfs.sh \) -print0 | sort -z | xargs -0 sha256sum)
    go version
    javac -version 2>&1
    ldd --version
  } | sha256sum | cut -c1-16
}

# The libraries that a program or library names, each at the path where the loader will look for it.
copy_libraries() {
  local root=$1 path
  shift
  { ldd "$@" || true; } | grep -oE '(/lib|/usr/lib|/lib64)[^ ]+' | sort -u | while read -r path; do
    case $path in "$root"/* | /usr/lib/jvm/*) continue ;; esac
    mkdir -p "$root${path%/*}"
    cp -L "$path" "$root$path"
  done
}

build() {
  local root=$1 classes
  say "building the profile store"
  mkdir -p "$root"/{usr/bin,usr/lib/profilestore,etc/ssl/certs,etc/pyroscope,data,tmp}
  chmod 1777 "$root/tmp" "$root/data"
  (cd "$here" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$root/usr/bin/pyroscope" .)

  say "building its Java runtime"
  classes=$(mktemp -d)
  javac --release 17 -d "$classes" "$here/jfr/reader/JfrReader.java"
  jar --create --file "$root/usr/lib/profilestore/jfr-reader.jar" --no-compress -C "$classes" .
  rm -r "$classes"
  jlink --add-modules java.base,jdk.jfr --strip-java-debug-attributes --no-header-files --no-man-pages \
    --compress=2 --output "$root/usr/lib/jvm"
  mapfile -t objects < <(find "$root/usr/lib/jvm" -name '*.so'; echo "$root/usr/lib/jvm/bin/java")
  copy_libraries "$root" "${objects[@]}"

  if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  fi
  printf 'root:x:0:0::/:/none\npyroscope:x:10001:10001::/:/none\n' >"$root/etc/passwd"
  printf 'root:x:0:\npyroscope:x:10001:\n' >"$root/etc/group"
}

key=$(content_key)
kept=$cache/rootfs-$key
if [ ! -d "$kept" ]; then
  mkdir -p "$cache"
  fresh=$(mktemp -d "$cache/building-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  build "$fresh/root"
  mv -T "$fresh/root" "$kept" 2>/dev/null || [ -d "$kept" ] # another run may have been first
fi
mkdir -p "$out"
cp -a "$kept/." "$out/"
