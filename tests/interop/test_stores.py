"""The existing clients with the services that keep data: library and collections."""

import unittest

import program
from rows import SILENT, Row, check
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

if __name__ == "__main__":
    unittest.main()
