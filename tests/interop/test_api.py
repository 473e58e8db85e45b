"""The existing system's client library, trustgraph.api, with omnibus."""

import json
import threading
import unittest

from trustgraph.api import Api, ConfigKey, ConfigValue, RAGChunk, Triple
from trustgraph.api.exceptions import FlowError, LLMError, TrustGraphException, UnexpectedError

import program
from surroundings import PATIENCE, needs_program, wait_until
from system import BLUEPRINT, Embedded


@needs_program
class ApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = cls.enterClassContext(Embedded())
        cls.flow = cls.system.prepared_flow()

    def setUp(self):
        self.api = self.system.api()


class Configuration(ApiTest):
    def test_values(self):
        config = self.api.config()
        config.put([ConfigValue(type="colour", key="sky", value="blue"), ConfigValue(type="colour", key="sea", value="ü")])
        self.assertEqual(config.list("colour"), ["sea", "sky"])
        got = config.get([ConfigKey(type="colour", key="sea"), ConfigKey(type="colour", key="mud")])
        self.assertEqual([each.value for each in got], ["ü", None])
        self.assertEqual({each.key: each.value for each in config.get_values("colour")}, {"sea": "ü", "sky": "blue"})
        everything, version = config.all()
        self.assertEqual(everything["colour"], {"sea": "ü", "sky": "blue"})
        config.delete([ConfigKey(type="colour", key="sea"), ConfigKey(type="colour", key="sky")])
        self.assertEqual(config.list("colour"), [])
        self.assertEqual(config.all()[1], version + 1)

    def test_everything_moves_to_another_service(self):
        """As one change; its flows run there."""
        whole, _ = self.api.config().all()
        with Embedded() as other:
            values = [
                ConfigValue(type=kind, key=key, value=value) for kind, keys in whole.items() for key, value in keys.items()
            ]
            other.api().config().put(values)
            other.wait_for_flow(self.flow)
            self.assertEqual(other.api().config().all(), (whole, 1))
            self.assertEqual(other.api().flow().id(self.flow).text_completion("s", "p"), "[echo|0.0] s\n\np")
            other.api().flow().stop(self.flow)

    def test_refusals_are_exceptions_of_the_library(self):
        with self.assertRaisesRegex(TrustGraphException, "bad-operation: Bad operation"):
            self.api.request("config", {"operation": "nonsense"})
        with self.assertRaisesRegex(TrustGraphException, "'nonesuch'"):
            self.api.request("nonesuch", {})


class Flows(ApiTest):
    def test_blueprints(self):
        flows = self.api.flow()
        self.assertEqual(flows.get_blueprint("all"), BLUEPRINT)
        flows.put_blueprint("other", {"flow": {}, "blueprint": {}})
        self.assertEqual(sorted(flows.list_blueprints()), ["all", "other"])
        flows.delete_blueprint("other")
        self.assertEqual(flows.list_blueprints(), ["all"])

    def test_flows(self):
        flows = self.api.flow()
        flows.start("all", "another", "with a model of its own", {"model": "tiny"})
        self.system.wait_for_flow("another")
        self.assertIn("another", flows.list())
        got = flows.get("another")
        self.assertEqual(got["description"], "with a model of its own")
        self.assertEqual(got["parameters"], {"model": "tiny"})
        self.assertEqual(got["interfaces"]["prompt"]["request"], "non-persistent://tg/request/prompt:another")
        self.assertEqual(flows.id("another").text_completion("s", "p"), "[tiny|0.0] s\n\np")
        with self.assertRaisesRegex(TrustGraphException, "flow-error: Flow already exists"):
            flows.start("all", "another", "again")
        flows.stop("another")
        self.assertNotIn("another", flows.list())
        with self.assertRaisesRegex(TrustGraphException, "Invalid flow"):
            flows.id("another").text_completion("s", "p")
        with self.assertRaisesRegex(TrustGraphException, "flow-error: Flow ID invalid"):
            flows.stop("another")


class Requests(ApiTest):
    def test_text_completion(self):
        self.assertEqual(
            self.api.flow().id(self.flow).text_completion("Be brief.", "naïve 漢字 🎉"), "[echo|0.0] Be brief.\n\nnaïve 漢字 🎉"
        )
        with self.assertRaisesRegex(TrustGraphException, "llm-error: .*the model failed"):
            self.api.flow().id(self.flow).text_completion("Be brief.", "FAIL")

    def test_prompt(self):
        flow = self.api.flow().id(self.flow)
        self.assertEqual(flow.prompt("sum-up", {"text": "a text"}), "[echo|0.0] Be exact.\n\nSum up: a text")
        self.assertEqual(flow.prompt("facts", {"name": "Ann"}), {"name": "Ann"})
        with self.assertRaisesRegex(TrustGraphException, "llm-error: 'nosuch'"):
            flow.prompt("nosuch", {})

    def test_many_at_once(self):
        answers, failures = {}, []

        def ask(number):
            try:
                answers[number] = self.system.api().flow().id(self.flow).text_completion("s", f"p{number}")
            except Exception as error:  # shown below
                failures.append(error)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(answers, {number: f"[echo|0.0] s\n\np{number}" for number in range(40)})


