#!/usr/bin/env python3
"""Throughput of the official Pulsar client from Python, in the setting of `omnibus bench`: one process sends, receives
and acknowledges. Prints a JSON line.

Usage: pulsar_client.py URL MESSAGES SIZE
"""

import json
import os
import sys
import threading
import time

import pulsar

WINDOW = 8192


def main(url, messages, size):
    client = pulsar.Client(url, logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
    topic = f"persistent://tg/bench/python-{os.getpid()}-{time.time_ns()}"
    consumer = client.subscribe(topic, "bench", consumer_type=pulsar.ConsumerType.Shared,
                                initial_position=pulsar.InitialPosition.Earliest)
    producer = client.create_producer(topic, batching_enabled=True, batching_max_messages=1000,
                                      batching_max_publish_delay_ms=1, max_pending_messages=WINDOW,
                                      block_if_queue_full=True)
    failed = []

    def confirmed(result, _):
        if result != pulsar.Result.Ok:
            failed.append(result)

    def send():
        payload = b"x" * size
        for _ in range(messages):
            producer.send_async(payload, confirmed)
        producer.flush()

    sender = threading.Thread(target=send)
    began = time.perf_counter()
    sender.start()
    for _ in range(messages):
        consumer.acknowledge(consumer.receive(timeout_millis=60_000))
    seconds = time.perf_counter() - began
    sender.join()
    client.close()
    print(json.dumps({"backend": "pulsar-client", "mode": "throughput", "messages": messages, "size": size,
                      "failed": len(failed), "seconds": round(seconds, 3),
                      "messages_per_second": round(messages / seconds)}, separators=(",", ":")))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
