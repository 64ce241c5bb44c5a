#!/usr/bin/env bash
# usage: tests/e2e/apps/node/rootfs.sh DIR: the application and one Node binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
. "$root/hack/images/rootfs.bash"
node=$("$root/webhooks/agents/node/toolchain.sh")/bin/node

new_rootfs "$1"
install -m 755 "$node" "$1/usr/bin/node"
strip --strip-unneeded "$1/usr/bin/node"
install -D -m 644 "$here/checkout.js" "$1/app/checkout.js"
add_libraries "$1" "$1/usr/bin/node"
add_c_library "$1"
