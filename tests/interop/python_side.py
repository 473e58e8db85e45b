"""The existing system as a peer: trustgraph-base's own backend, and the official client under it."""

import pulsar
from trustgraph.base.pulsar_backend import PulsarBackend

from surroundings import PATIENCE, URL

ERRORS_ONLY = pulsar.ConsoleLogger(pulsar.LoggerLevel.Error)


class _QuietClient(pulsar.Client):
    """The backend makes a client that logs every connection."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **{"logger": ERRORS_ONLY, **options})


pulsar.Client = _QuietClient


def backend():
    return PulsarBackend(URL)


def client():
    return pulsar.Client(URL, operation_timeout_seconds=int(PATIENCE))


def take(consumer, count):
    """So many messages of a trustgraph consumer, acknowledged."""
    messages = []
    for _ in range(count):
        message = consumer.receive(timeout_millis=int(PATIENCE * 1000))
        consumer.acknowledge(message)
        messages.append(message)
    return messages


def nothing_more(consumer, milliseconds=300):
    try:
        consumer.receive(timeout_millis=milliseconds)
    except pulsar.Timeout:
        return True
    return False
