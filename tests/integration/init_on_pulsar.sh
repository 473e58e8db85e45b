#!/usr/bin/env bash
# init_on_pulsar.sh OMNIBUS SECURE-TLS SECURE-ADMIN CA-FILE ADMIN-TOKEN CLIENT-TOKEN: `omnibus init` on a Pulsar with rights, and
# what it says to those that have none.
set -euo pipefail
omnibus=$1 url="$2?tls_ca=$4&admin=$3" administrator=$5 client=$6
tenant=init-$$-$RANDOM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check STATUS PATTERN COMMAND…: the status, and a line of the output or of the one line of errors.
check() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  "$@" >"$work/output" 2>&1 || status=$?
  if [ $status != "$wanted" ] || ! grep -Eq -- "$pattern" "$work/output"; then
    echo "FAILED: status $status instead of $wanted, or no '$pattern' from: $*"
    cat "$work/output"
    exit 1
  fi
  echo "ok: $pattern"
}

init() { PUBSUB_URL="$url&token_file=$1" "$omnibus" init --tenant "$tenant" "${@:2}"; }

check 3 'superUserRoles' init "$client"
check 0 "^$tenant/flow: tenant $tenant made; namespace made; deduplication on$" init "$administrator" --namespace more
check 0 "^$tenant/response: is there already$" init "$administrator" --namespace more
if grep -v 'is there already$' "$work/output"; then echo "FAILED: the second run did something"; exit 1; fi
[ "$(wc -l <"$work/output")" = 5 ]
check 3 'adminRoles of the tenant' init "$client"
check 3 'authentication|token' env PUBSUB_URL="$url" "$omnibus" init --tenant "$tenant"
check 0 'nothing to do: embedded' env PUBSUB_URL="embedded://$work/store" "$omnibus" init

# A policy that somebody has set stays.
curl --silent --fail --cacert "$4" --header "Authorization: Bearer $(cat "$administrator")" \
  --header 'Content-Type: application/json' --data '{"retentionTimeInMinutes":60,"retentionSizeInMB":5}' \
  "$3/admin/v2/namespaces/$tenant/response/retention"
check 0 "^$tenant/response: left as it is: retention 60 min, 5 MiB" init "$administrator"
