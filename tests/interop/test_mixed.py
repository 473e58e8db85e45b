"""Services of the existing system and of omnibus as one system on one Pulsar, under the existing clients."""

import json
import unittest

from trustgraph.api import Api, ConfigValue

import program
from background import InBackground
from rows import check
from surroundings import PATIENCE, needs_program, readers, subscriptions, wait_for_readers, wait_until
from system import Mixed
from test_programs import MODELS

GREETING = "[echo|0.0] Be exact.\n\nSum up: "


class MixedTest:
    """What holds for every mixture."""

    python = ()

    @classmethod
    def setUpClass(cls):
        cls.system = cls.enterClassContext(Mixed(cls.python))
        cls.flow = cls.system.prepared_flow()

    def prompt(self, text, flow=None):
        return self.system.api().flow().id(flow or self.flow).prompt("sum-up", {"text": text})

    def streamed(self, text, flow=None):
        socket = self.system.api().socket().flow(flow or self.flow)
        return list(socket.prompt("sum-up", {"text": text}, streaming=True))

    def test_requests_are_answered(self):
        flow = self.system.api().flow().id(self.flow)
        self.assertEqual(flow.text_completion("Be brief.", "naïve 漢字"), "[echo|0.0] Be brief.\n\nnaïve 漢字")
        self.assertEqual(self.prompt("naïve 漢字"), GREETING + "naïve 漢字")
        self.assertEqual(flow.prompt("facts", {"name": "Ann"}), {"name": "Ann"})
        answers = [InBackground(lambda n=n: self.prompt(f"text {n}")) for n in range(30)]
        self.assertEqual([each.result() for each in answers], [f"{GREETING}text {n}" for n in range(30)])

    def test_refusals_are_told(self):
        flow = self.system.api().flow().id(self.flow)
        with self.assertRaisesRegex(Exception, "llm-error: 'nosuch'"):
            flow.prompt("nosuch", {})
        with self.assertRaisesRegex(Exception, "llm-error: .*the model failed"):
            flow.text_completion("s", "FAIL")
        with self.assertRaisesRegex(Exception, "llm-error: .*the model failed"):
            self.prompt("FAIL")
        with self.assertRaisesRegex(Exception, "flow-error: Flow already exists"):
            self.system.api().flow().start("all", self.flow, "again")

    def test_streams_are_complete(self):
        # Together less than half of what the official client lets the broker send ahead: what a reader of the existing system
        # has no room for is dropped, the queue being a best-effort one.
        words = " ".join(f"word{number}" for number in range(100))
        streams = [InBackground(lambda n=n: self.streamed(f"{n} {words}")) for n in range(4)]
        for number, stream in enumerate(streams):
            pieces = stream.result()
            self.assertEqual("".join(pieces), f"{GREETING}{number} {words}")
            self.assertGreater(len(pieces), 100)

    def test_programs(self):
        with open(f"{self.system.folder}/text", "w", encoding="utf-8") as file:
            file.write("A text.")
        check(self, self.system, MODELS, flow=self.flow)

    def test_a_flow_stopped_and_started_loses_nothing(self):
        """Answers to what is in work come, what waits in a queue is done after the start."""
        flow = self.system.prepared_flow()
        documents, chunks = f"q1/tg/flow/text-document-load:{flow}", f"q1/tg/flow/chunk:{flow}"
        program.subscribe(chunks, "interop", self.system.queues)
        socket = self.system.api().socket().flow(flow)
        whole = InBackground(lambda: self.prompt("WAIT for this", flow))
        stream = InBackground(lambda: list(socket.text_completion("s", "WAIT for that", streaming=True)))
        asked = self.system.model.contents
        wait_until(lambda: sum("WAIT for th" in each for each in asked) == 2, "the model's hearing of both")
        stop = InBackground(lambda: self.system.stop_flow(flow))
        wait_until(lambda: flow not in self.system.api().flow().list(), "the stop")
        self.system.model.release()
        self.assertEqual(whole.result(), GREETING + "WAIT for this")
        self.assertEqual("".join(stream.result()), "[echo|0.0] s\n\nWAIT for that")
        stop.result()
        metadata = {"id": "urn:doc", "metadata": [], "user": "ann", "collection": "c"}
        lines = [json.dumps({"metadata": metadata, "text": f"text {number}"}) for number in range(50)]
        program.send(documents, "TextDocument", lines)
        self.system.start_flow(flow)
        with program.Tail(chunks, "Chunk", 50, subscription="interop") as tail:
            came = [value["chunk"] for value, _ in tail.messages()]
        self.assertEqual(sorted(came), sorted(f"text {number}" for number in range(50)))
        self.assertEqual(self.prompt("after", flow), GREETING + "after")
        self.assertEqual("".join(self.streamed("after", flow)), GREETING + "after")


@needs_program
class PythonPrompt(MixedTest, unittest.TestCase):
    """Gateway, config, flow, chunker and text completion of omnibus with the existing prompt-template."""

    python = ("prompt",)

    def test_the_configuration_moves_to_another_service(self):
        """Flows go on; omnibus services start again, because the new store counts versions from 1."""
        whole, _ = self.system.api().config().all()
        self.system.end("config-svc")
        self.system.start_config("another")
        values = [ConfigValue(type=kind, key=key, value=value) for kind in whole for key, value in whole[kind].items()]
        self.system.api().config().put(values)
        self.assertEqual(self.system.api().config().all(), (whole, 1))
        self.check_prompts(5)
        self.system.end_services()
        self.system.start_services()
        self.system.wait_for_flow(self.flow)
        self.check_prompts(5)
        self.system.stop_flow(self.flow)
        self.system.start_flow(self.flow)
        self.check_prompts(5)

    def test_the_service_moves_and_comes_back(self):
        """The new one starts beside the old one, on the same subscription; then the old one ends."""
        queue = f"q0/tg/request/prompt:{self.flow}"
        self.system.stop_flow(self.flow)
        self.system.start_flow(self.flow)
        self.system.forget_pushes()
        moves = (
            (self.system.omnibus_prompt, "prompt-template"),
            (self.system.existing_prompt, "prompt"),
        )
        for start, old in moves:
            start()
            wait_for_readers(queue, 2)
            self.assertEqual(len(subscriptions(queue)), 1)
            self.check_prompts(20)
            self.system.end(old)
            wait_until(lambda: readers(queue) == 1, f"the end of {old}")
            self.check_prompts(20)

    def check_prompts(self, count):
        for number in range(count):
            self.assertEqual(self.prompt(f"text {number}"), f"{GREETING}text {number}")
        self.assertEqual("".join(self.streamed("a stream")), GREETING + "a stream")


@needs_program
class PythonGateway(MixedTest, unittest.TestCase):
    """The existing api-gateway in front of omnibus services."""

    python = ("gateway",)

    def test_both_gateways_at_once(self):
        """Each gets its own answers."""
        urls = (self.system.url, self.system.omnibus_gateway())
        asked = [(urls[number % 2], f"text {number}") for number in range(40)]

        def ask(url, text):
            return Api(url, timeout=int(PATIENCE)).flow().id(self.flow).prompt("sum-up", {"text": text})

        answers = [InBackground(lambda each=each: ask(*each)) for each in asked]
        self.assertEqual([each.result() for each in answers], [GREETING + text for _, text in asked])


if __name__ == "__main__":
    unittest.main()
