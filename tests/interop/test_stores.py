"""The existing clients with the services that keep data: library, collections, knowledge cores and the graph."""

import base64
import json
import subprocess
import tempfile
import unittest

import msgpack
from trustgraph.knowledge import Literal, Uri
from websockets.sync.client import connect

import program
from object_store import ObjectStore
from rows import SILENT, Row, check
from surroundings import PATIENCE, needs_program, wait_until
from system import GRAPH_BLUEPRINT, Embedded
from test_programs import ProgramsTest

COLLECTIONS = (
    Row("tg-list-collections", "No collections found."),
    Row(
        "tg-set-collection papers --name 'All papers' --description 'what was read' --tag science --tag read",
        ("Collection 'papers' set successfully.", "All papers", "what was read", "science, read"),
    ),
    Row("tg-set-collection notes", ("Collection 'notes' set successfully.", "| Name        | notes |")),
    Row("tg-set-collection theirs --user ann", "Collection 'theirs' set successfully."),
    Row("tg-list-collections", ("papers", "All papers", "science, read", "notes")),
    Row("tg-list-collections --user ann", "theirs"),
    Row("tg-list-collections --tag-filter read", "papers"),
    Row("tg-list-collections --tag-filter nosuch", "No collections found."),
    Row("tg-get-config-item --type collection --key trustgraph:papers", '"name": "All papers"'),
    Row("tg-delete-collection papers", "Operation cancelled.", input="n\n"),
    Row("tg-delete-collection papers --yes", "Collection 'papers' deleted successfully."),
    Row("tg-delete-collection notes", "Collection 'notes' deleted successfully.", input="y\n"),
    Row("tg-list-collections", "No collections found."),
)

LIBRARY = (
    Row("tg-show-library-documents", "No documents."),
    Row("tg-show-library-processing", "No processing objects."),
    Row(
        "tg-add-library-document --name 'A text' --description 'to be read' --id urn:doc -k text/plain --tags a,b {folder}/text",
        "{folder}/text: Loaded successfully.",
    ),
    Row("tg-add-library-document --id urn:doc -k text/plain {folder}/text", "Document already exists"),
    Row("tg-add-library-document --id urn:odd -k image/png {folder}/text", "Invalid document kind: image/png"),
    Row("tg-add-library-document --id urn:none {folder}/text", "the following arguments are required: -k/--kind", status=2),
    Row("tg-show-library-documents", ("urn:doc", "A text", "text/plain", "to be read", "a, b")),
    Row("tg-show-library-documents --user ann", "No documents."),
    Row("tg-start-library-processing -d urn:doc --id urn:job -i {flow} --collection papers --tags x", SILENT),
    Row("tg-start-library-processing -d urn:doc --id urn:job -i {flow}", "Processing already exists"),
    Row("tg-start-library-processing -d urn:nosuch --id urn:job2 -i {flow}", "Exception: "),
    Row("tg-show-library-processing", ("urn:job", "urn:doc", "{flow}", "papers")),
    Row("tg-list-collections", "papers"),
    Row("tg-stop-library-processing --id urn:job", SILENT),
    Row("tg-show-library-processing", "No processing objects."),
    Row("tg-remove-library-document --id urn:doc", SILENT),
    Row("tg-remove-library-document --id urn:doc", "Document does not exist"),
    Row("tg-show-library-documents", "No documents."),
)

