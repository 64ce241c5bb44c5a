# Progress, waiting and locking.
# shellcheck shell=bash

# The messages' own descriptor: the output of what a step runs goes to the log.
exec 3>&2
STEP=
CLUSTER_LOG=/dev/null

# step NAME FUNCTION…: runs it in this very shell, so that `set -e` holds inside and variables stay;
# prints one line with the seconds it took. What it prints goes to the cluster's log.
step() {
  STEP=$1
  shift
  local started=$EPOCHREALTIME
  printf '  %-34s' "$STEP" >&3
  mkdir -p "$(dirname "$CLUSTER_LOG")"
  "$@" >>"$CLUSTER_LOG" 2>&1
  printf ' %6s s\n' "$(seconds_since "$started")" >&3
  STEP=
}

seconds_since() {
  local now=$EPOCHREALTIME
  awk -v a="${1/,/.}" -v b="${now/,/.}" 'BEGIN { printf "%.1f", b - a }'
}

explain_failure() {
  local rc=$?
  [ "$rc" -eq 0 ] || [ -z "$STEP" ] || {
    printf ' failed\n' >&3
    [ ! -f "$CLUSTER_LOG" ] || { printf 'the end of %s:\n' "$CLUSTER_LOG"; tail -n 25 "$CLUSTER_LOG"; } >&3
  }
  return "$rc"
}
trap explain_failure EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_until SECONDS WHAT COMMAND…: polls until the command succeeds; a dot every ten seconds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2 beat=$((SECONDS + 10))
  shift 2
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      printf 'not in time: %s\n' "$what"
      return 1
    fi
    [ "$SECONDS" -lt "$beat" ] || { printf '.' >&3; beat=$((SECONDS + 10)); }
    sleep 0.1
  done
}

# One `up` or `down` of a name at a time. Long-lived children must not inherit descriptor 9.
take_lock() {
  mkdir -p "$PROFILING_CACHE/locks"
  exec 9>"$PROFILING_CACHE/locks/$1"
  if ! flock --nonblock 9; then
    say "waiting for another $2"
    flock --timeout 900 9 || die "another $2 has not ended within 15 minutes"
  fi
}

release_lock() { exec 9>&-; }
