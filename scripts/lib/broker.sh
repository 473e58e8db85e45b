# shellcheck shell=bash
# Sourced by scripts/brokers: everything about running a broker that is the same for all of them.
#
# A broker is a file scripts/brokers.d/NAME.sh, sourced in a subshell of its own, that sets
#   summary   what it is, in a few words
#   ports     array: names of the ports that it listens on
#   kinds     array: what `url` knows; the first is the default
#   patience  seconds that it may take to start
# and defines
#   fetch      makes sure that its software is there
#   configure  writes its files; $home is its folder, ${port[NAME]} its ports; runs before each start
#   launch     replaces the shell with the broker, in the foreground but in a session of its own (exec setsid …), so that a Ctrl-C
#              meant for a script does not end it
#   ready      succeeds when a client can use it; tried until it does
#   populate   creates what tests expect to be there; after each start, so it must not mind repetition
#   locate KIND  prints the URL or path
# shellcheck disable=SC2034,SC2154,SC1090 # set here for the broker's file, or there for this one

cache=${OMNIBUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/omnibus}
brokers_dir=${OMNIBUS_BROKERS_DIR:-${TMPDIR:-/tmp}/omnibus-brokers-$(id -u)}

# load_broker NAME
load_broker() {
  name=$1 home=$brokers_dir/$1 data=$brokers_dir/$1/data log=$brokers_dir/$1/log
  patience=120
  declare -gA port=()
  . "$root/scripts/brokers.d/$name.sh"
}

# --- processes -------------------------------------------------------------------------------------------------

# started_at PID: when the kernel started it, in ticks since boot. With it, a number that was given to another process
# since is told apart from the broker's.
started_at() {
  local line fields
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The program's name comes second, in brackets, and may hold blanks.
  read -r -a fields <<<"${line##*) }"
  [ "${fields[0]}" != Z ] || return 1
  echo "${fields[19]}"
}

# running_pid: prints the broker's process id; fails when it does not run.
running_pid() {
  local pid start
  [ -f "$home/pid" ] || return 1
  read -r pid start <"$home/pid" || return 1
  [ "$(started_at "$pid")" = "$start" ] || return 1
  echo "$pid"
}

# wait_for_end PID SECONDS
wait_for_end() {
  local deadline=$((SECONDS + $2))
  while started_at "$1" >/dev/null; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}

# end_process PID [-9]
end_process() {
  if [ "${2:-}" = -9 ]; then
    kill -9 "$1" 2>/dev/null || true
    wait_for_end "$1" 30 || die "process $1 of $name does not go"
  else
    kill -TERM "$1" 2>/dev/null || true
    kill -CONT "$1" 2>/dev/null || true
    wait_for_end "$1" 60 || { say "$name does not end within 60 s: killing process $1"; end_process "$1" -9; }
  fi
  rm -f "$home/pid"
}

show_log() {
  [ -s "$log" ] || { echo "--- $log is empty" >&2; return; }
  echo "--- the end of $log" >&2
  tail -n 30 "$log" >&2
}

# --- ports -----------------------------------------------------------------------------------------------------

port_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The sockets of a process that was killed may go a little after it.
port_is_free() {
  local tries
  for tries in {1..50}; do
    port_taken "$1" || return 0
    [ "$tries" = 50 ] || sleep 0.1
  done
  return 1
}

