#!/usr/bin/env bash
# run.sh [--program OMNIBUS] [--peer OMNIBUS-INTEROP-PEER] [--no-broker | --mosquitto] [MODULE[.CLASS[.TEST]]…]: the tests of this
# folder against the Pulsar that scripts/brokers runs (started when it is not there), or test_mqtt against its Mosquitto, or
# those that need none. Without --program only Python talks to Python.
# OMNIBUS_INSTALL=no: what is not there is a skip (status 77) instead of a download.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
. "$root/scripts/lib/broker.sh"
. "$root/scripts/lib/python.sh"

broker=yes
while [ $# -gt 0 ]; do
  case $1 in
    --program) OMNIBUS_INTEROP_PROGRAM=$(realpath -- "$2"); export OMNIBUS_INTEROP_PROGRAM; shift 2 ;;
    --peer) OMNIBUS_INTEROP_PEER=$(realpath -- "$2"); export OMNIBUS_INTEROP_PEER; shift 2 ;;
    --no-broker) broker=no; shift ;;
    --mosquitto) broker=mosquitto; shift ;;
    -h | --help) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
    -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || [ $broker != mosquitto ] || set -- test_mqtt
[ $# -gt 0 ] || set -- test_api test_programs test_stores test_catalogue test_client test_request_response test_mixed test_secure

environment=$(python_environment)
if [ $broker = mosquitto ]; then
  export OMNIBUS_INTEROP_URL
  OMNIBUS_INTEROP_URL=$("$root/scripts/brokers" start mosquitto)
elif [ $broker = yes ]; then
  export OMNIBUS_INTEROP_URL OMNIBUS_INTEROP_ADMIN
  OMNIBUS_INTEROP_URL=$("$root/scripts/brokers" start pulsar)
  OMNIBUS_INTEROP_ADMIN=$("$root/scripts/brokers" url pulsar admin)
  if [[ " $*" == *" test_secure"* ]]; then
    OMNIBUS_INTEROP_SECURE_TLS=$("$root/scripts/brokers" start pulsar-secure)
    export OMNIBUS_INTEROP_SECURE_TLS
    secure() { "$root/scripts/brokers" url pulsar-secure "$1"; }
    export OMNIBUS_INTEROP_SECURE_PLAIN OMNIBUS_INTEROP_SECURE_CA
    OMNIBUS_INTEROP_SECURE_PLAIN=$(secure plain) OMNIBUS_INTEROP_SECURE_CA=$(secure ca-file)
    export OMNIBUS_INTEROP_SECURE_CLIENT_TOKEN OMNIBUS_INTEROP_SECURE_GUEST_TOKEN
    OMNIBUS_INTEROP_SECURE_CLIENT_TOKEN=$(secure client-token-file)
    OMNIBUS_INTEROP_SECURE_GUEST_TOKEN=$(secure guest-token-file)
  fi
fi
export PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec "$environment/bin/python" -m unittest --verbose "$@"
