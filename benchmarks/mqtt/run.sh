#!/usr/bin/env bash
# omnibus over MQTT beside bare loops of paho's C client and libmosquitto; --help says how.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib/common.sh"
. "$root/benchmarks/lib/pairs.sh"
. "$root/benchmarks/lib/medians.sh"
. "$root/benchmarks/mqtt/peers.sh"
. "$root/benchmarks/mqtt/table.sh"

usage() {
  cat <<TEXT
Usage: benchmarks/mqtt/run.sh [--quick] [--rounds N] [--messages N] [--window N] [--url mqtt://HOST:PORT] [BUILD-DIRECTORY]

Measures omnibus over MQTT 5 and bare loops of paho's asynchronous C client and libmosquitto at the same work on one Mosquitto,
in rounds, each in turn: one sending process, one receiving process, QoS 0, 1 and 2, texts of 100 B and 1 KiB. Wants
omnibus_peer in BUILD-DIRECTORY/bin (now build/release). Installs both libraries and builds their programs there; one that
cannot be had is skipped.

Prints one JSON line per run, then medians, ratios, goals and processor time; progress goes to standard error.

  --quick       one round, a tenth of the messages
  --rounds N    3 by default
  --messages N  of QoS 0, 100000 by default; half of QoS 1, a quarter of QoS 2
  --window N    messages on their way, and receive maximum, 1000 by default
  --url URL     a broker that runs; by default scripts/brokers starts a Mosquitto of its own, which goes with the script

Exit status: 0 measured, 1 something failed, 2 usage.
TEXT
}

rounds=3 messages=100000 window=1000 share=1 url='' build=$root/build/release
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --quick) rounds=1 share=10 ;;
    --rounds | --messages | --window | --url)
      [ $# -gt 1 ] || { usage >&2; exit 2; }
      declare "${1#--}=$2"
      shift
      ;;
    -*) usage >&2; exit 2 ;;
    *) build=$1 ;;
  esac
  shift
done
for number in rounds messages window; do
  [[ ${!number} =~ ^[1-9][0-9]*$ ]] || { echo "--$number takes a number from 1, not '${!number}'" >&2; exit 2; }
done
omnibus=$build/bin/omnibus_peer
[ -x "$omnibus" ] || die "no $omnibus: build with -DOMNIBUS_BUILD_BENCHMARKS=ON"
work=$(mktemp -d)
export OMNIBUS_BROKERS_DIR=$work/brokers OMNIBUS_BROKERS_FOR=measurements
own_broker=
finish() {
  end_partner
  [ -z "$own_broker" ] || "$root/scripts/brokers" clean mosquitto || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start_broker: unless there is a URL; sets url, host and port.
start_broker() {
  local since
  if [ -z "$url" ]; then
    own_broker=yes
    url=$("$root/scripts/brokers" start mosquitto)
    # shellcheck disable=SC2034 # the rest of the line
    read -r server_pid since <"$OMNIBUS_BROKERS_DIR/mosquitto/pid"
  fi
  [[ $url =~ ^mqtt://([^:/@]+):([0-9]+)/?$ ]] || die "the peers want mqtt://HOST:PORT, not $url"
  host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}
}

# one_setting QOS SIZE MESSAGES: every client, on a topic of its own.
one_setting() {
  local qos=$1 size=$2 count=$3 setting="QoS $1, $2 B" peer flags
  serial=$((serial + 1))
  flags=(--size "$size" --messages "$count" --window "$window")
  pair first omnibus "$setting" receive send "$omnibus" --pubsub-url "$url" --queue "q$qos/tg/bench/peers-$serial" "${flags[@]}"
  for peer in "${peers[@]}"; do
    pair first "$peer" "$setting" receive send "${program[$peer]}" --host "$host" --port "$port" --qos "$qos" \
      --topic "bench/$peer-$serial" "${flags[@]}"
  done
}

serial=0
build_peers
start_broker
for round in $(seq "$rounds"); do
  for size in 100 1024; do
    one_setting 0 $size $((messages / share))
    one_setting 1 $size $((messages / share / 2))
    one_setting 2 $size $((messages / share / 4))
  done
done
print_table
[ $failures = 0 ] || die "$failures runs failed"
