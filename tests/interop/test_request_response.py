"""Requests and responses, configuration and flows between the existing system's base classes and omnibus services."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import unittest
import uuid

from trustgraph.base.request_response_spec import RequestResponse
from trustgraph.clients.config_client import ConfigClient
from trustgraph.schema import (
    Chunk,
    ConfigPush,
    Metadata,
    TextCompletionRequest,
    TextCompletionResponse,
    TextDocument,
)

import program
import python_side
from surroundings import PATIENCE, PEER, URL, fresh_queue, needs_peer, needs_program, wait_for_readers, wait_until

REQUESTS = [
    TextCompletionRequest(system="you are", prompt="alpha"),
    TextCompletionRequest(system="sys", prompt="one two three", streaming=True),
    TextCompletionRequest(system="naïve", prompt="漢字 🎉", streaming=False),
    TextCompletionRequest(prompt="FAIL"),
    TextCompletionRequest(prompt="FAIL", streaming=False),
] + [TextCompletionRequest(system="many", prompt=f"request {number}") for number in range(40)]


def expected(request, model):
    """The answers to a request, as (text, words, error, is the last)."""
    if request.prompt == "FAIL":
        return [(None, None, "llm-error", True)]
    if not request.streaming:
        return [(f"{request.system}::{request.prompt}", model, None, True)]
    words = [(word, "echo", None, False) for word in request.prompt.split(" ")]
    return words + [("", "echo", None, True)]


class Flow:
    """The queues of one text completion flow, and the push of its definition."""

    def __init__(self):
        self.push = fresh_queue("push", "q2")
        self.request = fresh_queue("request", "q0")
        self.response = fresh_queue("response", "q0")
        self.definition = {"request": self.request, "response": self.response, "model": "a model"}

    def config(self):
        return {"active-flow": {"text-completion": json.dumps({"a flow": self.definition})}}

    def announce(self, backend):
        """As the existing configuration service does."""
        producer = backend.create_producer(self.push, ConfigPush)
        producer.send(ConfigPush(version=1, config=self.config()))
        producer.close()


def python_service(*arguments):
    """llm_service.py as a process."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "llm_service.py")
    command = [sys.executable, file, "--pulsar-host", URL, "--no-metrics", "--no-loki-enabled", *arguments]
    return program.Process(command)


