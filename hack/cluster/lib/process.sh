# Long-lived processes of a cluster: started with a record, stopped by what they are.
#
# A record holds the pid and the process's start time: a pid that was given to another process in the
# meantime does not match and is never signalled. What has no record (a container shim, a process
# started just before a crash) is found by the network namespace or cgroup that it lives in.
# shellcheck shell=bash

# start_time PID: in clock ticks since boot, field 22 of proc_pid_stat(5). Fields are counted after
# the last ')', since the command's name may hold spaces.
start_time() {
  local text
  { read -r text <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -r -a text <<<"${text##*) }"
  [ "${text[0]}" != Z ] || return 1
  printf '%s' "${text[19]}"
}

# recorded_pid COMPONENT: its pid, if that very process still runs.
recorded_pid() {
  local pid started _
  { read -r pid started _ <"$STATE/run/$1"; } 2>/dev/null || return 1
  [ -n "${started:-}" ] && [ "$(start_time "$pid")" = "$started" ] || return 1
  printf '%s' "$pid"
}

is_running() { recorded_pid "$1" >/dev/null; }

# Identifies how a process was started: a hash of its arguments and of the settings files they name.
fingerprint_of() {
  local argument
  {
    printf '%s\0' "$@"
    for argument in "$@"; do [[ $argument != *"$STATE/settings/"* ]] || cat "${argument#*=}"; done
  } | sha256sum | cut -c 1-16
}

# ensure_process COMPONENT COMMAND…: starts it in the cluster's network namespace unless it runs with
# these very arguments; one that runs with others is replaced. ENTER may hold a further prefix;
# with ON_HOST=true it stays in the caller's network namespace.
ENTER=()
ON_HOST=false
ensure_process() {
  local component=$1 fingerprint pid started rest network=(nsenter --net="/run/netns/$NETNS")
  shift
  ! $ON_HOST || network=()
  fingerprint=$(fingerprint_of "${ENTER[@]}" "$@")
  if is_running "$component"; then
    read -r _ _ rest <"$STATE/run/$component"
    [ "$rest" != "$fingerprint" ] || return 0
    stop_processes 15 "$component"
  fi
  mkdir -p "$STATE/run" "$STATE/logs"
  # Asynchronous and not a group leader: setsid, nsenter and env replace themselves, the pid stays.
  # A clean environment: a proxy or a Go setting of the caller must not reach the cluster.
  setsid "${network[@]}" "${ENTER[@]}" env -i PATH="$PATH" HOME=/root "$@" </dev/null >>"$STATE/logs/$component.log" 2>&1 3>&- 9>&- &
  pid=$!
  started=$(start_time "$pid") || { tail -n 5 "$STATE/logs/$component.log"; return 1; }
  printf '%s %s %s\n' "$pid" "$started" "$fingerprint" >"$STATE/run/$component.new"
  mv "$STATE/run/$component.new" "$STATE/run/$component"
  disown "$pid"
}

# stop_processes SECONDS COMPONENT…: SIGTERM to all of them, SIGKILL to those that are left then.
stop_processes() {
  local deadline=$((SECONDS + $1)) component pid
  shift
  for component in "$@"; do
    ! pid=$(recorded_pid "$component") || kill -TERM "$pid" 2>/dev/null || true
  done
  for component in "$@"; do
    while pid=$(recorded_pid "$component"); do
      [ "$SECONDS" -lt "$deadline" ] || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.05
    done
    rm -f "$STATE/run/$component"
  done
}

processes_in_namespace() {
  local inode
  inode=$(stat -Lc %i "/run/netns/$NETNS" 2>/dev/null) || return 0
  # find fails for processes that end meanwhile, and for those that it may not look into.
  { find /proc/[0-9]*/ns/net -maxdepth 0 -lname "net:\\[$inode\\]" 2>/dev/null || true; } | cut -d / -f 3
}

cgroup_folders() { find /sys/fs/cgroup -maxdepth 3 -path "*/$CGROUP" -type d 2>/dev/null || true; }

processes_in_cgroups() {
  local folder
  for folder in $(cgroup_folders); do
    find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -u
}

# Kills whatever still lives in the cluster's cgroups and network namespace, until nothing does.
sweep_processes() {
  local deadline=$((SECONDS + 20)) pids
  while pids=$(processes_in_cgroups; processes_in_namespace); [ -n "$pids" ]; do
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "processes that do not end: $(tr '\n' ' ' <<<"$pids")"
      return 1
    fi
    sleep 0.05
  done
}

remove_cgroups() {
  local folder
  for folder in $(cgroup_folders); do
    find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
    rmdir "$(dirname "$folder")" 2>/dev/null || true
  done
}
