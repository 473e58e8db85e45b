# shellcheck shell=bash
# Sourced by run.sh: medians, ratios and goals of the lines in $work/lines.
# shellcheck disable=SC2154

# values FIELD CLIENT SETTING
values() {
  grep -F "\"client\":\"$2\",\"setting\":\"$3\"" "$work/lines" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" | sort -n
}

median() { values "$@" | awk '{ all[NR] = $1 } END { print NR ? all[int((NR + 1) / 2)] : "-" }'; }

# most_lost CLIENT SETTING: per cent, in the worst run.
most_lost() {
  local lost messages
  lost=$(values lost "$@" | tail -n 1)
  messages=$(values messages "$@" | tail -n 1)
  awk -v lost="${lost:-0}" -v all="${messages:-1}" 'BEGIN { printf "%.1f", 100 * lost / all }'
}

# compare FIELD SETTING PEER SIGN GOAL: one line; SIGN is >= or <=.
compare() {
  local field=$1 setting=$2 peer=$3 sign=$4 goal=$5
  awk -v setting="$setting" -v peer="$peer" -v sign="$sign" -v goal="$goal" \
    -v mine="$(median "$field" omnibus "$setting")" -v theirs="$(median "$field" "$peer" "$setting")" \
    -v my_loss="$(most_lost omnibus "$setting")" -v their_loss="$(most_lost "$peer" "$setting")" 'BEGIN {
    if (mine == "-" || theirs == "-") { verdict = "not measured"; ratio = "-" }
    else {
      ratio = sprintf("%.2f", mine / theirs)
      met = sign == ">=" ? mine >= goal * theirs : mine <= goal * theirs
      verdict = (met ? "met" : "MISSED") (my_loss > their_loss ? ", lossy" : "")
    }
    printf "%-36s %-10s %10s %10s %7s %2s %-5s %-13s %5s %5s\n",
      setting, peer, mine, theirs, ratio, sign, goal, verdict, my_loss, their_loss
  }'
}

print_table() {
  local size
  printf '\nMedians of %s rounds: messages/s, of request/response p50 in microseconds.\n\n' "$rounds"
  printf '%-36s %-10s %10s %10s %7s %-8s %-13s %5s %5s\n' setting peer omnibus peer ratio goal verdict 'lost%' 'its'
  for size in 16 100 1024; do
    compare messages_per_second "in process, queued, $size B" watermill '>=' 8
    compare messages_per_second "in process, one thread, $size B" watermill '>=' 1
    compare messages_per_second "in process, inline, $size B" watermill '>=' 50
    compare messages_per_second "two processes, q0, $size B" nats '>=' 5
    compare messages_per_second "two processes, q1 grouped, $size B" redis '>=' 4
    compare messages_per_second "two processes, q1 grouped, $size B" jetstream '>=' 4
    compare messages_per_second "two processes, q1 synced, $size B" redis '>=' 1.3
    compare p50_us "request/response, $size B" nats '<=' 0.5
    compare messages_per_second "consume-process-produce, $size B" omnibus-q1 '>=' 0.5
    printf '%-36s %s\n' "heap allocations per message, $size B" \
      "queued $(median allocations_per_message omnibus "in process, queued, $size B"), inline $(median \
        allocations_per_message omnibus "in process, inline, $size B"); goal 0"
  done
}
