#!/usr/bin/env bash
# bad_input.sh OMNIBUS [--table]: every kind of bad input ends in one clear line and the documented exit status,
# as the table of docs/errors.md has it. With --table, prints that table instead of one line per case.
set -uo pipefail
export LC_ALL=C.UTF-8
omnibus=$1
table=${2:-}
work=$(mktemp -d)
pids=()
mounted=
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; [ -z "$mounted" ] || umount "$mounted"; rm -rf "$work"' EXIT
failed=0
port=$(( 20000 + RANDOM % 20000 ))
documented=$(dirname "$0")/../../docs/errors.md

# normalised TEXT: without what differs from run to run.
normalised() {
  sed -E -e "s#$work#/tmp#g" -e "s/\\b($port|$((port + 1)))\\b/PORT/g" -e 's#/bench-[0-9-]+#/bench-N#' \
    -e 's#/small/store/[^:]*#/small/store/FILE#' \
    -e '/No space/s/line [0-9]+/line N/' -e '/No space/s/sent [0-9]+, failed [0-9]+/sent N, failed N/' <<<"$1"
}

# report TITLE WANTED STATUS TEXT PATTERN
report() {
  local text ok=ok row
  text=$(normalised "$4")
  # shellcheck disable=SC2016 # Markdown's backticks
  row=$(printf '| %s | %s | `%s` |' "$1" "$3" "${text//|/\\|}")
  if [ "$2" != "$3" ] || ! grep -Eq -- "$5" <<<"$text"; then ok=FAILED failed=1; fi
  if [ "$table" = --table ]; then echo "$row"; return; fi
  if ! grep -Fxq -- "$row" "$documented"; then ok="FAILED (not so in docs/errors.md)" failed=1; fi
  seen+=("| $1 |")
  printf '%-6s %-44s [%s] %s\n' "$ok" "$1" "$3" "$text"
}

# skip TITLE WHY: the case cannot be made here.
skip() {
  seen+=("| $1 |")
  [ "$table" = --table ] || echo "skipped $1: $2"
}
seen=()

# one_line TITLE TEXT
one_line() {
  [ "$(wc -l <<<"$2")" -eq 1 ] || { printf 'FAILED %s: more than one line:\n%s\n' "$1" "$2"; failed=1; }
}

# check TITLE STATUS PATTERN COMMAND…: standard error must be one line that matches. Output goes to $out.
check() {
  local title=$1 wanted=$2 pattern=$3 text status
  shift 3
  text=$(timeout 20 "$@" 2>&1 >"${out:-/dev/null}" </dev/null)
  status=$?
  one_line "$title" "$text"
  report "$title" "$wanted" $status "$text" "$pattern"
}

# feed TITLE STATUS PATTERN INPUT COMMAND…: the same with standard input.
feed() {
  local title=$1 wanted=$2 pattern=$3 input=$4 text status
  shift 4
  text=$(printf '%s\n' "$input" | timeout 20 "$@" 2>&1 >/dev/null)
  status=$?
  one_line "$title" "$text"
  report "$title" "$wanted" $status "$text" "$pattern"
}

# ask TITLE PATTERN CURL-ARGUMENT…: the gateway's answer.
ask() {
  local title=$1 pattern=$2 answer
  shift 2
  answer=$(curl -sS --max-time 20 -w ' [%{http_code}]' "$@" 2>&1 | tr -d '\n')
  report "$title" "-" "-" "$answer" "$pattern"
}

# wait_until COMMAND…: up to 10 seconds.
wait_until() {
  for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  return 1
}

