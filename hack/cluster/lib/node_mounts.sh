#!/usr/bin/env bash
# Runs as the first process of a node's mount namespace: arranges it, then sleeps to keep it.
# usage: node_mounts.sh STATE CACHE
set -euo pipefail
STATE=$1 CACHE=$2

# Kept reachable below the new /run while /var is covered.
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/keep/state /run/keep/cache
mount --rbind "$STATE" /run/keep/state
mount --rbind "$CACHE" /run/keep/cache
mount -t tmpfs -o mode=0755 tmpfs /var/lib
mount --bind "/run/keep/state/var-log" /var/log
mkdir -p "$STATE" "$CACHE"
mount --rbind /run/keep/state "$STATE"
mount --rbind /run/keep/cache "$CACHE"
umount -l /run/keep/state /run/keep/cache

# The kubelet sets these for the whole machine unless they have its values already; it finds them here.
setting() {
  [ -e "/proc/sys/$1" ] || return 0
  mkdir -p "/run/sysctl/$(dirname "$1")"
  printf '%s\n' "$2" >"/run/sysctl/$1"
  mount --bind "/run/sysctl/$1" "/proc/sys/$1"
}
setting vm/overcommit_memory 1
setting vm/panic_on_oom 0
setting kernel/panic 10
setting kernel/panic_on_oops 1
setting kernel/keys/root_maxkeys 1000000
setting kernel/keys/root_maxbytes 25000000

# Volumes that the kubelet mounts must reach containers that are already there.
mount --make-rshared /
touch /run/profiling-cluster-ready
exec sleep infinity
