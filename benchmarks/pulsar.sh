#!/usr/bin/env bash
# omnibus beside the official C++ client (its C interface, from the Python package), the same through Python, and Java's
# pulsar-perf, on one Pulsar that scripts/brokers runs: send + receive + acknowledge, one way and round trip.
# Usage: benchmarks/pulsar.sh [BUILD-DIRECTORY] [MESSAGES] [ROUNDS]; a JSON line per run, then medians and ratios.
set -euo pipefail
. "$(dirname "$0")/../scripts/lib/common.sh"
. "$root/scripts/lib/broker.sh"
. "$root/scripts/lib/python.sh"
bin=${1:-$root/build/release}/bin
messages=${2:-500000}
rounds=${3:-3}

environment=$(python_environment)
library=$(find "$environment" -name 'libpulsar-*.so*' | head -n 1)
[ -n "$library" ] || die "no libpulsar in $environment"
export OMNIBUS_BROKERS_FOR=measurements
url=$("$root/scripts/brokers" start pulsar)
work=$(mktemp -d)
echo_pid=
finish() {
  [ -z "$echo_pid" ] || kill "$echo_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# measured CLIENT SETTING COMMAND…: its JSON line, with both names and the processor time that it took.
measured() {
  local client=$1 setting=$2 spent
  shift 2
  TIMEFORMAT='%U %S'
  { time "$@" >"$work/line" 2>"$work/errors"; } 2>"$work/time" || { cat "$work/errors" >&2; die "$client failed: $*"; }
  read -r -a spent <"$work/time"
  sed "s|^{|{\"client\":\"$client\",\"setting\":\"$setting\",\"cpu_seconds\":$(awk "BEGIN { print ${spent[0]} + ${spent[1]} }"),|" \
    "$work/line" | tee -a "$work/lines"
}

official() { "$bin/pulsar_client_benchmark" "$library" "$url" "$@"; }

# round_trip CLIENT SETTING SIZE ECHO-COMMAND… -- ASK-COMMAND…
round_trip() {
  local client=$1 setting=$2 answer=()
  shift 2
  while [ "$1" != -- ]; do answer+=("$1"); shift; done
  shift
  mkfifo "$work/ready"
  "${answer[@]}" >"$work/ready" 2>"$work/echo.log" &
  echo_pid=$!
  read -r _ <"$work/ready" || { cat "$work/echo.log" >&2; die "the echo of $client did not start"; }
  measured "$client" "$setting" "$@"
  kill "$echo_pid"
  wait "$echo_pid" 2>/dev/null || true
  echo_pid=
  rm "$work/ready"
}

for round in $(seq "$rounds"); do
  for size in 100 1024; do
    measured official "throughput, $size B" official throughput "$messages" $size
    measured omnibus "throughput, $size B" "$bin/omnibus" bench --pubsub-url "$url" --option batching=on \
      --messages "$messages" --size $size --json
    measured python "throughput, $size B" "$environment/bin/python" "$root/benchmarks/pulsar_client.py" "$url" \
      "$((messages / 5))" $size
  done
  measured official "one way, 100 B" official latency 1000 100
  measured omnibus "one way, 100 B" "$bin/omnibus" bench --pubsub-url "$url" --option batching=off --messages 1000 --size 100 --mode latency --json
  for qos in q1 q0; do
    domain=persistent
    [ $qos = q1 ] || domain=non-persistent
    name=bench/round-trip-$$-$round
    round_trip official "round trip, $domain, 100 B" \
      "$bin/pulsar_client_benchmark" "$library" "$url" echo "$domain://tg/$name-a" "$domain://tg/$name-b" -- \
      "$bin/pulsar_client_benchmark" "$library" "$url" ask "$domain://tg/$name-a" "$domain://tg/$name-b" 2000 100
    round_trip omnibus "round trip, $domain, 100 B" \
      "$bin/round_trip_benchmark" --pubsub-url "$url" --option batching=off echo "$qos/tg/$name-c" "$qos/tg/$name-d" -- \
      "$bin/round_trip_benchmark" --pubsub-url "$url" --option batching=off ask "$qos/tg/$name-c" "$qos/tg/$name-d" --count 2000 --size 100
  done
done

# Java: a consumer and a producer for the same number of messages.
. "$root/scripts/brokers.d/pulsar.sh"
export PULSAR_MEM="-Xmx512m" PULSAR_GC="-XX:+UseSerialGC" PULSAR_GC_LOG=" " PULSAR_LOG_DIR=$work
for size in 100 1024; do
  topic=persistent://tg/bench/perf-$$-$size
  "$software/bin/pulsar-perf" consume -u "$url" -st Shared -ss bench -sp Earliest -m "$messages" "$topic" >"$work/consume" 2>&1 &
  echo_pid=$!
  "$software/bin/pulsar-perf" produce -u "$url" -r 1000000 -s $size -m "$messages" -time 120 "$topic" >"$work/produce" 2>&1 ||
    { cat "$work/produce" >&2; die "pulsar-perf produce failed"; }
  wait "$echo_pid" || { cat "$work/consume" >&2; die "pulsar-perf consume failed"; }
  echo_pid=
  rate=$(sed -n 's/.*records received --- \([0-9.]*\) msg\/s.*/\1/p' "$work/consume" | tail -n 1)
  echo "{\"client\":\"pulsar-perf\",\"setting\":\"throughput, $size B\",\"messages\":$messages,\"messages_per_second\":${rate:-0}}" |
    tee -a "$work/lines"
done

# median FIELD CLIENT SETTING
median() {
  grep -F "\"client\":\"$2\",\"setting\":\"$3\"" "$work/lines" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" | sort -n |
    awk '{ all[NR] = $1 } END { print NR ? all[int((NR + 1) / 2)] : 0 }'
}

echo
printf '%-32s %12s %12s %8s %12s %12s\n' setting omnibus official ratio python pulsar-perf
for size in 100 1024; do
  setting="throughput, $size B"
  mine=$(median messages_per_second omnibus "$setting") theirs=$(median messages_per_second official "$setting")
  printf '%-32s %12.0f %12.0f %8.2f %12.0f %12.0f\n' "$setting, msg/s" "$mine" "$theirs" \
    "$(awk "BEGIN { print $mine / $theirs }")" "$(median messages_per_second python "$setting")" \
    "$(median messages_per_second pulsar-perf "$setting")"
  mine=$(median cpu_seconds omnibus "$setting") theirs=$(median cpu_seconds official "$setting")
  awk -v mine="$mine" -v theirs="$theirs" -v count="$messages" -v setting="$setting, client us/msg" \
    'BEGIN { printf "%-32s %12.2f %12.2f %8.2f\n", setting, mine / count * 1e6, theirs / count * 1e6, mine / theirs }'
done
for setting in "one way, 100 B" "round trip, persistent, 100 B" "round trip, non-persistent, 100 B"; do
  for field in p50_us p99_us; do
    mine=$(median $field omnibus "$setting") theirs=$(median $field official "$setting")
    printf '%-32s %12.0f %12.0f %8.2f\n' "${setting%, 100 B}, $field" "$mine" "$theirs" "$(awk "BEGIN { print $mine / $theirs }")"
  done
done
