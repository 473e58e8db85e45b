"""paho-mqtt and Mosquitto's own programs, with omnibus on a real Mosquitto, both ways."""

import json
import unittest
import uuid

from paho.mqtt.client import MQTTv5, MQTTv311

import program
import vectors
from mqtt_side import MosquittoSub, Paho, mosquitto_pub, qos_of, topic_of, user_properties
from surroundings import fresh_queue, needs_program, wait_until

VECTORS = vectors.load()
# One property as the existing system sets it, one that needs care.
PROPERTIES = {"id": str(uuid.uuid4()), "näme": "wörth = 漢字, \"quoted\""}
LINES = ['{"text":"document %d"}' % number for number in range(20)]


def kept(queue, kind, count, send, **options):
    """What `omnibus tail` reads of what `send` sends, through a durable subscription that is there before."""
    program.subscribe(queue, "kept")
    send()
    with program.Tail(queue, kind, count, subscription="kept", **options) as tail:
        return tail.messages()


class Catalogue(unittest.TestCase):
    """Every message of the catalogue, with user properties."""

    def setUp(self):
        self.paho = self.enterContext(Paho())

    def publish(self, queue, recorded):
        for vector in recorded:
            self.paho.publish(topic_of(queue), vector.json.encode(), qos_of(queue), PROPERTIES.items())

    def test_paho_to_paho(self):
        for name, recorded in VECTORS.items():
            queue = fresh_queue(name)
            self.paho.subscribe(topic_of(queue), 1)
            self.publish(queue, recorded)
            for vector, message in zip(recorded, self.paho.take(len(recorded))):
                self.assertEqual(message.payload.decode(), vector.json)
                self.assertEqual(dict(user_properties(message)), PROPERTIES)

    @needs_program
    def test_paho_to_omnibus(self):
        for name, recorded in VECTORS.items():
            with self.subTest(name):
                queue = fresh_queue(name)
                received = kept(queue, name, len(recorded), lambda: self.publish(queue, recorded), nulls="emit")
                for vector, (value, properties) in zip(recorded, received):
                    if vector.case != vectors.ALL_NULL:
                        self.assertEqual(value, json.loads(vector.json), vector)
                    self.assertEqual(properties, PROPERTIES)

    @needs_program
    def test_omnibus_to_paho(self):
        for name, recorded in VECTORS.items():
            with self.subTest(name):
                queue = fresh_queue(name)
                lines = [vector.json for vector in recorded]
                self.paho.subscribe(topic_of(queue), 2)
                program.send(queue, name, lines, nulls="emit", properties=PROPERTIES)
                written = program.convert(name, lines, "emit")
                for text, message in zip(written, self.paho.take(len(recorded))):
                    self.assertEqual(message.payload.decode(), text)
                    self.assertEqual(message.qos, 1)
                    self.assertFalse(message.retain)
                    self.assertEqual(dict(user_properties(message)), PROPERTIES)


