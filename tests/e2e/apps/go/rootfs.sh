#!/usr/bin/env bash
# usage: tests/e2e/apps/go/rootfs.sh DIR: the Go application of the sidecar's tests, one static binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
. "$root/hack/images/rootfs.bash"

new_rootfs "$1"
(cd "$root/tests/agents/scrape/goapp" && CGO_ENABLED=0 GOFLAGS='' go build -trimpath -ldflags '-s -w' -o "$1/app" .)
