# shellcheck shell=bash
# HiveMQ Community Edition, embedded in a small program: a second MQTT broker, to see that what works on Mosquitto is no habit of
# Mosquitto. It sends no further message of a queue while one is unacknowledged that it sent with those that were there then.
# shellcheck disable=SC2034,SC2154 # see scripts/lib/broker.sh
. "$root/scripts/lib/maven.sh"

version=2025.5
software=$cache/hivemq-$version
summary="HiveMQ Community Edition $version"
ports=(plain)
kinds=(plain log)

fetch() {
  need_java
  install_packages "${mqtt_packages[@]}"
  fetch_jars "com.hivemq:hivemq-community-edition-embedded:$version" "$software"
  [ ! -f "$software/classes/Broker.class" ] || return 0
  may_install "$software/classes"
  command -v javac >/dev/null || install_packages openjdk-17-jdk-headless
  rm -rf "$software/classes.part" "$software/source"
  mkdir -p "$software/source"
  cp "$root/scripts/brokers.d/hivemq.java" "$software/source/Broker.java"
  javac -cp "$software/*" -d "$software/classes.part" "$software/source/Broker.java" || die "HiveMQ's launcher does not compile"
  mv "$software/classes.part" "$software/classes"
}

locate() {
  case $1 in
    plain) echo "mqtt://127.0.0.1:${port[plain]}" ;;
    log) echo "$log" ;;
  esac
}

# Everything confirmed is on disk, also after kill -9.
configure() {
  mkdir -p "$home/conf" "$home/extensions"
  cat >"$home/conf/config.xml" <<XML
<?xml version="1.0"?>
<hivemq>
  <listeners>
    <tcp-listener><port>${port[plain]}</port><bind-address>127.0.0.1</bind-address></tcp-listener>
  </listeners>
  <mqtt>
    <queued-messages><max-queue-size>10000000</max-queue-size></queued-messages>
    <receive-maximum><server-receive-maximum>1000</server-receive-maximum></receive-maximum>
  </mqtt>
  <persistence><mode>file</mode></persistence>
  <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
</hivemq>
XML
}

launch() {
  local compiler=(-XX:TieredStopAtLevel=1)
  [ "${OMNIBUS_BROKERS_FOR:-tests}" = tests ] || compiler=()
  exec setsid java -Xmx256m -XX:+UseSerialGC "${compiler[@]}" -cp "$software/classes:$software/*" Broker "$home"
}

# A message that is confirmed.
ready() { timeout 5 mosquitto_pub -h 127.0.0.1 -p "${port[plain]}" -V 5 -q 1 -t omnibus/ready -m ready >/dev/null 2>&1; }

populate() { :; }
