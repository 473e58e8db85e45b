#!/usr/bin/env bash
# The embedded engine: in process and between two processes, 100 B and 1 KiB, every durability level.
# Usage: benchmarks/embedded.sh [BUILD-DIRECTORY] [MESSAGES]; prints one JSON object per line, receiver's view.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
omnibus=${1:-$root/build/release}/bin/omnibus
messages=${2:-200000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# note LABEL: adds the setting to the JSON line that passes through.
note() { sed "s|^{|{\"setting\":\"$1\",|"; }

for size in 100 1024; do
  "$omnibus" bench --pubsub-url embedded:// --messages "$messages" --size $size --json | note "in process"
  "$omnibus" bench --pubsub-url embedded:// --messages 20000 --size $size --mode latency --json | note "in process"
  for durability in process group:5 sync; do
    store="embedded://$work/store-$size-${durability%%:*}?durability=$durability"
    count=$messages
    [ $durability != sync ] || count=$((messages / 10))
    "$omnibus" bench --pubsub-url "$store" --messages "$count" --size $size --json | note "durable, one process, $durability"
    "$omnibus" bench --pubsub-url "$store" --messages 2000 --size $size --mode latency --json |
      note "durable, one process, $durability"
    "$omnibus" bench --pubsub-url "$store" --messages "$count" --size $size --json --role receive \
      --queue q1/tg/bench/two >"$work/received" &
    receiver=$!
    "$omnibus" bench --pubsub-url "$store" --messages "$count" --size $size --json --role send \
      --queue q1/tg/bench/two >/dev/null
    wait $receiver
    note "two processes, $durability" <"$work/received"
  done
done
