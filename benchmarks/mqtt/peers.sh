# shellcheck shell=bash
# Sourced by run.sh: the programs of the peers. Wants common.sh and $build.
# shellcheck disable=SC2034,SC2154 # set here for run.sh, or there for this one
peers=()
declare -A program=()

# build_peer NAME TARGET PACKAGE HEADER: adds it to peers, or tells why not.
build_peer() {
  local name=$1 target=$2 package=$3 header=$4
  [ -f "/usr/include/$header" ] || (install_packages "$package") >&2 || true
  [ -f "/usr/include/$header" ] || { say "SKIPPED: $name: no $header (package $package)"; return 0; }
  say "building $target"
  if cmake "$build" >/dev/null && cmake --build "$build" --target "$target" >&2; then
    peers+=("$name")
    program[$name]=$build/bin/$target
  else
    say "SKIPPED: $name: $target does not build"
  fi
}

build_peers() {
  build_peer paho mqtt_paho_peer libpaho-mqtt-dev MQTTAsync.h
  build_peer libmosquitto mqtt_mosquitto_peer libmosquitto-dev mosquitto.h
}
