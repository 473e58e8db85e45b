# shellcheck shell=bash
# Sourced by run.sh: what is compared. Wants medians.sh.
# shellcheck disable=SC2154

# per_message FIELD CLIENT SETTING: processor time in microseconds.
per_message() {
  awk -v seconds="$(median "$@")" -v messages="$(median messages "${@:2}")" 'BEGIN {
    if (seconds == "-") print "-"; else printf "%.1f\n", seconds / messages * 1e6 }'
}

# each_setting COMMAND…: with the name of each.
each_setting() {
  local size qos
  for size in 100 1024; do
    for qos in 0 1 2; do "$@" "QoS $qos, $size B"; done
  done
}

ratios() {
  compare messages_per_second "$1" paho '>=' 1
  compare messages_per_second "$1" libmosquitto '>=' 1
}

processor_time() {
  local client columns=()
  for client in omnibus paho libmosquitto; do
    columns+=("$(per_message clients_cpu_seconds "$client" "$1")" "$(per_message server_cpu_seconds "$client" "$1")")
  done
  printf '%-16s %10s %8s %10s %8s %12s %8s\n' "$1" "${columns[@]}"
}

print_table() {
  printf '\nMedians of %s rounds: messages/s.\n\n' "$rounds"
  printf '%-36s %-12s %10s %10s %7s %-8s %-13s %5s %5s\n' setting peer omnibus peer ratio goal verdict 'lost%' 'its'
  each_setting ratios
  printf '\nProcessor time in microseconds per message, of both processes of a client, and of the broker beside it.\n\n'
  printf '%-16s %10s %8s %10s %8s %12s %8s\n' setting omnibus broker paho broker libmosquitto broker
  each_setting processor_time
}
