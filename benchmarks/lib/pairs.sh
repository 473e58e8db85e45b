# shellcheck shell=bash
# Sourced by scripts that run clients in two processes each. Wants common.sh, and $work, a folder; counts failures.
# shellcheck disable=SC2034,SC2154 # set here for the script, or there for this one
partner=
failures=0
server_pid= # a process whose processor time is told beside that of the clients, when it is set

# answers COMMAND…: waits until the command succeeds.
answers() {
  local tries
  for tries in {1..100}; do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  die "no answer after $tries tries: $*"
}

# failed CLIENT SETTING
failed() {
  cat "$work/errors" >&2
  say "FAILED: $1, $2"
  failures=$((failures + 1))
}

# noted CLIENT SETTING [MEMBERS] <LINE: adds both names to the line, and what else is given; keeps it, prints it.
noted() { grep '^{' | sed "s|^{|{\"client\":\"$1\",\"setting\":\"$2\",${3:-}|" | tee -a "$work/lines"; }

# spent: sets now_spent and now_served, seconds of processor time: of all that this shell has waited for, and of the server.
spent() {
  times >"$work/times"
  now_spent=$(awk 'NR == 2 { gsub(/[ms]/, " "); $0 = $0; print ($1 + $3) * 60 + $2 + $4 }' "$work/times")
  now_served=0
  [ -z "$server_pid" ] ||
    now_served=$(awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / ticks }' "/proc/$server_pid/stat")
}

end_partner() { [ -z "$partner" ] || kill "$partner" 2>/dev/null || true; }

# partner_is_ready: waits until it says so; fails when it ends before.
partner_is_ready() {
  local tries
  for tries in {1..300}; do
    ! grep -q ready "$work/first" || return 0
    kill -0 "$partner" 2>/dev/null || return 1
    sleep 0.1
  done
  echo "not ready after $tries tries" >>"$work/errors"
  return 1
}

# pair WHOSE CLIENT SETTING FIRST-ROLE SECOND-ROLE COMMAND…: two processes; the second starts when the first is ready. WHOSE line
# counts: 'first' (the receiver's) or 'second' (the asker's; the echo is ended then). The line tells the processor time of both.
pair() {
  local whose=$1 client=$2 setting=$3 first=$4 second=$5 broken='' before served
  shift 5
  say "round $round: $setting, $client"
  spent
  before=$now_spent served=$now_served
  : >"$work/first"
  timeout 120 "$@" "$first" >"$work/first" 2>"$work/errors" &
  partner=$!
  if partner_is_ready; then
    timeout 120 "$@" "$second" >"$work/second" 2>>"$work/errors" || broken=yes
    [ "$whose" = first ] || end_partner
  else
    end_partner
    broken=yes
  fi
  wait "$partner" 2>/dev/null || [ "$whose" = second ] || broken=yes
  partner=
  [ -z "$broken" ] || { failed "$client" "$setting"; return 0; }
  spent
  noted "$client" "$setting" "$(awk -v clients="$now_spent-$before" -v server="$now_served-$served" 'BEGIN {
    split(clients, all, "-"); split(server, its, "-")
    printf "\"clients_cpu_seconds\":%.2f,", all[1] - all[2]
    if (its[1] > 0) printf "\"server_cpu_seconds\":%.2f,", its[1] - its[2] }')" <"$work/$whose"
}
