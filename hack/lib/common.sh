# Sourced by the scripts under hack/: the cache's path, and helpers to report progress.
# shellcheck shell=bash

PROFILING_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PROFILING_CACHE=${PROFILING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/profiling-operator}
export PROFILING_CACHE
mkdir -p "$PROFILING_CACHE/tools/bin"
export PATH="$PROFILING_CACHE/tools/bin:$PATH"

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# stage NAME COMMAND…: runs the command with its output in a log file; prints one line with the time it
# took, or the end of the log if it failed, and a dot every fifteen seconds.
STAGES=()
stage() {
  local name=$1 log started pid beat rc=0
  shift
  mkdir -p "$PROFILING_ROOT/build/logs"
  log="$PROFILING_ROOT/build/logs/$(tr -c 'A-Za-z0-9\n' '-' <<<"$name").log"
  printf '%-46s ' "$name" >&2
  started=$SECONDS
  "$@" >"$log" 2>&1 &
  pid=$!
  ( trap 'exit 0' TERM; while sleep 15 & wait $!; do printf '.' >&2; done ) &
  beat=$!
  wait "$pid" || rc=$?
  kill "$beat" 2>/dev/null; wait "$beat" 2>/dev/null || true
  if [ "$rc" -ne 0 ]; then
    printf ' failed after %d s; the end of %s:\n' $((SECONDS - started)) "${log#"$PROFILING_ROOT"/}" >&2
    tail -n 30 "$log" >&2
    return "$rc"
  fi
  printf ' %d s\n' $((SECONDS - started)) >&2
  STAGES+=("$name"$'\t'"$((SECONDS - started))")
}
