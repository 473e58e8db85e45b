"""TLS, tokens and rights: the existing system and omnibus on a Pulsar that wants them."""

import os
import subprocess
import time
import unittest
import urllib.parse

import pulsar
from trustgraph.base.pulsar_backend import PulsarBackend
from trustgraph.schema import TextDocument

import python_side
from surroundings import PATIENCE, PROGRAM, fresh_queue, needs_program, pulsar_topic

PLAIN = os.environ["OMNIBUS_INTEROP_SECURE_PLAIN"]
TLS = os.environ["OMNIBUS_INTEROP_SECURE_TLS"]
AUTHORITY = os.environ["OMNIBUS_INTEROP_SECURE_CA"]
TOKENS = {
    role: os.environ[f"OMNIBUS_INTEROP_SECURE_{role.upper()}_TOKEN"] for role in ("client", "guest")
}
DOCUMENTS = [TextDocument(text=f"document {number}".encode()) for number in range(20)]


def read(file):
    with open(file, encoding="ascii") as text:
        return text.read().strip()


def address(url=TLS, **parameters):
    return url + "?" + urllib.parse.urlencode(parameters, safe="/")


def run(arguments, url, lines=""):
    """The program's exit status, output and seconds."""
    began = time.monotonic()
    done = subprocess.run(
        [PROGRAM, *arguments, "--pubsub-url", url],
        input=lines,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
    )
    return done.returncode, done.stdout + done.stderr, time.monotonic() - began


class Secure(unittest.TestCase):
    def setUp(self):
        self.queue = fresh_queue("secure")
        # As the existing system connects: a token, no TLS.
        self.backend = PulsarBackend(PLAIN, api_key=read(TOKENS["client"]))
        self.addCleanup(self.backend.close)

    def tls_client(self):
        client = pulsar.Client(
            TLS,
            authentication=pulsar.AuthenticationToken(read(TOKENS["client"])),
            tls_trust_certs_file_path=AUTHORITY,
            tls_validate_hostname=True,
        )
        self.addCleanup(client.close)
        return client

    def test_python_to_python(self):
        consumer = self.tls_client().subscribe(pulsar_topic(self.queue), "s")
        producer = self.backend.create_producer(self.queue, TextDocument)
        producer.send(DOCUMENTS[0])
        self.assertIn(b"document 0", consumer.receive(timeout_millis=int(PATIENCE * 1000)).data())

    @needs_program
    def test_omnibus_to_python(self):
        consumer = self.backend.create_consumer(self.queue, "s", TextDocument)
        lines = "".join('{"text":"%s"}\n' % each.text.decode() for each in DOCUMENTS)
        status, output, _ = run(
            ["send", self.queue, "--type", "TextDocument"],
            address(tls_ca=AUTHORITY, token_file=TOKENS["client"]),
            lines,
        )
        self.assertEqual(status, 0, output)
        self.assertEqual(
            [each.value().text for each in python_side.take(consumer, len(DOCUMENTS))], [each.text for each in DOCUMENTS]
        )

    @needs_program
    def test_python_to_omnibus(self):
        consumer = self.backend.create_consumer(self.queue, "s", TextDocument)
        consumer.close()
        producer = self.backend.create_producer(self.queue, TextDocument)
        for document in DOCUMENTS:
            producer.send(document)
        status, output, _ = run(
            ["tail", self.queue, "--type", "TextDocument", "--subscription", "s", "--count", str(len(DOCUMENTS))],
            address(tls_ca=AUTHORITY, token=read(TOKENS["client"])),
        )
        self.assertEqual(status, 0, output)
        for document in DOCUMENTS:
            self.assertIn(f'"{document.text.decode()}"', output)

    def refused(self, url, *words):
        """Fails soon, says why in one line, and does not show a token."""
        status, output, seconds = run(["send", self.queue, "--type", "TextDocument"], url, '{"text":"x"}\n')
        self.assertIn(status, (1, 3), output)
        self.assertLess(seconds, 10)
        self.assertTrue(any(word in output.lower() for word in words), output)
        for file in TOKENS.values():
            self.assertNotIn(read(file), output)
        self.assertNotIn("not-a-token", output)

    @needs_program
    def test_an_authority_that_is_not_trusted(self):
        self.refused(address(token_file=TOKENS["client"]), "certificate")

    @needs_program
    def test_a_bad_token(self):
        self.refused(address(tls_ca=AUTHORITY, token="not-a-token"), "auth", "credential", "token")

    @needs_program
    def test_no_token(self):
        self.refused(address(tls_ca=AUTHORITY), "auth", "credential", "token")

    @needs_program
    def test_missing_rights(self):
        self.refused(address(tls_ca=AUTHORITY, token_file=TOKENS["guest"]), "auth", "forbidden", "right", "permission")


if __name__ == "__main__":
    unittest.main()