# Below the range from which the kernel takes ports for outgoing connections, so that none of those is in the way when the
# broker comes back to its port.
free_port() {
  local candidate tries
  for tries in {1..1000}; do
    candidate=$((20000 + RANDOM % 12000))
    grep -qsx ".*=$candidate" "$brokers_dir"/*/ports || port_taken "$candidate" || { echo "$candidate"; return; }
  done
  die "no free port between 20000 and 32000 (after $tries tries)"
}

read_ports() {
  local key value
  [ -f "$home/ports" ] || return 1
  while IFS='=' read -r key value; do port[$key]=$value; done <"$home/ports"
}

# choose_ports: the ones it had, or new ones.
choose_ports() {
  local key
  if read_ports; then
    for key in "${ports[@]}"; do
      port_is_free "${port[$key]}" ||
        die "port ${port[$key]} of $name is taken by another program: end that, or 'scripts/brokers clean $name'"
    done
    return
  fi
  (
    flock 8
    for key in "${ports[@]}"; do
      candidate=$(free_port)
      echo "$key=$candidate" >>"$home/ports"
    done
  ) 8>"$brokers_dir/lock"
  read_ports
}

# --- actions ---------------------------------------------------------------------------------------------------

# alone: lets one script at a time work on the broker. Descriptor 9 must not reach the broker.
alone() {
  mkdir -p "$brokers_dir"
  [ -O "$brokers_dir" ] || die "$brokers_dir belongs to somebody else"
  chmod 700 "$brokers_dir"
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock -n 9 || { say "waiting for another script that works on $name"; flock 9; }
}

start_locked() {
  local pid began=$SECONDS
  if pid=$(running_pid); then
    read_ports
    say "$name is running already (process $pid)"
    locate "${kinds[0]}"
    return
  fi
  rm -f "$home/pid"
  fetch
  mkdir -p "$data"
  choose_ports
  configure
  [ ! -f "$log" ] || mv "$log" "$log.before"
  say "starting $name; its log is $log"
  (
    exec 9>&- </dev/null >"$log" 2>&1
    launch
  ) &
  pid=$!
  echo "$pid $(started_at $pid)" >"$home/pid"
  trap 'end_process "$(running_pid)" -9; exit 130' INT TERM
  say "waiting until $name answers (up to $patience s)"
  until ready; do
    if ! running_pid >/dev/null; then
      rm -f "$home/pid"
      show_log
      die "$name ended while starting"
    fi
    if [ $((SECONDS - began)) -ge "$patience" ]; then
      show_log
      end_process "$pid" -9
      die "$name does not answer within $patience s"
    fi
    sleep 0.2
  done
  populate || { show_log; end_process "$pid"; die "$name runs, but cannot be set up"; }
  trap - INT TERM
  say "$name is ready after $((SECONDS - began)) s (process $pid)"
  locate "${kinds[0]}"
}

stop_locked() {
  local pid
  if pid=$(running_pid); then
    say "stopping $name (process $pid)"
    end_process "$pid"
  else
    rm -f "$home/pid"
    say "$name is not running"
  fi
}

broker_fetch() { alone; fetch; }
broker_start() { alone; start_locked; }
broker_stop() { alone; stop_locked; }
broker_restart() { alone; stop_locked; start_locked; }
broker_clean() { alone; stop_locked; rm -rf "$home"; }

broker_kill() {
  local pid
  alone
  pid=$(running_pid) || die "$name is not running"
  say "killing $name (process $pid) with -9"
  end_process "$pid" -9
}

# A stopped broker answers nobody, but its connections stay.
broker_freeze() { signal_broker STOP freezing; }
broker_thaw() { signal_broker CONT thawing; }

# signal_broker SIGNAL WHAT
signal_broker() {
  local pid
  alone
  pid=$(running_pid) || die "$name is not running"
  say "$2 $name (process $pid)"
  kill -"$1" "$pid"
}

broker_status() {
  local pid state
  if pid=$(running_pid); then
    read_ports
    if ready; then state=running; else state='not ready'; fi
    printf '%-16s %-10s process %s, %s, %s\n' "$name" "$state" "$pid" "$(locate "${kinds[0]}")" "$home"
    [ "$state" = running ] || return 3
  elif [ -d "$data" ]; then
    printf '%-16s %-10s data in %s\n' "$name" stopped "$home"
    return 3
  else
    printf '%-16s %-10s\n' "$name" 'not here'
    return 3
  fi
}

broker_url() {
  local kind=${1:-${kinds[0]}} known
  for known in "${kinds[@]}"; do
    if [ "$known" = "$kind" ]; then
      read_ports || die "$name was not started yet: scripts/brokers start $name"
      locate "$kind"
      return
    fi
  done
  echo "scripts/brokers: $name has no '$kind'; it has: ${kinds[*]}" >&2
  exit 2
}

# broker_run COMMAND…: with {url} and {KIND} in its arguments replaced.
broker_run() {
  local command=("$@") kind
  running_pid >/dev/null || {
    fetch # where it may not, and its software is missing, this is a skip
    die "$name is not running: scripts/brokers start $name"
  }
  read_ports
  command=("${command[@]//'{url}'/$(locate "${kinds[0]}")}")
  for kind in "${kinds[@]}"; do command=("${command[@]//"{$kind}"/$(locate "$kind")}"); done
  exec "${command[@]}"
}

broker_describe() { printf '%-16s %s; url: %s\n' "$name" "$summary" "${kinds[*]}"; }