store="embedded://$work/store"
check "unknown command" 2 "did you mean 'tail'" "$omnibus" tial
check "unknown flag" 2 "did you mean" "$omnibus" tail q1/tg/flow/x --type Error --earlyest
check "unknown backend" 2 "did you mean kafka" "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url kavka://host
check "backend not in this build" 2 "not part of this build" "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url kafka://host
check "URL and backend disagree" 2 "disagree" "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url embedded:// --pubsub-backend mqtt
check "unknown parameter in the URL" 2 "durabilty" "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url "$store?durabilty=sync"
check "malformed queue name" 2 "expected .q0.q1.q2" "$omnibus" tail tg/flow/x --type Error --pubsub-url "$store"
check "unknown quality of service" 2 "q3" "$omnibus" topic q3/tg/flow/x
check "unknown message type" 2 "did you mean TextDocument" "$omnibus" message show TextDocumnet
check "unknown message type in send" 2 "did you mean Error" "$omnibus" send q1/tg/flow/x --type Eror --pubsub-url "$store"
check "surplus argument" 2 "unexpected" "$omnibus" message types extra
check "fewer messages than asked for" 1 "0 of 9" "$omnibus" tail q1/tg/flow/x --type Error --count 9 --timeout 100ms --pubsub-url "$store"
check "negative delay" 2 "delay" "$omnibus" send q1/tg/flow/x --type Error --delay -1 --pubsub-url "$store"
check "too large a message in bench" 1 "exceed|large|limit" "$omnibus" bench --messages 10 --size 200000000 --pubsub-url "$store"
printf '"AAAA"\n' | "$omnibus" send q1/tg/flow/foreign --type raw --pubsub-url "$store" 2>/dev/null
check "a message that is not of the bench's run" 2 "not of this run" \
  "$omnibus" bench --messages 10 --queue q1/tg/flow/foreign --role receive --pubsub-url "$store"
check "no gateway to measure" 3 "no gateway at" "$omnibus" bench gateway --url http://127.0.0.1:1
out=/dev/full check "standard output is full: message" 1 "standard output" "$omnibus" message types
out=/dev/full check "standard output is full: topic" 1 "standard output" "$omnibus" topic q1/tg/flow/x
out=/dev/full check "standard output is full: bench" 1 "standard output" "$omnibus" bench --messages 10
out=/dev/full check "standard output is full: store" 1 "standard output" "$omnibus" store ls "$work/store"
out=/dev/full check "standard output is full: help" 1 "standard output" "$omnibus" --help
feed "unknown field in send" 2 "nme" '{"nme":"x"}' "$omnibus" send q1/tg/flow/x --type Error --pubsub-url "$store"
feed "wrong type in send" 2 "type" '{"type":5}' "$omnibus" send q1/tg/flow/x --type Error --pubsub-url "$store"
feed "not JSON in send" 2 "line 1" 'hello' "$omnibus" send q1/tg/flow/x --type Error --pubsub-url "$store"
feed "not base64 in send" 2 "raw" '5' "$omnibus" send q1/tg/flow/x --type raw --pubsub-url "$store"
feed "reserved property" 2 "omnibus-" '{}' "$omnibus" send q1/tg/flow/x --type Error --property omnibus-x=1 --pubsub-url "$store"

"$omnibus" send q1/tg/flow/x --type Error --pubsub-url "embedded://$work/newer" </dev/null 2>/dev/null
printf 'omnibus store\nformat 7\nlayout something else\ncheck 000000008f47fee1\n' >"$work/newer/format"
check "store of a newer format" 2 "format is 7" "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url "embedded://$work/newer"
check "store of a newer format, a service" 2 "format is 7" "$omnibus" config-svc --no-metrics --pubsub-url "embedded://$work/newer"
touch "$work/file"
check "store path is a file" 2 "not a directory" "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url "embedded://$work/file"
if [ "$(id -u)" -eq 0 ]; then
  mkdir "$work/locked" && chmod 000 "$work/locked" && chmod 755 "$work"
  check "store without permission" 3 "ermission" setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$omnibus" tail q1/tg/flow/x --type Error --pubsub-url "embedded://$work/locked"
  check "store without permission, a service" 3 "ermission" setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$omnibus" gateway --no-metrics --pubsub-url "embedded://$work/locked"
else
  skip "store without permission" "needs root"
  skip "store without permission, a service" "needs root"
fi

