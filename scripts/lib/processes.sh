# shellcheck shell=bash
# Sourced by scripts that run programs in the background. Wants $work, a folder for their logs.
# shellcheck disable=SC2154 # the script that sources this sets $work
declare -A process_ids=()
process_order=()

# start NAME COMMAND…: in the background, its output in $work/NAME.log.
start() {
  local name=$1
  shift
  : >"$work/$name.log" # there for whoever looks at once
  "$@" >"$work/$name.log" 2>&1 9>&- &
  process_ids[$name]=$!
  process_order+=("$name")
}

pid_of() { echo "${process_ids[$1]}"; }

# wait_for_log NAME SED-SCRIPT: prints what the script prints of NAME's log, as soon as it prints something.
wait_for_log() {
  local name=$1 script=$2 found tries=0
  while [ $tries -lt 300 ]; do
    found=$(sed -n "$script" "$work/$name.log" | head -n 1)
    if [ -n "$found" ]; then
      echo "$found"
      return
    fi
    kill -0 "$(pid_of "$name")" 2>/dev/null || break
    sleep 0.1
    tries=$((tries + 1))
  done
  cat "$work/$name.log" >&2
  die "$name did not start"
}

# stop_all: asks each process to stop, last started first, and ends what does not within its time.
stop_all() {
  local at pid tries
  for ((at = ${#process_order[@]} - 1; at >= 0; --at)); do
    pid=${process_ids[${process_order[at]}]}
    kill -TERM "$pid" 2>/dev/null || continue
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 150 ]; do
      sleep 0.1
      tries=$((tries + 1))
    done
    kill -9 "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
}
