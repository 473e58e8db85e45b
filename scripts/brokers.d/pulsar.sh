# shellcheck shell=bash
# Apache Pulsar standalone: broker and bookie in one process, metadata in RocksDB, transactions on.
# With secure=yes also TLS, tokens and rights (pulsar-secure.sh).
# shellcheck disable=SC2034,SC2154 # see scripts/lib/broker.sh
. "$root/scripts/lib/maven.sh"
. "$root/scripts/lib/certificates.sh"

version=4.0.8
secure=${secure:-no}
software=$cache/pulsar-$version
summary="Apache Pulsar $version standalone"
ports=(plain admin bookie)
kinds=(plain admin log)
if [ "$secure" = yes ]; then
  summary="$summary with TLS, tokens (admin, client: may send and receive, guest: nothing) and rights"
  ports+=(tls admin-tls)
  kinds=(tls plain admin admin-tls ca-file token-file client-token-file guest-token-file log)
fi

fetch() {
  need_java
  install_packages curl openssl
  fetch_archive "org.apache.pulsar:pulsar-server-distribution:$version:tar.gz:bin" "$software"
}

locate() {
  case $1 in
    plain) echo "pulsar://127.0.0.1:${port[plain]}" ;;
    tls) echo "pulsar+ssl://127.0.0.1:${port[tls]}" ;;
    admin) echo "http://127.0.0.1:${port[admin]}" ;;
    admin-tls) echo "https://127.0.0.1:${port[admin-tls]}" ;;
    ca-file) echo "$home/certificates/ca.pem" ;;
    token-file) echo "$home/tokens/admin" ;;
    client-token-file) echo "$home/tokens/client" ;;
    guest-token-file) echo "$home/tokens/guest" ;;
    log) echo "$log" ;;
  esac
}

# set_options FILE KEY=VALUE…: replaces what the file says about the keys. Pulsar reads the last value, but the file that it ships
# does not end with a newline.
set_options() {
  local file=$1 option
  shift
  for option in "$@"; do sed -i "/^${option%%=*}=/d" "$file"; done
  printf '\n' >>"$file"
  printf '%s\n' "$@" >>"$file"
}

# The bookie's settings stand in the same file: a port that stays (without allowEphemeralPorts it takes a new one, and with it
# another identity, at each start), nothing on other interfaces, and a journal, so that messages outlive a kill.
configure() {
  local role
  cp "$software/conf/standalone.conf" "$home/standalone.conf"
  set_options "$home/standalone.conf" \
    bindAddress=127.0.0.1 advertisedAddress=127.0.0.1 \
    brokerServicePort="${port[plain]}" webServicePort="${port[admin]}" \
    transactionCoordinatorEnabled=true acknowledgmentAtBatchIndexLevelEnabled=true \
    defaultNumberOfNamespaceBundles=1 \
    numIOThreads=2 numHttpServerThreads=8 numOrderedExecutorThreads=2 numExecutorThreadPoolSize=2 \
    topicOrderedExecutorThreadNum=2 managedLedgerNumSchedulerThreads=2 bookkeeperNumberOfChannelsPerBookie=2 \
    webSocketServiceEnabled=false \
    managedLedgerCacheSizeMB=32 dbStorage_writeCacheMaxSizeMb=32 dbStorage_readAheadCacheMaxSizeMb=16 \
    dbStorage_rocksDB_blockCacheSize=8388608 \
    allowEphemeralPorts=true listeningInterface=lo journalWriteData=true \
    diskUsageThreshold=0.99 diskUsageWarnThreshold=0.98 \
    managedLedgerNewEntriesCheckDelayInMillis=0 managedLedgerDefaultMarkDeleteRateLimit=0 \
    brokerDeleteInactiveTopicsMaxInactiveDurationSeconds=600 \
    delayedDeliveryTickTimeMillis=100 isDelayedDeliveryDeliverAtTimeStrict=true
  [ "$secure" = yes ] || return 0
  make_certificates "$home/certificates"
  mkdir -p "$home/tokens"
  [ -f "$home/tokens/key" ] || (umask 077 && openssl rand -out "$home/tokens/key" 32)
  for role in admin client guest; do
    (umask 077 && make_token "$home/tokens/key" $role >"$home/tokens/$role")
  done
  set_options "$home/standalone.conf" \
    brokerServicePortTls="${port[tls]}" webServicePortTls="${port[admin-tls]}" \
    tlsCertificateFilePath="$home/certificates/server.pem" tlsKeyFilePath="$home/certificates/server-key.pem" \
    tlsTrustCertsFilePath="$home/certificates/ca.pem" \
    authenticationEnabled=true authorizationEnabled=true superUserRoles=admin \
    authenticationProviders=org.apache.pulsar.broker.authentication.AuthenticationProviderToken \
    tokenSecretKey="file://$home/tokens/key" \
    brokerClientAuthenticationPlugin=org.apache.pulsar.client.impl.auth.AuthenticationToken \
    brokerClientAuthenticationParameters="file://$home/tokens/admin" \
    brokerClientTrustCertsFilePath="$home/certificates/ca.pem"
}

