#!/usr/bin/env bash
# gateway_client_test.sh OMNIBUS CLIENT: starts `omnibus up`, pastes the commands it prints, then runs the client.
set -euo pipefail
omnibus=$1 client=$2
work=$(mktemp -d)
export XDG_STATE_HOME=$work
unset PUBSUB_URL PUBSUB_BACKEND
"$omnibus" up --address 127.0.0.1 --port 0 --no-metrics >"$work/out" 2>"$work/log" &
up=$!
trap 'kill $up 2>/dev/null; wait $up 2>/dev/null; rm -rf "$work"' EXIT

for _ in $(seq 200); do
  grep -q '^Ctrl-C' "$work/out" && break
  kill -0 $up || { cat "$work/log"; exit 1; }
  sleep 0.1
done
port=$(sed -n 's#^  gateway  http://.*:##p' "$work/out")
curl() { command curl --fail --max-time 20 "$@"; }
export -f curl
grep '^  curl' "$work/out" | head -n 2 >"$work/paste"
bash -e "$work/paste"

echo 'hello, flow' >"$work/text"
"$client" 127.0.0.1 "$port" f1 "$work/text" | tee "$work/answer"
grep -q 'text": loaded' "$work/answer"
"$omnibus" tail q1/tg/flow/chunk:f1 --type Chunk --pubsub-backend embedded --earliest --count 1 --timeout 20s
