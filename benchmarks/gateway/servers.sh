# shellcheck shell=bash
# Sourced by run.sh: the servers, on free ports of the loopback interface. They end with the script. Each that runs is in
# `clients`, its address in `url`.
# shellcheck disable=SC2034,SC2154 # set here for run.sh, or there for this one

declare -A url=()
omnibus_flags=(--address 127.0.0.1 --max-connections 100000 --no-metrics --log-level WARNING)

# serves NAME LINE PORT: waits until the server's output has the line.
serves() {
  wait_for_log "$1" "/$2/p" >/dev/null
  url[$1]=http://127.0.0.1:$3
  clients+=("$1")
}

# start_omnibus: gateway and service in one process, as `omnibus up` has them.
start_omnibus() {
  local port
  port=$(free_port)
  start omnibus "$build/bin/gateway_bench_server" "${omnibus_flags[@]}" --port "$port" --config-store "$work/config.sqlite"
  serves omnibus '^ready' "$port"
}

# start_omnibus_processes: gateway, configuration and service in a process each, on a directory of queues.
start_omnibus_processes() {
  local port store="embedded://$work/queues?durability=process"
  port=$(free_port)
  start config-svc "$omnibus" config-svc --pubsub-url "$store" --no-metrics --config-store "$work/config-2.sqlite"
  wait_for_log config-svc '/configuration at version/p' >/dev/null
  start omnibus-processes "$omnibus" gateway --pubsub-url "$store" "${omnibus_flags[@]}" --log-level INFO --port "$port"
  wait_for_log omnibus-processes '/listening on port/p' >/dev/null
  start echo "$build/bin/gateway_bench_server" --pubsub-url "$store" --no-metrics --alone
  wait_for_log echo '/^ready/p' >/dev/null
  serves omnibus-processes 'listening on port' "$port"
}

start_aiohttp() {
  local port python
  port=$(free_port)
  python=$(python_environment) || { say "SKIPPED: aiohttp cannot be installed"; return 0; }
  start aiohttp "$python/bin/python" "$root/benchmarks/gateway/aiohttp_server.py" "$port"
  serves aiohttp '^ready' "$port"
}

# start_go: net/http, its WebSockets from a module pinned by go.sum; kept in the cache.
start_go() {
  local port
  port=$(free_port)
  command -v go >/dev/null || { say "SKIPPED: no go (package golang-go)"; return 0; }
  mkdir -p "$cache/peers"
  say "building the peer in Go"
  (cd "$root/benchmarks/gateway/go" && go build -o "$cache/peers/gateway" .) >&2 ||
    { say "SKIPPED: the peer in Go does not build"; return 0; }
  start go "$cache/peers/gateway" "$port"
  serves go '^ready' "$port"
}
