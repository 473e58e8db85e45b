#!/usr/bin/env bash
# omnibus's embedded engine beside Watermill, NATS, JetStream and Redis; --help says how.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib/common.sh"
. "$root/scripts/lib/broker.sh"
. "$root/scripts/lib/processes.sh"
. "$root/benchmarks/lib/pairs.sh"
. "$root/benchmarks/lib/medians.sh"
. "$root/benchmarks/peers/servers.sh"
. "$root/benchmarks/peers/table.sh"

usage() {
  cat <<TEXT
Usage: benchmarks/peers/run.sh [--quick] [--rounds N] [BUILD-DIRECTORY]

Measures omnibus's embedded engine and its peers at the same work, in rounds, each in turn: encode a small struct to JSON,
send, receive, decode, acknowledge. Texts of 16 B, 100 B and 1 KiB. Wants omnibus_peer in BUILD-DIRECTORY/bin (now build/release).
Builds the Go peers, starts Redis and NATS; a peer that cannot be had is skipped.

Prints one JSON line per run, then the medians, ratios and goals; progress goes to standard error.

  --quick     one round, a tenth of the messages
  --rounds N  3 by default
TEXT
}

rounds=3 share=1 build=$root/build/release
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --quick) rounds=1 share=10 ;;
    --rounds) rounds=$2; shift ;;
    -*) usage >&2; exit 2 ;;
    *) build=$1 ;;
  esac
  shift
done
omnibus=$build/bin/omnibus_peer
[ -x "$omnibus" ] || die "no $omnibus: build with -DOMNIBUS_BUILD_BENCHMARKS=ON"
work=$(mktemp -d)
finish() {
  end_partner
  stop_all
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# alone CLIENT SETTING COMMAND…
alone() {
  local client=$1 setting=$2
  shift 2
  say "round $round: $setting, $client"
  timeout 120 "$@" >"$work/line" 2>"$work/errors" || { failed "$client" "$setting"; return 0; }
  noted "$client" "$setting" <"$work/line"
}

# mine DURABILITY QOS SIZE MESSAGES [FLAG…]: sets the command for a queue of its own; DURABILITY 'memory' is without a store.
mine() {
  serial=$((serial + 1))
  local place="embedded://$work/store-${1%%:*}?durability=$1"
  [ "$1" != memory ] || place=embedded://
  command=("$omnibus" --pubsub-url "$place" --queue "$2/tg/bench/peers-$serial" --size "$3" --messages $(($4 / share)) "${@:5}")
}

# theirs SERVER SIZE MESSAGES [FLAG…]: fails when the peer is not there.
theirs() {
  serial=$((serial + 1))
  [ -n "$peers" ] || return 1
  [ "$1" = none ] || [ -n "${url[$1]:-}" ] || return 1
  command=("$peers" -url "${url[$1]:-}" -queue "bench-$serial" -size "$2" -messages $(($3 / share)) "${@:4}")
}

# one_size BYTES: everything that is measured at each size.
one_size() {
  local size=$1
  mine memory q1 "$size" 200000; alone omnibus "in process, queued, $size B" "${command[@]}" queued
  mine memory q1 "$size" 200000; alone omnibus "in process, one thread, $size B" "${command[@]}" same-thread
  mine memory q0 "$size" 2000000; alone omnibus "in process, inline, $size B" "${command[@]}" inline
  ! theirs none "$size" 50000 || {
    alone watermill "in process, queued, $size B" "${command[@]}" watermill-queued
    alone watermill "in process, one thread, $size B" "${command[@]}" watermill-inline
    alone watermill "in process, inline, $size B" "${command[@]}" watermill-inline
  }
  mine process q0 "$size" 300000; pair first omnibus "two processes, q0, $size B" receive send "${command[@]}"
  ! theirs nats "$size" 300000 || pair first nats "two processes, q0, $size B" nats-receive nats-send "${command[@]}"
  mine group:5 q1 "$size" 100000; pair first omnibus "two processes, q1 grouped, $size B" receive send "${command[@]}"
  ! theirs redis-everysec "$size" 100000 || pair first redis "two processes, q1 grouped, $size B" redis-receive redis-send "${command[@]}"
  ! theirs nats "$size" 50000 || pair first jetstream "two processes, q1 grouped, $size B" jetstream-receive jetstream-send "${command[@]}"
  mine sync q1 "$size" 20000 --publishers 64; pair first omnibus "two processes, q1 synced, $size B" receive send "${command[@]}"
  ! theirs redis-always "$size" 20000 -publishers 64 ||
    pair first redis "two processes, q1 synced, $size B" redis-receive redis-send "${command[@]}"
  mine process q0 "$size" 5000; pair second omnibus "request/response, $size B" echo ask "${command[@]}"
  ! theirs nats "$size" 5000 || pair second nats "request/response, $size B" nats-echo nats-ask "${command[@]}"
  mine group:5 q1 "$size" 30000; alone omnibus-q1 "consume-process-produce, $size B" "${command[@]}" pipeline
  mine group:5 q2 "$size" 30000; alone omnibus "consume-process-produce, $size B" "${command[@]}" pipeline
}

serial=0
build_peers
start_servers
for round in $(seq "$rounds"); do
  for size in 16 100 1024; do one_size $size; done
done
print_table
