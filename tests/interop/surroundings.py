"""Where the broker and the programs are, and how a test waits. Set by run.sh."""

import json
import os
import socket
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ.get("OMNIBUS_INTEROP_URL", "")  # none where no broker is needed
ADMIN = os.environ.get("OMNIBUS_INTEROP_ADMIN", "")
PROGRAM = os.environ.get("OMNIBUS_INTEROP_PROGRAM", "")
PEER = os.environ.get("OMNIBUS_INTEROP_PEER", "")
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
# Seconds that anything that must happen may take. A broker and services that start on a busy machine need many.
PATIENCE = float(os.environ.get("OMNIBUS_INTEROP_PATIENCE", "90"))

needs_program = unittest.skipUnless(PROGRAM, "without the omnibus program only Python talks to Python")
needs_peer = unittest.skipUnless(PEER, "without omnibus-interop-peer only Python talks to Python")


def fresh_queue(label, qos="q1"):
    """A queue that nobody used before."""
    return f"{qos}/tg/flow/interop:{uuid.uuid4().hex[:12]}:{label}"


def pulsar_topic(queue):
    qos, tenant, namespace, name = queue.split("/", 3)
    return f"{'non-persistent' if qos == 'q0' else 'persistent'}://{tenant}/{namespace}/{name}"


def free_port():
    """For programs that cannot choose one themselves and tell it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what):
    """Tries until it holds; returns what the condition returned."""
    deadline = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.02)


def admin(method, path, body=None):
    """The broker's REST interface; None when there is no such thing.

    Asked for statistics while a subscription is being made, the broker fails with a status of 500: what is only read is asked for again.
    """
    deadline = time.monotonic() + PATIENCE
    request = urllib.request.Request(
        f"{ADMIN}/admin/v2/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                text = response.read()
                return json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            if method != "GET" or error.code < 500 or time.monotonic() >= deadline:
                raise
        time.sleep(0.1)


def topic_path(queue):
    scheme, rest = pulsar_topic(queue).split("://", 1)
    tenant, namespace, name = rest.split("/", 2)
    return f"{scheme}/{tenant}/{namespace}/{urllib.parse.quote(name, safe='')}"


def statistics(queue):
    return admin("GET", topic_path(queue) + "/stats") or {}


def subscriptions(queue):
    return statistics(queue).get("subscriptions", {})


def readers(queue):
    return sum(len(each["consumers"]) for each in subscriptions(queue).values())


def wait_for_readers(queue, count=1):
    """Until so many consumers of the queue are there, whatever their subscriptions."""

    wait_until(lambda: readers(queue) >= count, f"{count} consumers of {queue}")
