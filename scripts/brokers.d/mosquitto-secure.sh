# shellcheck shell=bash
# The broker of mosquitto.sh with users, TLS, client certificates and rights.
# shellcheck disable=SC2034,SC2154
secure=yes
. "$root/scripts/brokers.d/mosquitto.sh"
