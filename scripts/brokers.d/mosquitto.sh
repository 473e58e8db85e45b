# shellcheck shell=bash
# Eclipse Mosquitto, from Debian. With secure=yes also users, TLS, client certificates and rights (mosquitto-secure.sh).
# shellcheck disable=SC2034,SC2154 # see scripts/lib/broker.sh
. "$root/scripts/lib/certificates.sh"

secure=${secure:-no}
summary="Mosquitto 2.0.11"
ports=(plain)
kinds=(plain client-state log)
patience=20
if [ "$secure" = yes ]; then
  summary="$summary with users (client: may send and receive, guest: nothing), TLS, client certificates and rights"
  ports=(plain tls mutual)
  kinds=(tls plain password mutual ca-file client-certificate client-key client-password-file guest-password-file client-state log)
fi

fetch() {
  # The server is where only root's PATH leads.
  export PATH=$PATH:/usr/sbin
  install_packages "${mqtt_packages[@]}"
}

locate() {
  case $1 in
    plain) echo "mqtt://127.0.0.1:${port[plain]}" ;;
    password) echo "mqtt://client:$(cat "$home/passwords/client")@127.0.0.1:${port[plain]}" ;;
    tls) echo "mqtts://127.0.0.1:${port[tls]}" ;;
    mutual) echo "mqtts://127.0.0.1:${port[mutual]}" ;;
    ca-file) echo "$home/certificates/ca.pem" ;;
    client-certificate) echo "$home/certificates/client.pem" ;;
    client-key) echo "$home/certificates/client-key.pem" ;;
    client-password-file) echo "$home/passwords/client" ;;
    guest-password-file) echo "$home/passwords/guest" ;;
    client-state) echo "$home/client-state" ;; # for what clients keep; it goes with the broker's data
    log) echo "$log" ;;
  esac
}

# users: the passwords, and who may do what. The name in a client certificate counts as a user.
users() {
  local user
  mkdir -p "$home/passwords"
  for user in client guest; do
    [ -f "$home/passwords/$user" ] || (umask 077 && openssl rand -hex 16 >"$home/passwords/$user")
    printf '%s:%s\n' $user "$(cat "$home/passwords/$user")"
  done >"$home/users.part"
  mosquitto_passwd -U "$home/users.part"
  mv "$home/users.part" "$home/users"
  printf '%s\n' 'user client' 'topic readwrite #' >"$home/rights"
}

# Everything confirmed outlives an orderly stop: sessions, what is queued and in flight, retained messages (tried on 2.0.11; but of
# shared subscriptions only what was queued, not the subscription itself, until its clients subscribe again). After kill -9 the
# broker is as it was when it saved last, 1 s ago or a little more; younger sessions are gone. With `autosave_on_changes true` and
# an interval of 1 a kill takes only what was confirmed in the last turn of its loop (13 of 8049 messages in 20 kills), but each
# turn writes and syncs everything that is kept: 2,000 messages took 4 s instead of 0.3 s.
configure() {
  local interval=1
  [ "${OMNIBUS_BROKERS_FOR:-tests}" = tests ] || interval=1800
  {
    # As root it would turn into the user mosquitto, who cannot read here. Others stay who they are.
    printf '%s\n' "user $(id -un)" 'log_dest stderr' 'log_type error' 'log_type warning' 'log_type notice' 'sys_interval 0' \
      'persistence true' "persistence_location $data/" "autosave_interval $interval" \
      'max_queued_messages 0' 'max_inflight_messages 0' 'max_keepalive 65535' 'set_tcp_nodelay true' 'retain_available true' \
      '' "listener ${port[plain]} 127.0.0.1"
    if [ "$secure" = no ]; then
      echo 'allow_anonymous true'
    else
      printf '%s\n' 'allow_anonymous false' "password_file $home/users" "acl_file $home/rights" \
        '' "listener ${port[tls]} 127.0.0.1" \
        "certfile $home/certificates/server.pem" "keyfile $home/certificates/server-key.pem" \
        '' "listener ${port[mutual]} 127.0.0.1" "cafile $home/certificates/ca.pem" \
        "certfile $home/certificates/server.pem" "keyfile $home/certificates/server-key.pem" \
        'require_certificate true' 'use_identity_as_username true'
    fi
  } >"$home/mosquitto.conf"
  [ "$secure" = yes ] || return 0
  make_certificates "$home/certificates"
  make_client_certificate "$home/certificates" client
  users
}

launch() { exec setsid mosquitto -c "$home/mosquitto.conf"; }

# A message that is confirmed.
ready() {
  local arguments=(-h 127.0.0.1 -p "${port[plain]}" -V 5 -q 1 -t omnibus/ready -m ready)
  [ "$secure" = no ] || arguments+=(-u client -P "$(cat "$home/passwords/client")")
  timeout 5 mosquitto_pub "${arguments[@]}" >/dev/null 2>&1
}

populate() { :; }
