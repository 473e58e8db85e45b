"""The existing system's command line programs (trustgraph-cli) with omnibus, one table a group."""

import json
import shlex
import unittest

import msgpack

import program
from rows import SILENT, Row, check
from surroundings import needs_program
from system import BLUEPRINT, MODEL_TYPE, Embedded

CONFIGURATION = (
    Row("tg-put-config-item --type colour --key sky --value blue", "Configuration item set: colour/sky"),
    Row("tg-put-config-item --type colour --key sea --stdin", "Configuration item set: colour/sea", input="grün 🎉"),
    Row("tg-put-config-item --type colour --value blue", "the following arguments are required: --key", status=2),
    Row("tg-get-config-item --type colour --key sky", "blue\n"),
    Row("tg-get-config-item --type colour --key sea --format json", '"gr\\u00fcn \\ud83c\\udf89"'),
    Row("tg-get-config-item --type colour --key nosuch", "None"),
    Row("tg-list-config-items --type colour", "sea\nsky\n"),
    Row("tg-list-config-items --type nosuch --format json", "[]"),
    Row("tg-show-config", ("Version: 2", '"sky": "blue"')),
    Row("tg-delete-config-item --type colour --key sky", "Configuration item deleted: colour/sky"),
    Row("tg-delete-config-item --type colour --key nosuch", "Configuration item deleted: colour/nosuch"),
    Row("tg-list-config-items --type colour --format json", '["sea"]'),
    Row("tg-show-config", ("Version: 4", '"sea"')),
    Row("tg-set-token-costs --model tiny -i 1.5 -o 2.5", SILENT),
    # The program writes another type of configuration than tg-show-token-costs reads.
    Row("tg-get-config-item --type token-costs --key tiny", '"output_price": 2.5e-06'),
    Row(
        """tg-put-config-item --type token-cost --key echo --value '{"input_price": 1e-6, "output_price": 2e-6}'""",
        "Configuration item set",
    ),
    Row("tg-show-token-costs", "| echo  |       1.000 |        2.000 |"),
    Row("tg-show-parameter-types", "No parameter types defined."),
    Row(
        f"tg-put-config-item --type parameter-type --key model-name --value {shlex.quote(json.dumps(MODEL_TYPE))}",
        "Configuration item set: parameter-type/model-name",
    ),
    Row("tg-show-parameter-types", ("model-name", "which model", "• tiny (Tiny)")),
)

PROMPTS = (
    Row("tg-put-config-item --type prompt --key template-index --value '[]'", "Configuration item set"),
    Row("tg-set-prompt --system 'Be exact.'", "System prompt set."),
    Row("tg-set-prompt --id greet --prompt 'Greet {{name}}' --response text", "Prompt set."),
    Row(
        """tg-set-prompt --id facts --prompt 'SAY: {"a": {{n}}}' --response json --schema '{"required": ["a"]}'""",
        "Prompt set.",
    ),
    Row("tg-set-prompt --prompt 'no id'", "Exception: Must specify --id for prompt"),
    Row("tg-show-prompts", ("Be exact.", "greet:", "| prompt   | Greet {{name}} |", "facts:", "{'required': ['a']}")),
)

TOOLS = (
    Row(
        "tg-set-tool --id weather --name get_weather --description 'tells the weather' --type mcp-tool --mcp-tool w"
        " --argument place:string:where",
        "Tool set.",
    ),
    Row("tg-show-tools", ("weather", "get_weather", "tells the weather", "mcp-tool")),
    Row("tg-set-tool --id x --name x --description x --type nosuch", "Exception: Type must be one of"),
    Row("tg-delete-tool --id weather", "Tool 'weather' deleted successfully."),
    Row("tg-delete-tool --id weather", "Tool configuration for 'weather' not found."),
    Row("tg-set-mcp-tool --id w --tool-url http://127.0.0.1:1/mcp --auth-token secret", SILENT),
    Row("tg-show-mcp-tools", ("http://127.0.0.1:1/mcp", "Yes")),
    Row("tg-delete-mcp-tool --id w", "MCP tool 'w' deleted successfully."),
    Row("tg-delete-mcp-tool --id w", "MCP tool 'w' not found."),
)

FLOWS = (
    Row(f"tg-put-flow-blueprint -n other -c {shlex.quote(json.dumps(BLUEPRINT))}", SILENT),
    Row("tg-get-flow-blueprint -n other", '"description": "all that is here"'),
    Row("tg-show-flow-blueprints", ("other", "all that is here", "model: the model [model-name (default: echo)]")),
    Row("tg-start-flow -n other -i {flow}-2 -d 'the second' --param model=tiny", SILENT),
    Row("tg-start-flow -n other -i {flow}-2 -d again", "Exception: flow-error: Flow already exists"),
    Row("tg-start-flow -n nosuch -i {flow}-3 -d again", "Exception: flow-error: Blueprint does not exist"),
    Row("tg-start-flow -n other", "the following arguments are required: -i/--flow-id, -d/--description", status=2),
    Row("tg-show-flows", ("{flow}-2", "the second", "• the model: Tiny")),
    Row("tg-stop-flow -i {flow}-2", SILENT),
    Row("tg-stop-flow -i {flow}-2", "Exception: flow-error: Flow ID invalid"),
    Row("tg-delete-flow-blueprint -n other", SILENT),
    Row("tg-get-flow-blueprint -n other", "Exception: 'blueprint-definition'"),
)

