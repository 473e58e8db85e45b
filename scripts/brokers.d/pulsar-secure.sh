# shellcheck shell=bash
# The broker of pulsar.sh with TLS, tokens and rights.
# shellcheck disable=SC2034,SC2154
secure=yes
. "$root/scripts/brokers.d/pulsar.sh"
