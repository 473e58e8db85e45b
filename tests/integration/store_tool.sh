#!/usr/bin/env bash
# store_tool.sh OMNIBUS: `omnibus store` on stores that are sound, in use, damaged and absent: what it prints, with which
# exit status, and that looking changes no byte.
set -uo pipefail
export LC_ALL=C.UTF-8
omnibus=$1
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
failed=0

# run STATUS COMMAND…: output in $out, standard error in $err.
run() {
  local wanted=$1 status
  shift
  timeout 60 "$@" >"$work/out" 2>"$work/err"
  status=$?
  out=$(<"$work/out") err=$(<"$work/err")
  [ $status -eq "$wanted" ] || wrong "$* ended with $status, not $wanted"
}
wrong() { printf 'FAILED %s\nout: %s\nerr: %s\n' "$1" "${out:0:2000}" "${err:0:2000}"; failed=1; }
# has TEXT PATTERN WHAT
has() { grep -Eq -- "$2" <<<"$1" || wrong "$3: no '$2'"; }
fingerprint() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum; find . | sort) 2>/dev/null; }
# damage FILE OFFSET
damage() { printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

store=$work/store
url=embedded://$store
for number in $(seq 50); do echo "{\"type\":\"note\",\"message\":\"text $number\"}"; done >"$work/lines"
"$omnibus" send q1/tg/flow/notes --type Error --property from=me --key k --pubsub-url "$url" <"$work/lines" 2>/dev/null
head -c 100000 /dev/urandom | base64 -w0 | sed 's/.*/"&"/' | "$omnibus" send q1/tg/flow/bytes --type raw --pubsub-url "$url" 2>/dev/null
"$omnibus" tail q1/tg/flow/notes --type Error --subscription reader --earliest --count 10 --timeout 5s --pubsub-url "$url" >/dev/null
before=$(fingerprint "$store")

run 0 "$omnibus" store check "$store"
has "$out" '^sound$' "check of a sound store"
has "$out" '51 messages, 2 queues, 1 subscription' "its totals"
has "$err" 'omnibus store check: .* \(100 %\)' "its progress"
run 0 "$omnibus" store check "$store" --json
has "$out" '"sound":true.*"messages":51,.*"damage":\[\],"cut":\[\]\}' "check --json"
[ "$(fingerprint "$store")" = "$before" ] || wrong "check changed the store"

run 0 "$omnibus" store export "$store"
[ "$(wc -l <<<"$out")" -eq 51 ] || wrong "export did not give 51 lines"
has "$out" '^\{"queue":"q1/tg/flow/bytes","sequence":1,"time":"20[0-9T:.-]*Z","key":"","properties":\{\},"waiting":\[\],"base64":"[A-Za-z0-9+/=]+"\}$' \
  "a body that is not JSON"
has "$out" '"sequence":10,.*"key":"k","properties":\{"from":"me"\},"waiting":\[\],"body":\{"type":"note","message":"text 10"\}\}$' "a settled message"
has "$out" '"sequence":11,.*"waiting":\["reader"\],"body":.*"text 11"' "a waiting message"
has "$err" 'omnibus store export: .* \(100 %\)' "the progress of export"
has "$err" '^exported 51$' "the count of export"
run 0 "$omnibus" store export "$store" q2/tg/flow/notes --subscription reader
[ "$(wc -l <<<"$out")" -eq 40 ] || wrong "export of a subscription did not give 40 lines"
run 1 "$omnibus" store export "$store" q1/tg/flow/none
has "$err" 'no queue q1/tg/flow/none' "export of a queue that is not there"
run 2 "$omnibus" store export "$store" notes
has "$err" 'malformed queue name' "export of a malformed name"
[ "$(fingerprint "$store")" = "$before" ] || wrong "export changed the store"

cp -a "$store" "$work/bad"
damage "$work/bad/log/0000000000000001.seg" "$(grep -abo 'text 7"' "$work/bad/log/0000000000000001.seg" | head -n 1 | cut -d: -f1)"
damage "$(find "$work/bad/blobs" -type f)" 500
before=$(fingerprint "$work/bad")
run 1 "$omnibus" store check "$work/bad"
has "$out" '^damaged +log/0000000000000001.seg offset [0-9]+, [0-9]+ bytes: .*sequence [0-9]+ lost' "a damaged frame"
has "$out" '^damaged +blobs/[0-9a-f]+.blob: message 1 of q1/tg/flow/bytes' "a damaged body"
has "$err" "is damaged: 3 places are damaged, 1 sequence and 2 messages lost" "the verdict"
run 1 "$omnibus" store check "$work/bad" --json
has "$out" '"sound":false' "check --json of a damaged store"
run 1 "$omnibus" store export "$work/bad"
[ "$(wc -l <<<"$out")" -eq 49 ] || wrong "export of a damaged store did not give 49 lines"
has "$err" '^exported 49$' "the count of what is sound"
has "$err" 'is damaged: 3 places are damaged, 2 messages of its state could not be read' "the verdict of export"
[ "$(fingerprint "$work/bad")" = "$before" ] || wrong "check or export changed the damaged store"

"$omnibus" tail q1/tg/flow/notes --type Error --pubsub-url "$url" >/dev/null 2>&1 &
pids+=($!)
for _ in $(seq 100); do run 0 "$omnibus" store check "$store"; grep -q 'in use' <<<"$out" && break; sleep 0.1; done
has "$out" ', in use$' "check of a store in use"
has "$out" '^sound$' "check of a store in use"

lagging=$work/lagging
lagging_url="embedded://$lagging?retention_bytes=64KiB"
echo '{"message":"first"}' | "$omnibus" send q1/tg/flow/lag --type Error --pubsub-url "$lagging_url" 2>/dev/null
"$omnibus" tail q1/tg/flow/lag --type Error --subscription late --earliest --count 1 --timeout 5s --pubsub-url "$lagging_url" >/dev/null
for number in $(seq 20); do echo "{\"message\":\"waits $number\"}"; done |
  "$omnibus" send q1/tg/flow/lag --type Error --pubsub-url "$lagging_url" 2>/dev/null
line=$(head -c 30000 /dev/urandom | base64 -w0)
for _ in $(seq 400); do printf '"%s"\n' "$line"; done | "$omnibus" send q1/tg/flow/bulk --type raw --pubsub-url "$lagging_url" 2>/dev/null
"$omnibus" store export "$lagging" q1/tg/flow/lag >"$work/before" 2>/dev/null
"$omnibus" tail q1/tg/flow/bulk --type raw --pubsub-url "$lagging_url" >/dev/null 2>&1 &
pids+=($!)
run 0 "$omnibus" store compact "$lagging"
has "$out" '^copied +20 messages forward, ' "what compact copied"
has "$out" '^freed +[23] segments, [0-9.]+ MiB$' "what compact freed"
has "$out" '^left +[12] segments?, [0-9.]+ MiB; 0 body files$' "what is left"
has "$err" 'omnibus store compact: .* \(100 %\)' "the progress of compact"
"$omnibus" store export "$lagging" q1/tg/flow/lag >"$work/after" 2>/dev/null
cmp -s "$work/before" "$work/after" || wrong "compact changed messages"
run 0 "$omnibus" store check "$lagging"
has "$out" '^sound$' "check of what compact left"
run 0 "$omnibus" store compact "$lagging"
has "$out" '^copied +0 messages' "compact of what is compact"

run 1 "$omnibus" store compact "$work/nowhere"
run 1 "$omnibus" store check "$work/nowhere"
has "$err" 'there is no store' "check of nothing"
[ ! -e "$work/nowhere" ] || wrong "check made a directory"
run 2 "$omnibus" store chekc "$store"
has "$err" "unknown action 'chekc'" "an unknown action"
run 2 "$omnibus" store ls "$store" --json
has "$err" "json" "a flag of another action"
if [ "$(id -u)" -eq 0 ]; then
  chmod 755 "$work"
  run 3 setpriv --reuid=65534 --regid=65534 --clear-groups "$omnibus" store check "$store"
  has "$err" 'ermission' "check without permission"
  run 3 setpriv --reuid=65534 --regid=65534 --clear-groups "$omnibus" store compact "$store"
  has "$err" 'ermission' "compact without permission"
fi
exit $failed
