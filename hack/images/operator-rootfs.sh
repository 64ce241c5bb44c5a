#!/usr/bin/env bash
# The root file system of the operator's image: the stripped binary, the libraries it needs, root
# certificates, and nothing else.
#
# usage: hack/images/operator-rootfs.sh DIR BINARY
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/rootfs.bash"
[ $# -eq 2 ] || { printf 'usage: %s DIR BINARY\n' "$0" >&2; exit 2; }
[ -x "$2" ] || { printf 'error: no operator binary at %s; build it or name it with OPERATOR_BINARY\n' "$2" >&2; exit 1; }

new_rootfs "$1"
install -m 755 "$2" "$1/usr/bin/profiling-operator"
strip "$1/usr/bin/profiling-operator"
add_libraries "$1" "$1/usr/bin/profiling-operator"
# Loaded at run time, so the binary does not list it.
curl=$(library_path libcurl.so.4)
[ -n "$curl" ] || { printf 'error: libcurl.so.4 is not installed\n' >&2; exit 1; }
install -D -m 755 "$(realpath "$curl")" "$1$(realpath "$(dirname "$curl")")/libcurl.so.4"
add_libraries "$1" "$(realpath "$curl")"
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
fi
