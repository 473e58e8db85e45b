# shellcheck shell=bash
# Sourced by run.sh: medians, ratios and goals of the lines in $work/lines.
# shellcheck disable=SC2154

# values FIELD CLIENT PROTOCOL CONNECTIONS SLOW
values() {
  grep -F "\"client\":\"$2\",\"protocol\":\"$3\",\"connections\":$4,\"beside_slow_readers\":$5," "$work/lines" |
    sed -n "s/.*\"$1\":\([0-9.E+-]*\).*/\1/p" | sort -g
}

median() { values "$@" | awk '{ all[NR] = $1 } END { if (NR) print all[int((NR + 1) / 2)]; else print "-" }'; }

# presence FIELD CLIENT KIND-OF-LINE: of the last line that has "clients":N
presence() { grep -F "\"client\":\"$2\",\"clients\":$3," "$work/lines" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" | tail -n 1; }

# rate_row PROTOCOL CONNECTIONS CLIENT
rate_row() {
  awk -v protocol="$1" -v connections="$2" -v client="$3" -v rate="$(median requests_per_second "$3" "$1" "$2" false)" \
    -v aiohttp="$(median requests_per_second aiohttp "$1" "$2" false)" -v p50="$(median p50_us "$3" "$1" "$2" false)" \
    -v p99="$(median p99_us "$3" "$1" "$2" false)" -v errors="$(values errors "$3" "$1" "$2" false | tail -n 1)" 'BEGIN {
    if (rate == "-") exit
    ratio = aiohttp == "-" || aiohttp == 0 ? "-" : sprintf("%.2f", rate / aiohttp)
    verdict = ""
    if (client == "omnibus" && connections == 64 && ratio != "-") verdict = ratio >= 3 ? ">= 3, met" : ">= 3, MISSED"
    printf "%-10s %11d %-18s %10.0f %9.0f %9.0f %7d %13s %s\n", protocol, connections, client, rate, p50, p99, errors, ratio, verdict
  }'
}

# slow_row PROTOCOL CLIENT: the worse p99 of clients that read, of those that do not there.
slow_row() {
  awk -v protocol="$1" -v client="$2" -v alone="$(median p99_us "$2" "$1" 64 false)" -v beside="$(median p99_us "$2" "$1" 64 true)" \
    -v lost="$(presence lost "$2" "$slow_readers")" -v memory="$(presence memory_with "$2" "$slow_readers")" 'BEGIN {
    if (alone == "-" || beside == "-") exit
    ratio = beside / alone
    verdict = client == "omnibus" ? (ratio < 2 ? "< 2, met" : "< 2, MISSED") : ""
    printf "%-10s %-18s %10.0f %10.0f %7.2f %9d %8.0f MiB %s\n", protocol, client, alone, beside, ratio, lost, memory / 1048576, verdict
  }'
}

idle_row() {
  awk -v client="$1" -v idle="$idle" -v before="$(presence memory_before "$1" "$idle")" -v with="$(presence memory_with "$1" "$idle")" \
    -v lost="$(presence lost "$1" "$idle")" 'BEGIN {
    if (with == "") exit
    verdict = client == "omnibus" ? (with < 300e6 ? "< 300 MB, met" : "< 300 MB, MISSED") : ""
    printf "%-18s %8.0f MB %8.0f MB %6.1f kB each %7d lost %s\n", client, before / 1e6, with / 1e6, (with - before) / idle / 1e3, lost, verdict
  }'
}

print_table() {
  local protocol connections client
  printf '\nMedians of %s rounds of %s s.\n\n' "$rounds" "$seconds"
  printf '%-10s %11s %-18s %10s %9s %9s %7s %13s %s\n' protocol connections server requests/s 'p50 us' 'p99 us' errors 'times aiohttp' goal
  for protocol in http websocket; do
    for connections in 1 64 1000; do
      for client in "${clients[@]}"; do rate_row "$protocol" "$connections" "$client"; done
    done
  done
  printf '\n%s slow readers, 64 honest clients:\n\n' "$slow_readers"
  printf '%-10s %-18s %10s %10s %7s %9s %12s %s\n' protocol server 'p99 alone' 'beside' times 'cut off' memory goal
  for protocol in http websocket; do
    for client in "${clients[@]}"; do slow_row "$protocol" "$client"; done
  done
  printf '\n%s idle WebSockets:\n\n' "$idle"
  for client in "${clients[@]}"; do idle_row "$client"; done
}
