#!/usr/bin/env bash
# on_broker.sh PROGRAM BROKER PARAMETERS PART [JSON]: omnibus-conformance on a broker that scripts/brokers runs already. PARAMETERS
# are of the URL; {admin} and other kinds of `scripts/brokers url BROKER KIND` are filled in. BROKER-secure, where it runs,
# refuses wrong credentials.
#   PART contract  every case but the two below; without OMNIBUS_TIER=full only some of those that restart the broker
#   PART kills     processes killed at each step, and at random
#   PART outages   the broker killed and frozen and connections cut, under load
# OMNIBUS_TIER=full takes the large counts.
set -euo pipefail
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
program=$1 broker=$2 parameters=$3 part=$4 json=${5:-}

# Each restart of a broker in Java takes its time: one case for each promise that needs it is enough for every change.
restarting=(AtLeastOnce.SurvivesSeveralRestartsOfTheBroker Subscriptions.SurviveTheRestartOfTheBroker
  Subscriptions.EphemeralGoesWithTheRestartOfTheBroker StartPosition.EarliestIsHeldOverARestart
  NegativeAck.NackThenAckOfTheNextThenBrokerRestart DeadLetter.MessageIsGoneFromItsQueueAfterARestart
  Attempts.AreKeptOverARestartWhereTheyAreDurable MessageProperties.SurviveNackAndRestart
  SendingOptions.DelayHoldsOverARestart
  Identity.RestartedUnnamedProducerIsANewOne Statistics.HoldOverARestart LinkLoss.FailFastDoesNotWait)

# Patient: a wait ends as soon as its condition holds, and a broker that restarts on a busy machine takes its time.
arguments=(--restart-command "$scripts/brokers $broker" --pubsub-url "{url}?$parameters" --patience 60s)
if "$scripts/brokers" status "$broker-secure" >/dev/null 2>&1; then
  tls=$("$scripts/brokers" url "$broker-secure" tls) authority=$("$scripts/brokers" url "$broker-secure" ca-file)
  arguments+=(--bad-credentials-url "$tls?tls_ca=$authority&token=wrong" --bad-certificate-url "$tls?token=any")
fi
[ -z "$json" ] || arguments+=(--json "$json")
full=no
[ "${OMNIBUS_TIER:-}" != full ] || full=yes
case $part in
  contract)
    filter='*-Kills.*:Outages.*'
    if [ $full = no ]; then
      for case in "${restarting[@]}"; do filter+=:$case; done
      arguments+=(--messages 20000 --consumers 1000)
    fi
    arguments+=(--filter "$filter")
    ;;
  kills)
    arguments+=(--filter 'Kills.*')
    [ $full = no ] || arguments+=(--kills 100)
    ;;
  outages)
    arguments+=(--filter 'Outages.*')
    [ $full = no ] || arguments+=(--outages 10 --cuts 10 --freeze 30s)
    ;;
  *) echo "on_broker.sh: unknown part '$part'" >&2; exit 2 ;;
esac
[ "$part" = outages ] || exec "$scripts/brokers" run "$broker" "$program" "${arguments[@]}"

status=0
"$scripts/brokers" run "$broker" "$program" "${arguments[@]}" || status=$?
# One that stood still may register itself for ever after (Pulsar 4.0.8 does, at the cost of a core): others get a fresh one.
"$scripts/brokers" stop "$broker"
"$scripts/brokers" start "$broker"
exit $status
