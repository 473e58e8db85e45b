"""MQTT clients as peers: paho-mqtt, and mosquitto_pub and mosquitto_sub."""

import subprocess
import threading
import urllib.parse
import uuid

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import program
from surroundings import PATIENCE, URL, wait_until

BROKER = urllib.parse.urlsplit(URL)


def topic_of(queue):
    """The spec's mapping, for names without signs that MQTT gives a meaning."""
    return queue.split("/", 1)[1]


def qos_of(queue):
    return int(queue[1])


class Paho:
    """A client; what it receives is in `messages`."""

    def __init__(self, version=MQTTv5):
        self.version, self.messages = version, []
        self.connected, self.subscribed = threading.Event(), threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"paho-{uuid.uuid4().hex[:12]}", protocol=version)
        self.client.on_connect = lambda *_: self.connected.set()
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = lambda client, data, message: self.messages.append(message)
        self.client.connect(BROKER.hostname, BROKER.port)
        self.client.loop_start()
        assert self.connected.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, topic, qos):
        self.subscribed.clear()
        self.client.subscribe(topic, qos)
        assert self.subscribed.wait(PATIENCE)

    def publish(self, topic, payload, qos, properties=None):
        """Returns when it is confirmed, or for QoS 0 written. `properties`: user properties, in order."""
        more = {}
        if self.version == MQTTv5:
            more["properties"] = Properties(PacketTypes.PUBLISH)
            if properties:
                more["properties"].UserProperty = list(properties)
        self.client.publish(topic, payload, qos, **more).wait_for_publish(PATIENCE)

    def take(self, count):
        wait_until(lambda: len(self.messages) >= count, f"{count} messages")
        taken, self.messages = self.messages[:count], self.messages[count:]
        return taken


def user_properties(message):
    return getattr(message.properties, "UserProperty", [])


def mosquitto_pub(queue, lines, *more):
    """Publishes one message per line."""
    command = ["mosquitto_pub", "-h", BROKER.hostname, "-p", str(BROKER.port), "-q", queue[1], "-t", topic_of(queue)]
    for line in lines:
        subprocess.run([*command, "-m", line, *more], timeout=PATIENCE, check=True)


class MosquittoSub(program.Process):
    """mosquitto_sub until it has received so many messages."""

    def __init__(self, queue, count, version="5"):
        command = ["stdbuf", "-oL", "mosquitto_sub", "-h", BROKER.hostname, "-p", str(BROKER.port), "-V", version]
        super().__init__([*command, "-q", queue[1], "-t", topic_of(queue), "-C", str(count), "-d", "-F", "message %p"])
        self.first = b""
        while b"Subscribed" not in self.first:
            self.first = self.process.stdout.readline()
            assert self.first, self.log()

    def payloads(self):
        output, _ = self.process.communicate(timeout=PATIENCE)
        return [line[8:].decode() for line in output.split(b"\n") if line.startswith(b"message ")]
