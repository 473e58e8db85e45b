#!/usr/bin/env bash
# on_broker.sh PROGRAM BROKER[/KIND] PARAMETERS PART [JSON]: omnibus-conformance on a broker that scripts/brokers runs already, at
# its URL or that of `scripts/brokers url BROKER KIND`. PARAMETERS are of the URL; {admin} and other kinds are filled in.
# BROKER-secure, where it runs, refuses wrong credentials.
#   PART contract  every case but the two below; without OMNIBUS_TIER=full only some of those that restart a broker in Java
#   PART sample    the same with few messages and consumers
#   PART cross     some that acknowledge as they go, on a broker that holds back a queue while one of its messages is
#                  unacknowledged (HiveMQ)
#   PART kills     processes killed at each step, and at random
#   PART outages   the broker killed and frozen and connections cut, under load
# OMNIBUS_TIER=full takes the large counts.
# on_broker.sh --gently BROKER ACTION: scripts/brokers for a broker that must not be killed: it is stopped instead.
set -euo pipefail
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
if [ "$1" = --gently ]; then
  action=$3
  [ "$action" != kill ] || action=stop
  exec "$scripts/brokers" "$2" "$action"
fi
program=$1 broker=${2%%/*} kind=${2#*/} parameters=$3 part=$4 json=${5:-}
[ "$kind" != "$2" ] || kind=url

# Each restart of a broker in Java takes its time: one case for each promise that needs it is enough for every change.
restarting=(AtLeastOnce.SurvivesSeveralRestartsOfTheBroker Subscriptions.SurviveTheRestartOfTheBroker
  Subscriptions.EphemeralGoesWithTheRestartOfTheBroker StartPosition.EarliestIsHeldOverARestart
  NegativeAck.NackThenAckOfTheNextThenBrokerRestart DeadLetter.MessageIsGoneFromItsQueueAfterARestart
  Attempts.AreKeptOverARestartWhereTheyAreDurable MessageProperties.SurviveNackAndRestart
  SendingOptions.DelayHoldsOverARestart
  Identity.RestartedUnnamedProducerIsANewOne Statistics.HoldOverARestart LinkLoss.FailFastDoesNotWait)

restart="$scripts/brokers $broker"
case $broker in
  # They restart at once; scripts/brokers.d/mosquitto.sh says what a kill takes.
  mosquitto*) restarting=() restart="$(realpath "$0") --gently $broker" ;;
esac

# Patient: a wait ends as soon as its condition holds, and a broker that restarts on a busy machine takes its time.
arguments=(--restart-command "$restart" --pubsub-url "{$kind}${parameters:+?$parameters}" --patience 60s)
secure=${broker%-secure}-secure
if "$scripts/brokers" status "$secure" >/dev/null 2>&1; then
  tls=$("$scripts/brokers" url "$secure" tls) authority=$("$scripts/brokers" url "$secure" ca-file)
  case $broker in
    mosquitto*) wrong='user=client&password=wrong' any='user=client&password=any' ;;
    *) wrong='token=wrong' any='token=any' ;;
  esac
  arguments+=(--bad-credentials-url "$tls?tls_ca=$authority&$wrong" --bad-certificate-url "$tls?$any")
fi
[ -z "$json" ] || arguments+=(--json "$json")
full=no
[ "${OMNIBUS_TIER:-}" != full ] || full=yes
case $part in
  contract | sample)
    filter='*-Kills.*:Outages.*'
    if [ $full = no ]; then
      for case in "${restarting[@]}"; do filter+=:$case; done
    fi
    if [ "$part" = sample ]; then
      arguments+=(--messages 1000 --consumers 20)
    elif [ $full = no ]; then
      arguments+=(--messages 20000 --consumers 1000)
    fi
    arguments+=(--filter "$filter")
    ;;
  cross)
    filter='MessageProperties.*:BestEffort.EachSubscriptionSeesEveryMessage:BestEffort.MoreThanTheWindow*'
    filter+=':Order.FirstDeliveriesFollowTheirProducer:AtLeastOnce.ComesBackAfterNack:AtLeastOnce.ConfirmedSends*'
    filter+=':Subscriptions.DurableOutlivesItsConsumer:StartPosition.LatestSees*:Close.IsIdempotent*-*Restart*'
    arguments+=(--messages 500 --consumers 20 --filter "$filter")
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
