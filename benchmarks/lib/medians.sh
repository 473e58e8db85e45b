# shellcheck shell=bash
# Sourced by scripts that compare: medians, ratios and goals of the lines in $work/lines.
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
    printf "%-36s %-12s %10s %10s %7s %2s %-5s %-13s %5s %5s\n",
      setting, peer, mine, theirs, ratio, sign, goal, verdict, my_loss, their_loss
  }'
}