# What the existing gateway answers alike.
MODELS = (
    Row("tg-invoke-llm -f {flow} 'Be brief.' 'one two three'", "[echo|0.0] Be brief.\n\none two three\n"),
    Row("tg-invoke-llm -f {flow} --no-streaming 'Be brief.' 'naïve 漢字'", "[echo|0.0] Be brief.\n\nnaïve 漢字\n"),
    Row("tg-invoke-llm -f {flow} 'Be brief.' FAIL", ("Exception: ", "the model failed")),
    Row("tg-invoke-llm -f {flow}", "the following arguments are required: system, prompt", status=2),
    Row("tg-invoke-prompt -f {flow} sum-up 'text=a text'", "[echo|0.0] Be exact.\n\nSum up: a text\n"),
    Row("tg-invoke-prompt -f {flow} nosuch", "Exception: 'nosuch'"),
    Row("tg-load-text -f {flow} --id urn:doc {folder}/text", ("{folder}/text: Loaded successfully.", "All done.")),
    Row("tg-load-text -f {flow} {folder}/nosuch", "Exception: [Errno 2] No such file"),
    Row("tg-load-pdf -f {flow} --id urn:pdf {folder}/text", "{folder}/text: Loaded successfully."),
)

# Refusals; the existing gateway leaves clients of the socket without an answer to them.
REFUSALS = (
    Row("tg-invoke-llm -f nosuch s p", "Exception: Invalid flow"),
    Row("tg-invoke-agent -f {flow} -q why", "Exception: This kind not supported by flow"),
    Row("tg-invoke-graph-rag -f {flow} -q why", "Exception: This kind not supported by flow"),
    Row("tg-invoke-document-rag -f {flow} -q why", "Exception: This kind not supported by flow"),
    Row("tg-invoke-mcp-tool -f {flow} -n tool -P {}", "Exception: This kind not supported by flow"),
    Row("tg-show-graph -f {flow}", "Exception: This kind not supported by flow"),
    Row("tg-load-text -f nosuch {folder}/text", "Exception: Invalid flow"),
)

STATE = (
    Row("tg-show-processor-state -m {url}api/metrics", ("config-svc", "api-gateway", "text-completion")),
    Row("tg-show-flow-state -f {flow} -m {url}api/metrics", ("Flow {flow}", "Blueprint all", "- prompt", "- chunker", "💚")),
)

EMBEDDINGS = (
    # It does its work when it is loaded; then its entry point fails.
    Row("tg-load-doc-embeds -f {flow} -i {folder}/embeddings", ("Graph embeddings:          1", "main() missing"), status=1),
    Row("tg-dump-msgpack -r -i {folder}/embeddings", '["de", {"m": {"i": "urn:doc"'),
)


@needs_program
class ProgramsTest(unittest.TestCase):
    def setUp(self):
        self.system = self.enterContext(Embedded())

    def running(self):
        """The id of a running flow."""
        with open(f"{self.system.folder}/text", "w", encoding="utf-8") as file:
            file.write("One paragraph.\n\n" + "word " * 35 + "\n\nAnd a last one, naïve.")
        return self.system.prepared_flow()


class Configuration(ProgramsTest):
    def test(self):
        check(self, self.system, CONFIGURATION)


class Prompts(ProgramsTest):
    def test(self):
        check(self, self.system, PROMPTS)


class Tools(ProgramsTest):
    def test(self):
        check(self, self.system, TOOLS)


class Flows(ProgramsTest):
    def test(self):
        check(self, self.system, FLOWS, flow=self.running())


class Models(ProgramsTest):
    def test(self):
        flow = self.running()
        chunks = f"q1/tg/flow/chunk:{flow}"
        program.subscribe(chunks, "interop", self.system.queues)
        check(self, self.system, MODELS, flow=flow)
        with program.Tail(chunks, "Chunk", 2, subscription="interop", url=self.system.queues) as tail:
            chunks = [value["chunk"] for value, _ in tail.messages()]
        self.assertEqual(chunks, ["One paragraph.\n\n" + ("word " * 35).strip(), "And a last one, naïve."])


class Embeddings(ProgramsTest):
    """Through the import socket, from a file of msgpack."""

    def test(self):
        flow = self.running()
        metadata = {"i": "urn:doc", "m": [], "u": "ann", "c": "c"}
        with open(f"{self.system.folder}/embeddings", "wb") as file:
            file.write(msgpack.packb(["de", {"m": metadata, "c": [{"c": "a chunk", "v": [[0.5, -1.0]]}]}]))
        queue = f"q1/tg/flow/document-embeddings-store:{flow}"
        program.subscribe(queue, "interop", self.system.queues)
        check(self, self.system, EMBEDDINGS, flow=flow)
        with program.Tail(queue, "DocumentEmbeddings", 1, subscription="interop", url=self.system.queues) as tail:
            ((value, _),) = tail.messages()
        self.assertEqual(value["metadata"]["user"], "ann")
        self.assertEqual(value["chunks"], [{"chunk": "a chunk", "vectors": [[0.5, -1.0]]}])


class Refusals(ProgramsTest):
    def test(self):
        check(self, self.system, REFUSALS, flow=self.running())


class State(ProgramsTest):
    """The programs that ask Prometheus."""

    def test(self):
        check(self, self.system, STATE, flow=self.running())


if __name__ == "__main__":
    unittest.main()