class RequestsAndResponses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = python_side.backend()

    @classmethod
    def tearDownClass(cls):
        cls.backend.close()

    def check(self, answers):
        """answers: per request a list of (text, model, error type, last)."""
        for request, got in zip(REQUESTS, answers, strict=True):
            self.assertEqual(got, expected(request, "a model"), request)

    def ask_from_python(self, flow):
        return asyncio.run(self.ask(flow))

    async def ask(self, flow):
        client = RequestResponse(
            backend=self.backend,
            subscription=str(uuid.uuid4()),
            consumer_name="interop",
            request_topic=flow.request,
            request_schema=TextCompletionRequest,
            request_metrics=None,
            response_topic=flow.response,
            response_schema=TextCompletionResponse,
            response_metrics=None,
        )
        await client.start()

        async def one(request):
            answers = []

            async def take(response):
                answers.append(
                    (
                        response.response,
                        response.model,
                        response.error.type if response.error else None,
                        response.end_of_stream,
                    )
                )
                return response.end_of_stream

            await client.request(request, timeout=PATIENCE, recipient=take)
            return answers

        try:
            return await asyncio.gather(*(one(request) for request in REQUESTS))
        finally:
            await client.stop()

    def ask_from_omnibus(self, flow):
        lines = "".join(json.dumps(vars(request)) + "\n" for request in REQUESTS)
        done = subprocess.run(
            [PEER, "ask", flow.request, flow.response, "--pubsub-url", URL, "--json-nulls", "emit"],
            input=lines,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return [
            [
                (
                    answer["response"],
                    answer["model"],
                    answer["error"] and answer["error"]["type"],
                    answer["end_of_stream"],
                )
                for answer in json.loads(line)
            ]
            for line in done.stdout.removesuffix("\n").split("\n")
        ]

    def python_answers(self, flow):
        """llm_service.py running in the flow."""
        flow.announce(self.backend)
        service = python_service("--config-push-queue", flow.push)
        wait_for_readers(flow.request)
        return service

    def omnibus_answers(self, flow):
        service = program.peer("answer", "--no-metrics", "--config-push-queue", flow.push)
        wait_for_readers(flow.push)
        flow.announce(self.backend)
        wait_for_readers(flow.request)
        return service

    def test_python_asks_python(self):
        flow = Flow()
        with self.python_answers(flow):
            self.check(self.ask_from_python(flow))

    @needs_peer
    def test_omnibus_asks_python(self):
        flow = Flow()
        with self.python_answers(flow):
            self.check(self.ask_from_omnibus(flow))

    @needs_peer
    def test_python_asks_omnibus(self):
        flow = Flow()
        with self.omnibus_answers(flow):
            self.check(self.ask_from_python(flow))

    @needs_peer
    def test_omnibus_asks_omnibus(self):
        flow = Flow()
        with self.omnibus_answers(flow):
            self.check(self.ask_from_omnibus(flow))


@needs_program
class Configuration(unittest.TestCase):
    """The omnibus configuration service with the existing system's client and processors."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.push = fresh_queue("push", "q2")
        self.service = program.service("config-svc", self.folder.name, "--config-push-queue", self.push)
        self.service.__enter__()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.service.wait_for_log("configuration at version")

    def client(self):
        client = ConfigClient(pulsar_host=URL, subscriber=str(uuid.uuid4()))
        return client

    def test_the_existing_client(self):
        client = self.client()
        value = {"type": "interop", "key": "k", "value": json.dumps({"a": "ü"})}
        client.put([value], timeout=PATIENCE)
        self.assertEqual(client.get([{"type": "interop", "key": "k"}], timeout=PATIENCE), [value])
        self.assertEqual(client.list("interop", timeout=PATIENCE), ["k"])
        self.assertEqual(client.getvalues("interop", timeout=PATIENCE), [value])
        config, version = client.config(timeout=PATIENCE)
        self.assertEqual(config["interop"], {"k": value["value"]})
        self.assertGreater(version, 0)
        missing = client.get([{"type": "interop", "key": "absent"}], timeout=PATIENCE)
        self.assertEqual(missing, [{"type": "interop", "key": "absent", "value": None}])
        client.delete([{"type": "interop", "key": "k"}], timeout=PATIENCE)
        self.assertEqual(client.list("interop", timeout=PATIENCE), [])

    def test_a_python_processor_follows_the_push(self):
        """Also one that starts after the change, and one that follows the change of a flow away."""
        backend = python_side.backend()
        self.addCleanup(backend.close)
        flow = Flow()
        value = {"type": "active-flow", "key": "text-completion", "value": flow.config()["active-flow"]["text-completion"]}
        with python_service("--config-push-queue", self.push):
            wait_for_readers(self.push)
            self.client().put([value], timeout=PATIENCE)
            wait_for_readers(flow.request)
            with python_service("--config-push-queue", self.push):
                wait_for_readers(flow.request, 2)
            requests = RequestsAndResponses()
            requests.backend = backend
            requests.check(requests.ask_from_python(flow))

    def test_documents_through_an_omnibus_chunker(self):
        backend = python_side.backend()
        self.addCleanup(backend.close)
        documents, chunks = fresh_queue("documents"), fresh_queue("chunks")
        definition = json.dumps({"a flow": {"input": documents, "output": chunks}})
        inbox = backend.create_consumer(chunks, "python", Chunk)
        with program.service(
            "chunker-recursive", self.folder.name, "--config-push-queue", self.push, "--chunk-size", "20", "--chunk-overlap", "0"
        ) as chunker:
            wait_for_readers(self.push)
            self.client().put([{"type": "active-flow", "key": "chunker", "value": definition}], timeout=PATIENCE)
            chunker.running()
            wait_for_readers(documents)
            outbox = backend.create_producer(documents, TextDocument, chunking_enabled=True)
            metadata = Metadata(id="a document", user="user", collection="collection")
            outbox.send(TextDocument(metadata=metadata, text="naïve words of\n\na document in\n\nthree parts".encode()))
            got = [message.value() for message in python_side.take(inbox, 3)]
        self.assertEqual([each.chunk.decode() for each in got], ["naïve words of", "a document in", "three parts"])
        self.assertTrue(all(each.metadata == metadata for each in got), got)


if __name__ == "__main__":
    unittest.main()