"$omnibus" tail q1/tg/flow/one --type Error --subscription s --sharing exclusive --pubsub-url "$store" >/dev/null 2>&1 &
pids+=($!)
# shellcheck disable=SC2317 # called through wait_until
has_consumer() { "$omnibus" store ls "$work/store" | grep -q 'flow/one .* s ('; }
wait_until has_consumer
check "second exclusive consumer" 1 "exclusive|conflict" \
  "$omnibus" tail q1/tg/flow/one --type Error --subscription s --sharing exclusive --pubsub-url "$store"
check "another sharing mode" 1 "exclusive" \
  "$omnibus" tail q1/tg/flow/one --type Error --subscription s --pubsub-url "$store"
check "store that does not exist" 1 "no store|not" "$omnibus" store ls "$work/nowhere"
check "unreadable configuration" 3 "$work/file/c.sqlite|config" \
  "$omnibus" config-svc --pubsub-url "$store" --no-metrics --config-store "$work/file/c.sqlite"
if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=6m tmpfs "$work/small" 2>/dev/null; then
  mounted=$work/small
  line=$(printf '{"message":"%0100000d"}' 7)
  feed "full disk" 1 "no space|full|space" "$(yes "$line" | head -n 120)" \
    "$omnibus" send q1/tg/flow/x --type Error --pubsub-url "embedded://$work/small/store"
else
  skip "full disk" "needs to mount"
fi

"$omnibus" config-svc --pubsub-url "$store" --no-metrics --config-store "$work/config.sqlite" 2>"$work/config.log" &
pids+=($!)
"$omnibus" flow-svc --pubsub-url "$store" --no-metrics --flow-ledger "$work/flows.sqlite" 2>"$work/flow.log" &
pids+=($!)
"$omnibus" gateway --pubsub-url "$store" --metrics-port $((port + 1)) --port $port --body-limit 1MiB 2>"$work/gateway.log" &
pids+=($!)
base=http://127.0.0.1:$port/api/v1
wait_until curl -sf --max-time 5 "http://127.0.0.1:$((port + 1))/readyz" || { cat "$work"/*.log; echo "FAILED: the gateway did not come up"; exit 1; }

check "port in use" 2 "PORT" "$omnibus" gateway --pubsub-url "$store" --no-metrics --port $port
check "metrics port in use" 2 "PORT" "$omnibus" chunker-recursive --pubsub-url "$store" -P $((port + 1))
ask "body that is not JSON" "error" -d 'hello' "$base/config"
head -c 2000000 /dev/zero | tr '\0' x >"$work/large"
ask "body over the limit" "size 1048576 exceeded" --data-binary "@$work/large" "$base/config"
ask "unknown global service" "nonesuch" -d '{}' "$base/nonesuch"
ask "unknown flow" "Invalid flow" -d '{"text":"aGk="}' "$base/flow/nonesuch/service/text-load"
ask "unknown operation" "bad-operation|Bad operation" -d '{"operation":"fly"}' "$base/config"
ask "wrong type in a request" "error" -d '{"operation":"get","keys":5}' "$base/config"
ask "wrong method" "405" "$base/config"
ask "unknown path" "404" -X POST "http://127.0.0.1:$port/nowhere"
ask "blueprint that does not exist" "Blueprint does not exist" \
  -d '{"operation":"start-flow","flow-id":"f","blueprint-name":"none","description":"d"}' "$base/flow"
curl -s -d '{"operation":"put-blueprint","blueprint-name":"bad","blueprint-definition":"{\"flow\":{}}"}' "$base/flow" >/dev/null
ask "blueprint with a missing key" "flow-error" \
  -d '{"operation":"start-flow","flow-id":"f","blueprint-name":"bad","description":"d"}' "$base/flow"
[ "$table" != --table ] || exit $failed
while read -r row; do
  title="| $(cut -d'|' -f2 <<<"$row" | sed 's/^ //; s/ $//') |"
  printf '%s\n' "${seen[@]}" | grep -Fxq -- "$title" || { echo "FAILED not tried, but in docs/errors.md: $title"; failed=1; }
done < <(sed -n '/^| bad input /,/^$/p' "$documented" | sed '1,2d;/^$/d')
exit $failed
