"""What the official client can do to a message on its way: batches, compression, chunks, keys, partitions; both ways."""

import os
import random
import unittest

import pulsar

import program
import python_side
from surroundings import (
    PATIENCE,
    admin,
    fresh_queue,
    needs_program,
    pulsar_topic,
    statistics,
    subscriptions,
    topic_path,
    wait_until,
)

COMPRESSIONS = {
    "none": pulsar.CompressionType.NONE,
    "lz4": pulsar.CompressionType.LZ4,
    "zlib": pulsar.CompressionType.ZLib,
    "zstd": pulsar.CompressionType.ZSTD,
    "snappy": pulsar.CompressionType.SNAPPY,
}
MEBIBYTE = 1024 * 1024


def payloads(count, seed):
    """Of many sizes, some of them empty, half of them compressible."""
    source = random.Random(seed)
    made = []
    for number in range(count):
        size = source.choice([0, 1, 2, 100, 1000, 5000, 40_000])
        made.append(source.randbytes(size) if number % 2 else (b"%d " % number * size)[:size])
    return made


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = python_side.client()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def consumer(self, queue, subscription="python", **options):
        options = {"consumer_type": pulsar.ConsumerType.Shared, **options}
        return self.client.subscribe(pulsar_topic(queue), subscription, **options)

    def take(self, consumer, count, acknowledge=True):
        messages = []
        for _ in range(count):
            message = consumer.receive(timeout_millis=int(PATIENCE * 1000))
            if acknowledge:
                consumer.acknowledge(message)
            messages.append(message)
        return messages

    def send(self, queue, messages, properties=None, key=None, **options):
        """Through one producer, waiting only at the end, so that batches fill."""
        failures = []
        producer = self.client.create_producer(pulsar_topic(queue), block_if_queue_full=True, **options)
        for message in messages:
            producer.send_async(
                message,
                lambda result, _: None if result == pulsar.Result.Ok else failures.append(result),
                properties=properties,
                partition_key=key,
            )
        producer.flush()
        producer.close()
        self.assertEqual(failures, [])

    # Ways in which the official client sends; each must arrive as it was sent.
    def ways(self):
        for name, compression in COMPRESSIONS.items():
            yield f"{name}, single", {"compression_type": compression}, payloads(60, name)
            batching = {
                "batching_enabled": True,
                "batching_max_messages": 50,
                "batching_max_publish_delay_ms": 20,
                "compression_type": compression,
            }
            yield f"{name}, batches", batching, payloads(300, name)
            big = [os.urandom(11 * MEBIBYTE), b"small", b"compressible " * MEBIBYTE, b""]
            yield f"{name}, chunks", {"chunking_enabled": True, "compression_type": compression}, big
        yield "a batch of one", {"batching_enabled": True, "batching_max_publish_delay_ms": 1}, [b"alone"]

    def test_python_to_python(self):
        for name, options, messages in self.ways():
            with self.subTest(name):
                queue = fresh_queue("client")
                consumer = self.consumer(queue)
                if name.startswith("zlib"):
                    # The official client discards an empty message that it compressed itself: "Failed to decompress".
                    messages = [each for each in messages if each or "batches" in name]
                self.send(queue, messages, {"name": name}, "a key", **options)
                got = self.take(consumer, len(messages))
                self.assertEqual([each.data() for each in got], messages)
                self.assertEqual({each.partition_key() for each in got}, {"a key"})
                self.assertTrue(all(each.properties() == {"name": name} for each in got))
                consumer.close()

    @needs_program
    def test_python_to_omnibus(self):
        for name, options, messages in self.ways():
            with self.subTest(name):
                queue = fresh_queue("client")
                with program.Tail(queue, "raw", len(messages), subscription="omnibus") as tail:
                    program.attached(tail, queue, 1)
                    self.send(queue, messages, {"name": name}, "a key", **options)
                    got = tail.messages()
                    self.assertEqual([program.base64.b64decode(value) for value, _ in got], messages)
                    self.assertTrue(all(properties == {"name": name} for _, properties in got))
                wait_until(lambda: subscriptions(queue)["omnibus"]["msgBacklog"] == 0, "all of it acknowledged")

    @needs_program
    def test_omnibus_to_python(self):
        for compression in COMPRESSIONS:
            for batching in ("on", "off"):
                with self.subTest(compression, batching=batching):
                    queue = fresh_queue("client")
                    consumer = self.consumer(queue)
                    messages = payloads(300, compression)
                    options = {"compression": compression, "batching": batching}
                    program.send_bytes(queue, messages, properties={"a": "b"}, key="a key", options=options)
                    got = self.take(consumer, len(messages))
                    self.assertEqual([each.data() for each in got], messages)
                    self.assertEqual({each.partition_key() for each in got}, {"a key"})
                    self.assertTrue(all(each.properties() == {"a": "b"} for each in got))
                    self.assertTrue(python_side.nothing_more(consumer))
                    self.assertEqual(any(each.message_id().batch_index() >= 0 for each in got), batching == "on")
                    self.check_size(queue, messages, compression != "none")
                    self.check_entries(queue, len(messages), batching == "on")
                    consumer.close()

    def check_size(self, queue, messages, compressed):
        """Half of the payloads compress to nearly nothing."""
        came = statistics(queue)["bytesInCounter"]
        size = sum(len(each) for each in messages)
        self.assertEqual(came < 0.75 * size, compressed, f"{came} bytes came for {size}")

    def check_entries(self, queue, count, batched):
        """One entry each, or several in one."""
        entries = admin("GET", topic_path(queue) + "/internalStats")["entriesAddedCounter"]
        if batched:
            self.assertLess(entries, count / 2, "hardly anything travelled together")
        else:
            self.assertEqual(entries, count)

    @needs_program
    def test_omnibus_chunks_to_python(self):
        for compression in COMPRESSIONS:
            with self.subTest(compression):
                queue = fresh_queue("chunks")
                consumer = self.consumer(queue)
                messages = [os.urandom(11 * MEBIBYTE), b"small", b"compressible " * MEBIBYTE, b"last"]
                program.send_bytes(queue, messages, options={"compression": compression})
                self.assertEqual([each.data() for each in self.take(consumer, 4)], messages)
                self.assertGreaterEqual(statistics(queue)["msgInCounter"], 6, "no chunks")
                consumer.close()

    def half_of_a_batch(self, queue, read_half):
        """One batch of 100 lies there; read_half() takes 50, another consumer must get the others."""
        self.consumer(queue, "s").close()
        messages = [b"%d" % number for number in range(100)]
        self.send(
            queue,
            messages,
            batching_enabled=True,
            batching_max_messages=100,
            batching_max_publish_delay_ms=5000,
        )
        self.assertEqual(read_half(), messages[:50])
        consumer = self.consumer(queue, "s", batch_index_ack_enabled=True)
        rest = [each.data() for each in self.take(consumer, 50)]
        self.assertEqual(rest, messages[50:])
        self.assertTrue(python_side.nothing_more(consumer))
        consumer.close()

    def test_half_of_a_batch_python(self):
        queue = fresh_queue("half")

        def read_half():
            consumer = self.consumer(queue, "s", batch_index_ack_enabled=True)
            got = [each.data() for each in self.take(consumer, 50)]
            consumer.close()
            return got

        self.half_of_a_batch(queue, read_half)

    @needs_program
    def test_half_of_a_batch_omnibus(self):
        queue = fresh_queue("half")

        def read_half():
            with program.Tail(queue, "raw", 50, subscription="s") as tail:
                return tail.payloads()

        self.half_of_a_batch(queue, read_half)

    @needs_program
    def test_partitions(self):
        """A partitioned queue: each key stays in order, nothing is left out, both ways."""
        messages = [b"%d" % number for number in range(200)]
        queue = fresh_queue("partitions")
        admin("PUT", topic_path(queue) + "/partitions", 4)
        with program.Tail(queue, "raw", len(messages), subscription="omnibus") as tail:
            partitions = [f"{queue}-partition-{number}" for number in range(4)]
            wait_until(
                lambda: all("omnibus" in subscriptions(each) for each in partitions), "a reader of each partition"
            )
            self.send(queue, messages)
            self.assertEqual(sorted(tail.payloads()), sorted(messages))
        consumer = self.consumer(queue)
        program.send_bytes(queue, messages)
        self.assertEqual(sorted(each.data() for each in self.take(consumer, len(messages))), sorted(messages))
        program.send_bytes(queue, messages, key="a key")
        keyed = self.take(consumer, len(messages))
        self.assertEqual([each.data() for each in keyed], messages)
        self.assertEqual(len({each.topic_name() for each in keyed}), 1)
        consumer.close()

    @needs_program
    def test_best_effort_both_ways(self):
        queue = fresh_queue("best-effort", "q0")
        messages = payloads(50, "best effort")
        with program.Tail(queue, "raw", len(messages), subscription="omnibus") as tail:
            program.attached(tail, queue, 1)
            self.send(queue, messages)
            self.assertEqual(tail.payloads(), messages)
        consumer = self.consumer(queue)
        program.send_bytes(queue, messages)
        self.assertEqual([each.data() for each in self.take(consumer, len(messages))], messages)
        consumer.close()

    @needs_program
    def test_one_subscription_shared(self):
        """A Python and an omnibus consumer of one subscription: each message goes to one of them."""
        queue = fresh_queue("shared")
        messages = [b"%d" % number for number in range(400)]
        consumer = self.consumer(queue, "s", receiver_queue_size=1)
        with program.Tail(queue, "raw", 100, subscription="s") as tail:
            program.attached(tail, queue, 2)
            self.send(queue, messages)
            by_omnibus = tail.payloads()
        by_python = [each.data() for each in self.take(consumer, 300)]
        self.assertTrue(python_side.nothing_more(consumer))
        self.assertEqual(sorted(by_omnibus + by_python), sorted(messages))
        consumer.close()


if __name__ == "__main__":
    unittest.main()
