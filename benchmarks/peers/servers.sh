# shellcheck shell=bash
# Sourced by run.sh: Redis and NATS from Debian, on free ports of the loopback interface, with their data in $work. They end with
# the script. Wants common.sh, broker.sh and processes.sh.
# shellcheck disable=SC2034,SC2154 # set here for run.sh, or there for this one

declare -A url=() # of what runs; a peer without one is skipped

# available COMMAND PACKAGE: installs the package when it may; tells when it cannot be had.
available() {
  command -v "$1" >/dev/null || (install_packages "$2") >&2 || true
  command -v "$1" >/dev/null || { say "SKIPPED: no $1 (package $2)"; return 1; }
}

# start_redis SYNC: an append-only file, synced each second (everysec) or before each answer (always).
start_redis() {
  local port
  port=$(free_port)
  mkdir "$work/redis-$1"
  start "redis-$1" redis-server --bind 127.0.0.1 --port "$port" --dir "$work/redis-$1" --save '' \
    --appendonly yes --appendfsync "$1"
  answers redis-cli -p "$port" ping
  url[redis-$1]=redis://127.0.0.1:$port/0
}

# start_nats: JetStream on files, which it syncs every two minutes, as it comes.
start_nats() {
  local port monitor
  port=$(free_port)
  monitor=$(free_port)
  start nats nats-server --addr 127.0.0.1 --port "$port" --http_port "$monitor" --jetstream --store_dir "$work/jetstream"
  answers curl --silent --fail --max-time 5 "http://127.0.0.1:$monitor/healthz?js-enabled-only=true"
  url[nats]=nats://127.0.0.1:$port
}

start_servers() {
  ! available redis-server redis-server || { start_redis everysec; start_redis always; }
  ! available nats-server nats-server || start_nats
}

# build_peers: the Go program, its modules pinned by go.sum; kept in the cache.
build_peers() {
  peers=
  available go golang-go || return 0
  mkdir -p "$cache/peers"
  say "building the peers in Go"
  if (cd "$root/benchmarks/peers/go" && go build -o "$cache/peers/peers" .) >&2; then
    peers=$cache/peers/peers
  else
    say "SKIPPED: the peers in Go do not build"
  fi
}
