#!/usr/bin/env bash
# omnibus's gateway beside aiohttp and Go's net/http; --help says how.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib/common.sh"
. "$root/scripts/lib/broker.sh"
. "$root/scripts/lib/processes.sh"
. "$root/scripts/lib/python.sh"
. "$root/benchmarks/gateway/servers.sh"
. "$root/benchmarks/gateway/table.sh"

usage() {
  cat <<TEXT
Usage: benchmarks/gateway/run.sh [--quick] [--rounds N] [--seconds N] [--idle N] [--slow-readers N] [BUILD-DIRECTORY]

Measures omnibus's gateway and its peers at the same requests with \`omnibus bench gateway\`, in rounds, each in turn: HTTP and
WebSockets, 1, 64 and 1,000 connections; then beside slow readers; then the memory of idle sockets. Wants omnibus and
gateway_bench_server in BUILD-DIRECTORY/bin (now build/release). Builds the Go peer, installs aiohttp into the cache; a peer that
cannot be had is skipped.

Prints one JSON line per run, then the medians, ratios and goals; progress goes to standard error.

  --quick           one round of half seconds
  --rounds N        3 by default
  --seconds N       of each run, 2 by default
  --idle N          5000 by default
  --slow-readers N  1000 by default
TEXT
}

rounds=3 seconds=2 idle=5000 slow_readers=1000 build=$root/build/release
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --quick) rounds=1 seconds=0.5 ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --idle) idle=$2; shift ;;
    --slow-readers) slow_readers=$2; shift ;;
    -*) usage >&2; exit 2 ;;
    *) build=$1 ;;
  esac
  shift
done
omnibus=$build/bin/omnibus
for program in omnibus gateway_bench_server; do
  [ -x "$build/bin/$program" ] || die "no $build/bin/$program: build with -DOMNIBUS_BUILD_BENCHMARKS=ON"
done
ulimit -n "$(ulimit -H -n)" # sockets of servers and clients
work=$(mktemp -d)
finish() {
  stop_all
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

text='What the existing system knows of the matter is to be told in one sentence, with the reasons for it and nothing else.'
body="{\"system\":\"Answer briefly.\",\"prompt\":\"$text\"}"
slow_body="{\"system\":\"\",\"prompt\":\"$(printf '%16384s' '' | tr ' ' x)\"}"

# measure CLIENT FLAG…: one run, or several; a JSON line each, with the client's name.
measure() {
  local client=$1
  shift
  say "round $round: $client, ${*//xx*xx/…}"
  timeout 300 "$omnibus" bench gateway --url "${url[$client]}" --flow bench --service text-completion --body "$body" \
    --server-pid "$(pid_of "$client")" --seconds "$seconds" --json "$@" >"$work/line" 2>"$work/errors" ||
    { cat "$work/errors" >&2; say "FAILED or with errors: $client"; }
  # One line per run, and one for each crowd.
  grep -o '{"protocol"[^}]*}\|{"clients"[^}]*}' "$work/line" | sed "s|^{|{\"client\":\"$client\",|" | tee -a "$work/lines" || true
}

clients=()
start_omnibus
start_omnibus_processes
start_aiohttp
start_go
for round in $(seq "$rounds"); do
  for protocol in http websocket; do
    for connections in 1 64 1000; do
      for client in "${clients[@]}"; do measure "$client" --protocol "$protocol" --connections "$connections"; done
    done
  done
  for client in "${clients[@]}"; do
    [ "$slow_readers" -eq 0 ] || measure "$client" --connections 64 --slow-readers "$slow_readers" --slow-body "$slow_body"
  done
done
round=last
for client in "${clients[@]}"; do
  [ "$idle" -eq 0 ] || measure "$client" --protocol websocket --connections 2 --requests 2 --idle "$idle"
done
print_table