launch() {
  # Tests start it often and keep it busy little: without the optimizing compiler it starts with less than half the work.
  local compiler="-XX:TieredStopAtLevel=1"
  [ "${OMNIBUS_BROKERS_FOR:-tests}" = tests ] || compiler=
  export PULSAR_MEM="-Xms128m -Xmx512m -XX:MaxDirectMemorySize=512m" PULSAR_GC="-XX:+UseSerialGC" PULSAR_GC_LOG=" "
  export PULSAR_EXTRA_OPTS="-Djava.io.tmpdir=$home/tmp -Dpulsar.allocator.exit_on_oom=true $compiler" PULSAR_LOG_DIR=$home
  export PULSAR_STANDALONE_CONF=$home/standalone.conf
  mkdir -p "$home/tmp"
  exec setsid "$software/bin/pulsar" standalone --config "$home/standalone.conf" \
    --no-functions-worker --no-stream-storage --advertised-address 127.0.0.1 \
    --metadata-dir "$data/metadata" --bookkeeper-dir "$data/bookkeeper" --num-bookies 1 --bookkeeper-port "${port[bookie]}"
}

# admin METHOD PATH [JSON]: prints the answer and, on a line of its own, the status.
admin() {
  local arguments=(--silent --max-time 20 --request "$1" --write-out '\n%{http_code}')
  [ "$secure" = no ] || arguments+=(--header "Authorization: Bearer $(cat "$home/tokens/admin")")
  [ $# -lt 3 ] || arguments+=(--header 'Content-Type: application/json' --data "$3")
  curl "${arguments[@]}" "http://127.0.0.1:${port[admin]}/admin/v2/$2"
}

# create PATH JSON: it may be there already.
create() {
  local answer
  answer=$(admin PUT "$1" "$2") || true
  case ${answer##*$'\n'} in
    204 | 409) ;;
    *) echo "$1: $answer" >&2; return 1 ;;
  esac
}

# The health check passes before the cluster and the transaction coordinator's topic are there.
ready() {
  [ "$(admin GET brokers/health)" = $'ok\n200' ] || return 1
  case $(admin GET persistent/pulsar/system/transaction_coordinator_assign/partitions) in
    *'"partitions":1,'*200) ;;
    *) return 1 ;;
  esac
  case $(admin GET namespaces/public) in *'"public/default"'*200) ;; *) return 1 ;; esac
}

# The tenants and namespaces of the existing system, with the policies that its initialiser gives them, and that of
# `omnibus bench`; those of durable queues with deduplication, without which q2 is not kept.
populate() {
  local tenant space answer
  for tenant in tg trustgraph; do
    create tenants/$tenant '{"allowedClusters":["standalone"]}' || return 1
    create namespaces/$tenant/flow '{}' || return 1
    create namespaces/$tenant/request '{}' || return 1
    create namespaces/$tenant/response '{"retention_policies":{"retentionTimeInMinutes":3,"retentionSizeInMB":-1},
      "subscription_expiration_time_minutes":30}' || return 1
    create namespaces/$tenant/config '{"retention_policies":{"retentionTimeInMinutes":-1,"retentionSizeInMB":10},
      "subscription_expiration_time_minutes":5}' || return 1
  done
  create namespaces/tg/bench '{}' || return 1
  # Setting it, even to what it is, makes the broker load every topic of the namespace at once.
  for space in flow config; do
    case $(admin GET namespaces/tg/$space/deduplication) in true$'\n'200) continue ;; esac
    answer=$(admin POST namespaces/tg/$space/deduplication true) || true
    [ "${answer##*$'\n'}" = 204 ] || { echo "deduplication of tg/$space: $answer" >&2; return 1; }
  done
  [ "$secure" = yes ] || return 0
  for space in flow request response config bench; do
    answer=$(admin POST namespaces/tg/$space/permissions/client '["produce","consume"]') || true
    [ "${answer##*$'\n'}" = 204 ] || { echo "rights on tg/$space: $answer" >&2; return 1; }
  done
}
