"""Every message of the catalogue, both ways, through trustgraph-base's own backend."""

import json
import unittest
import uuid

from trustgraph.base.pulsar_backend import dict_to_dataclass

import program
import python_side
import vectors
from surroundings import fresh_queue, needs_program

VECTORS = vectors.load()
# One property as the existing system sets it, one that needs care.
PROPERTIES = {"id": str(uuid.uuid4()), "näme": "wörth = 漢字, \"quoted\""}


class Catalogue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = python_side.backend()

    @classmethod
    def tearDownClass(cls):
        cls.backend.close()

    def send_all(self, queue, recorded):
        producer = self.backend.create_producer(queue, vectors.class_of(recorded[0].type), chunking_enabled=True)
        for vector in recorded:
            producer.send(vector.sent, PROPERTIES)
        producer.close()

    def test_there_are_74_types(self):
        self.assertEqual(len(VECTORS), 74)
        self.assertGreaterEqual(sum(len(each) for each in VECTORS.values()), 545)

    def test_python_to_python(self):
        for name, recorded in VECTORS.items():
            with self.subTest(name):
                queue = fresh_queue(name)
                consumer = self.backend.create_consumer(queue, "python", vectors.class_of(name))
                self.send_all(queue, recorded)
                for vector, message in zip(recorded, python_side.take(consumer, len(recorded))):
                    self.assertEqual(message._msg.data().decode(), vector.json)
                    self.assertTrue(vectors.equal(vector.decoded, message.value(), False), vector)
                    self.assertEqual(message.properties(), PROPERTIES)
                consumer.close()

    @needs_program
    def test_python_to_omnibus(self):
        for name, recorded in VECTORS.items():
            with self.subTest(name):
                queue = fresh_queue(name)
                count = len(recorded)
                with program.Tail(queue, name, count, nulls="emit", subscription="emit") as emit, program.Tail(
                    queue, name, count, nulls="omit", subscription="omit"
                ) as omit, program.Tail(queue, "raw", count, subscription="raw") as raw:
                    program.attached(raw, queue, 3)
                    self.send_all(queue, recorded)
                    self.check_values(recorded, emit.messages(), omit.messages())
                    self.assertEqual([each.decode() for each in raw.payloads()], [each.json for each in recorded])

    def check_values(self, recorded, emitted, omitted):
        for vector, (value, properties), (short, short_properties) in zip(recorded, emitted, omitted):
            expected = json.loads(vector.json)
            if vector.case == vectors.ALL_NULL:
                cls = vectors.class_of(vector.type)
                for written in (value, short):
                    read = dict_to_dataclass(written, cls)  # as the existing system reads it
                    self.assertTrue(vectors.equal(vector.decoded, read, True), f"{vector}: {written}")
            else:
                self.assertEqual(value, expected, vector)
                self.assertEqual(short, vectors.without_nulls(expected), vector)
            self.assertEqual(properties, PROPERTIES)
            self.assertEqual(short_properties, PROPERTIES)

    @needs_program
    def test_omnibus_to_python(self):
        for nulls in ("emit", "omit"):
            for name, recorded in VECTORS.items():
                with self.subTest(name, nulls=nulls):
                    queue = fresh_queue(name)
                    consumer = self.backend.create_consumer(queue, "python", vectors.class_of(name))
                    lines = [vector.json for vector in recorded]
                    program.send(queue, name, lines, nulls=nulls, properties=PROPERTIES)
                    self.check_objects(recorded, python_side.take(consumer, len(recorded)), nulls)
                    consumer.close()

    def check_objects(self, recorded, messages, nulls):
        written = program.convert(recorded[0].type, [vector.json for vector in recorded], nulls)
        for vector, message, text in zip(recorded, messages, written):
            self.assertEqual(message._msg.data().decode(), text)
            lenient = nulls == "omit" or vector.case == vectors.ALL_NULL
            self.assertTrue(vectors.equal(vector.decoded, message.value(), lenient), f"{vector}: {text}")
            self.assertEqual(message.properties(), PROPERTIES)


if __name__ == "__main__":
    unittest.main()