KNOWLEDGE = (
    Row("tg-show-kg-cores", "No knowledge cores."),
    Row("tg-put-kg-core -u {ws} --id urn:core -i {folder}/core", "Put: 1 triple, 1 GE messages."),
    Row("tg-put-kg-core -u {ws} --id urn:none -i {folder}/nosuch", "Exception: [Errno 2] No such file"),
    Row("tg-show-kg-cores", "urn:core\n"),
    Row("tg-show-kg-cores -U ann", "urn:core\n"),  # the program does not pass its --user on
    Row("tg-get-kg-core -u {ws} --id urn:core -o {folder}/copy", "Got: 1 triple, 1 GE messages."),
    Row("tg-dump-msgpack -r -i {folder}/copy", ('"urn:subject"', '"urn:entity"', "[[0.5, -1.0]]")),
    Row("tg-get-kg-core -u {ws} --id urn:nosuch -o {folder}/none", "Got: 0 triple, 0 GE messages."),
    Row("tg-load-kg-core --id urn:core -f {flow} -C papers", SILENT),
    Row("tg-load-kg-core --id urn:core -f nosuch", "Exception: load-error: Invalid flow"),
    Row("tg-unload-kg-core --id urn:core -f {flow}", "Exception: not-implemented: Not implemented"),
    Row("tg-delete-kg-core --id urn:core", SILENT),
    Row("tg-delete-kg-core --id urn:core", SILENT),
    Row("tg-show-kg-cores", "No knowledge cores."),
)

# Around a core's way into the graph.
EMPTY_GRAPH = (
    Row("tg-show-graph -f {flow} -C papers", SILENT),
    Row("tg-set-collection papers", "Collection 'papers' set successfully."),
    Row("tg-put-kg-core -u {ws} --id urn:core -i {folder}/core", "Put: 1 triple, 1 GE messages."),
    Row("tg-load-kg-core --id urn:core -f {flow} -C papers", SILENT),
)
GRAPH = (
    Row("tg-show-graph -f {flow} -C papers", "urn:subject urn:subject text\n"),
    Row("tg-show-graph -f {flow}", SILENT),
    Row("tg-show-graph -f {flow} -C papers -U ann", SILENT),
    Row("tg-show-graph -f nosuch", "Exception: Invalid flow"),
)
DELETED_GRAPH = (
    Row("tg-delete-collection papers --yes", "Collection 'papers' deleted successfully."),
    Row("tg-show-kg-cores", ("urn:core\n", "urn:doc\n")),
)


def write_core(folder):
    """A file as tg-put-kg-core reads it."""
    metadata = {"i": "urn:doc", "m": [], "u": "trustgraph", "c": "default"}
    term = {"v": "urn:subject", "e": True}
    with open(f"{folder}/core", "wb") as file:
        file.write(msgpack.packb(["t", {"m": metadata, "t": [{"s": term, "p": term, "o": {"v": "text", "e": False}}]}]))
        entity = {"e": {"v": "urn:entity", "e": True}, "v": [[0.5, -1.0]]}
        file.write(msgpack.packb(["ge", {"m": metadata, "e": [entity]}]))


class Collections(ProgramsTest):
    def test(self):
        check(self, self.system, COLLECTIONS)


class Library(ProgramsTest):
    """A document goes through a flow from here."""

    def test(self):
        flow = self.running()
        chunks = f"q1/tg/flow/chunk:{flow}"
        program.subscribe(chunks, "interop", self.system.queues)
        check(self, self.system, LIBRARY, flow=flow)
        with program.Tail(chunks, "Chunk", 2, subscription="interop", url=self.system.queues) as tail:
            metadata = [value["metadata"] for value, _ in tail.messages()]
        self.assertEqual({each["id"] for each in metadata}, {"urn:doc"})
        self.assertEqual({each["collection"] for each in metadata}, {"papers"})