class Clients(unittest.TestCase):
    """Qualities of service, versions, keys and names."""

    def texts(self, received):
        return ['{"text":%s}' % json.dumps(value["text"]) for value, _ in received]

    def test_paho_to_mosquitto_sub(self):
        for qos in ("q0", "q1", "q2"):
            queue = fresh_queue("tools", qos)
            with MosquittoSub(queue, len(LINES)) as sub, Paho() as paho:
                for line in LINES:
                    paho.publish(topic_of(queue), line, qos_of(queue))
                self.assertEqual(sub.payloads(), LINES)

    @needs_program
    def test_omnibus_to_clients_of_both_versions(self):
        for qos in ("q0", "q1", "q2"):
            with self.subTest(qos):
                queue = fresh_queue("clients", qos)
                with Paho(MQTTv5) as new, Paho(MQTTv311) as old, MosquittoSub(queue, len(LINES)) as sub, MosquittoSub(
                    queue, len(LINES), "311"
                ) as old_sub:
                    new.subscribe(topic_of(queue), 2)
                    old.subscribe(topic_of(queue), 2)
                    program.send(queue, "TextDocument", LINES)
                    for paho in (new, old):
                        received = paho.take(len(LINES))
                        self.assertEqual([message.payload.decode() for message in received], LINES)
                        self.assertEqual({message.qos for message in received}, {qos_of(queue)})
                    self.assertEqual(sub.payloads(), LINES)
                    self.assertEqual(old_sub.payloads(), LINES)

    @needs_program
    def test_clients_of_both_versions_to_omnibus(self):
        for qos in ("q1", "q2"):
            for version in (MQTTv5, MQTTv311):
                with self.subTest(qos, version=version):
                    queue = fresh_queue("clients", qos)

                    def send():
                        with Paho(version) as paho:
                            for line in LINES:
                                paho.publish(topic_of(queue), line, qos_of(queue))

                    self.assertEqual(self.texts(kept(queue, "TextDocument", len(LINES), send)), LINES)

    @needs_program
    def test_mosquitto_pub_to_omnibus(self):
        for qos in ("q1", "q2"):
            for version in ("5", "311"):
                with self.subTest(qos, version=version):
                    queue = fresh_queue("pub", qos)
                    received = kept(queue, "TextDocument", 5, lambda: mosquitto_pub(queue, LINES[:5], "-V", version))
                    self.assertEqual(self.texts(received), LINES[:5])

    @needs_program
    def test_properties_of_mosquitto_pub(self):
        queue = fresh_queue("properties")
        properties = ["-D", "publish", "user-property", "one", "1", "-D", "publish", "user-property", "two", "2"]
        received = kept(queue, "TextDocument", 1, lambda: mosquitto_pub(queue, LINES[:1], "-V", "5", *properties))
        self.assertEqual(received[0][1], {"one": "1", "two": "2"})

    @needs_program
    def test_best_effort_to_omnibus(self):
        queue = fresh_queue("lossy", "q0")
        with program.Tail(queue, "TextDocument", 1) as tail, Paho() as paho:

            def ended():  # what comes before it listens is lost
                paho.publish(topic_of(queue), LINES[0], 0)
                return tail.process.poll() is not None

            wait_until(ended, "a message that is not lost")
            self.assertEqual(self.texts(tail.messages()), LINES[:1])

    @needs_program
    def test_key(self):
        queue = fresh_queue("key")
        with Paho() as paho:
            paho.subscribe(topic_of(queue), 1)
            program.send(queue, "TextDocument", LINES[:1], key="clé", properties={"a": "b"})
            self.assertEqual(sorted(user_properties(paho.take(1)[0])), [("a", "b"), ("omnibus-key", "clé")])

            def send():
                paho.publish(topic_of(queue), LINES[1], 1, [("omnibus-key", "clé"), ("a", "b")])

            self.assertEqual(kept(queue, "TextDocument", 1, send)[0][1], {"a": "b"})

    @needs_program
    def test_names_that_MQTT_gives_a_meaning(self):
        queue = fresh_queue("a+b#c%d/$e")
        topic = topic_of(queue).replace("%", "%25").replace("+", "%2B").replace("#", "%23")
        with Paho() as paho:
            paho.subscribe(topic, 1)
            program.send(queue, "TextDocument", LINES[:1])
            self.assertEqual(paho.take(1)[0].topic, topic)
            self.assertEqual(
                self.texts(kept(queue, "TextDocument", 1, lambda: paho.publish(topic, LINES[1], 1))), LINES[1:2]
            )

    @needs_program
    def test_bytes_stay_as_they_are(self):
        queue, payloads = fresh_queue("raw"), [b"\0", bytes(range(256)), b"x" * (1 << 20)]
        with Paho() as paho:
            paho.subscribe(topic_of(queue), 1)
            program.send_bytes(queue, payloads)
            self.assertEqual([bytes(message.payload) for message in paho.take(3)], payloads)
            program.subscribe(queue, "kept")
            for payload in payloads:
                paho.publish(topic_of(queue), payload, 1)
            with program.Tail(queue, "raw", 3, subscription="kept") as tail:
                self.assertEqual(tail.payloads(), payloads)


if __name__ == "__main__":
    unittest.main()