class Streams(ApiTest):
    """Over the WebSocket, and piece by piece."""

    def test_text_completion(self):
        flow = self.api.socket().flow(self.flow)
        pieces = list(flow.text_completion("Be brief.", "one two three four", streaming=True))
        self.assertEqual("".join(pieces), "[echo|0.0] Be brief.\n\none two three four")
        self.assertGreater(len(pieces), 4)
        self.assertEqual(flow.text_completion("Be brief.", "one two"), "[echo|0.0] Be brief.\n\none two")

    def test_prompt(self):
        flow = self.api.socket().flow(self.flow)
        pieces = list(flow.prompt("sum-up", {"text": "one two three four"}, streaming=True))
        self.assertEqual("".join(pieces), "[echo|0.0] Be exact.\n\nSum up: one two three four")
        self.assertGreater(len(pieces), 4)

    def test_errors_end_the_stream(self):
        flow = self.api.socket().flow(self.flow)
        with self.assertRaisesRegex(LLMError, "the model failed"):
            list(flow.text_completion("Be brief.", "FAIL", streaming=True))
        with self.assertRaisesRegex(LLMError, "'nosuch'"):
            list(flow.prompt("nosuch", {}, streaming=True))
        # The existing gateway leaves these waiting: its error names no request.
        with self.assertRaisesRegex(UnexpectedError, "^Invalid flow$"):
            list(self.api.socket().flow("nosuch").text_completion("s", "p", streaming=True))
        with self.assertRaisesRegex(UnexpectedError, "^This kind not supported by flow$"):
            list(flow.graph_rag("q", "ann", "c", streaming=True))

    def test_a_long_stream(self):
        words = [f"word{number}" for number in range(2000)]
        flow = self.api.socket().flow(self.flow)
        got = list(flow.text_completion("s", "SAY: " + " ".join(words), streaming=True))
        self.assertEqual("".join(got).split(" "), words)


class Documents(ApiTest):
    def test_text(self):
        text = "\n\n".join(f"Paragraph {number} " + "word " * 30 for number in range(20))
        chunks = f"q1/tg/flow/chunk:{self.flow}"
        program.subscribe(chunks, "interop", self.system.queues)
        with program.Tail(chunks, "Chunk", 20, subscription="interop", url=self.system.queues) as tail:
            self.api.flow().id(self.flow).load_text(text.encode(), id="urn:doc", user="ann", collection="c")
            got = [value for value, _ in tail.messages()]
        self.assertEqual({each["metadata"]["id"] for each in got}, {"urn:doc"})
        self.assertEqual({(each["metadata"]["user"], each["metadata"]["collection"]) for each in got}, {("ann", "c")})


class Bulk(ApiTest):
    """What is imported comes out of the export, in order."""

    METADATA = {"id": "urn:doc", "metadata": [], "user": "ann", "collection": "c"}

    def round_trip(self, send, receive, items):
        """An export begins some time after its socket is open: probes are sent until the first of them comes."""
        got = []
        begun, ended = threading.Event(), threading.Event()
        probe = {**items[0], "metadata": {**self.METADATA, "id": "probe"}}

        def read():
            for item in receive(self.flow):
                begun.set()
                if item["metadata"]["id"] != "probe":
                    got.append(item)
                if len(got) == len(items):
                    break
            ended.set()

        threading.Thread(target=read, daemon=True).start()

        def probed():
            send(self.flow, iter([probe]))
            return begun.is_set()

        wait_until(probed, "the beginning of the export")
        send(self.flow, iter(items))
        self.assertTrue(ended.wait(PATIENCE), f"{len(got)} of {len(items)} came")
        self.assertEqual(got, items)

    def test_graph_embeddings(self):
        bulk = self.api.bulk()
        entity = {"v": "urn:entity", "e": True}
        items = [
            {"metadata": self.METADATA, "entities": [{"entity": entity, "vectors": [[number, 0.5, -1.25]]}]}
            for number in range(100)
        ]
        self.round_trip(bulk.import_graph_embeddings, bulk.export_graph_embeddings, items)

    def test_document_embeddings(self):
        bulk = self.api.bulk()
        items = [
            {"metadata": self.METADATA, "chunks": [{"chunk": f"chunk {number} ü", "vectors": [[0.25, number]]}]}
            for number in range(100)
        ]
        self.round_trip(bulk.import_document_embeddings, bulk.export_document_embeddings, items)

    def test_entity_contexts(self):
        bulk = self.api.bulk()
        entity = {"v": "a name", "e": False}
        items = [
            {"metadata": self.METADATA, "entities": [{"entity": entity, "context": f"context {number}"}]}
            for number in range(100)
        ]
        self.round_trip(bulk.import_entity_contexts, bulk.export_entity_contexts, items)

    def test_objects(self):
        items = [
            {"metadata": self.METADATA, "schema_name": "person", "values": {"name": f"n{number}"}} for number in range(50)
        ]
        queue = f"q1/tg/flow/objects-store:{self.flow}"
        program.subscribe(queue, "interop", self.system.queues)
        with program.Tail(queue, "ExtractedObject", 50, subscription="interop", url=self.system.queues) as tail:
            self.api.bulk().import_objects(self.flow, iter(items))
            got = [value for value, _ in tail.messages()]
        self.assertEqual([each["values"] for each in got], [[item["values"]] for item in items])

    def test_triples_without_metadata_are_refused(self):
        """So sends the library's import_triples; the existing gateway refuses it too."""
        log = self.system.processes["omnibus"].log
        try:
            self.api.bulk().import_triples(self.flow, iter([Triple(s="urn:s", p="urn:p", o="o")]))
        except Exception as error:  # the socket may close while the library still sends
            self.assertIn("ConnectionClosed", type(error).__name__)
        wait_until(lambda: "import" in log() and "'metadata'" in log(), "the gateway's complaint")


if __name__ == "__main__":
    unittest.main()