@needs_program
class Objects(unittest.TestCase):
    """Documents in an S3-compatible store."""

    def test(self):
        with ObjectStore() as store, Embedded(*store.flags) as system:
            library = system.api().library()

            def add(name, content):
                library.add_document(content, name, None, "ann", name, "", kind="text/plain")

            large = bytes(range(256)) * 20000
            add("urn:text", "naïve".encode())
            add("urn:large", large)
            self.assertEqual(sorted(map(len, store.objects("library"))), [6, len(large)])
            self.assertIn(large, store.objects("library"))
            content = system.api().request("librarian", {"operation": "get-document-content", "user": "ann", "document-id": "urn:large"})
            self.assertEqual(base64.b64decode(content["content"]), large)
            library.remove_document("ann", "urn:large")
            self.assertEqual(store.objects("library"), ["naïve".encode()])
            self.assertNotIn(store.secret_key, system.processes["omnibus"].log())

    def test_wrong_keys_are_told(self):
        with ObjectStore() as store:
            command = [program.PROGRAM, "librarian", "--pubsub-url", "embedded://", "--no-metrics", *store.flags[:-1], "wrong"]
            with tempfile.TemporaryDirectory() as folder:
                command += ["--librarian-store", folder]
                done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(f"bucket 'library' at http://{store.endpoint}: cannot find it: status 403, SignatureDoesNotMatch", done.stderr)


class Knowledge(ProgramsTest):
    """A core comes back as it went in, and into a flow's stores."""

    def test(self):
        flow = self.running()
        write_core(self.system.folder)
        queue = f"q1/tg/flow/triples-store:{flow}"
        program.subscribe(queue, "interop", self.system.queues)
        check(self, self.system, KNOWLEDGE, flow=flow)
        with program.Tail(queue, "Triples", 1, subscription="interop", url=self.system.queues) as tail:
            ((value, _),) = tail.messages()
        self.assertEqual(value["metadata"]["collection"], "papers")
        self.assertEqual([each["s"]["value"] for each in value["triples"]], ["urn:subject"])


class Graph(ProgramsTest):
    """Triples from a core and through the import socket: found, exported, gone with their collection."""

    def test(self):
        self.system.api().flow().put_blueprint("graph", GRAPH_BLUEPRINT)
        self.system.start_flow("g", "graph")
        write_core(self.system.folder)
        graph = self.system.api().flow().id("g")

        def found(**known):
            triples = graph.triples_query(user="trustgraph", collection="papers", **known)
            return sorted((each.s, each.p, each.o) for each in triples)

        check(self, self.system, EMPTY_GRAPH, flow="g")
        first = ("urn:subject", "urn:subject", "text")
        wait_until(lambda: found() == [first], "the core's triple in the graph")
        check(self, self.system, GRAPH, flow="g")

        def term(text, uri=True):
            return {"v": text, "e": uri}

        message = {
            "metadata": {"id": "urn:doc", "metadata": [], "user": "trustgraph", "collection": "papers"},
            "triples": [
                {"s": term("urn:a"), "p": term("urn:is"), "o": term("text", False)},
                {"s": term("urn:a"), "p": term("urn:has"), "o": term("urn:subject")},
            ],
        }
        socket = self.system.url.replace("http", "ws", 1) + "api/v1/flow/g/"
        with connect(socket + "export/triples") as exported, connect(socket + "import/triples") as imported:

            def came():
                """An export begins some time after its socket is open, so it is sent until the first comes."""
                imported.send(json.dumps(message))
                try:
                    return exported.recv(0.5)
                except TimeoutError:
                    return None

            self.assertEqual(json.loads(wait_until(came, "the exported triples")), message)
        wait_until(lambda: len(found()) == 3, "the imported triples in the graph")
        cores = self.system.api().knowledge().list_kg_cores
        wait_until(lambda: cores() == ["urn:core", "urn:doc"], "the core of what was imported")
        self.assertEqual(found(o=Literal("text")), [("urn:a", "urn:is", "text"), first])
        self.assertEqual(found(o=Uri("text")), [])
        self.assertEqual(found(s=Uri("urn:a"), p=Uri("urn:has")), [("urn:a", "urn:has", "urn:subject")])
        self.assertEqual(len(found(limit=2)), 2)

        check(self, self.system, DELETED_GRAPH, flow="g")
        wait_until(lambda: found() == [], "the end of the triples")

if __name__ == "__main__":
    unittest.main()
