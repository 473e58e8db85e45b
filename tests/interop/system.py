"""Systems to try clients on: gateway, services and a model's endpoint, there for the length of a `with`."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import uuid

import requests
from trustgraph.api import Api

from metrics_server import MetricsServer
from model_server import ModelServer
from program import PROGRAM, Process
from surroundings import ADMIN, PATIENCE, URL, admin, free_port, readers, topic_path, wait_for_readers, wait_until

BINARIES = os.path.dirname(sys.executable)  # where the programs of the Python packages are
REQUEST, RESPONSE = "non-persistent://tg/request/", "non-persistent://tg/response/"
FLOW = "persistent://tg/flow/"


def exchange(name):
    return {"request": f"{REQUEST}{name}:{{id}}", "response": f"{RESPONSE}{name}:{{id}}"}


def load(name):
    return f"{FLOW}{name}:{{id}}"


# A flow with everything that is here, in the form that the existing system uses.
BLUEPRINT = {
    "description": "all that is here",
    "tags": ["interop"],
    "parameters": {"model": {"type": "model-name", "description": "the model", "order": 1}},
    "interfaces": {
        "text-completion": exchange("text-completion"),
        "prompt": exchange("prompt"),
        "text-load": load("text-document-load"),
        "document-load": load("document-load"),
        "triples-store": load("triples-store"),
        "graph-embeddings-store": load("graph-embeddings-store"),
        "document-embeddings-store": load("document-embeddings-store"),
        "entity-contexts-load": load("entity-contexts-load"),
        "objects-store": load("objects-store"),
    },
    "blueprint": {},
    "flow": {
        "chunker:{id}": {"input": load("text-document-load"), "output": load("chunk")},
        "prompt:{id}": {
            **exchange("prompt"),
            "text-completion-request": f"{REQUEST}text-completion:{{id}}",
            "text-completion-response": f"{RESPONSE}text-completion:{{id}}",
        },
        "text-completion:{id}": {**exchange("text-completion"), "model": "{model}"},
    },
}
# A flow that keeps and finds triples, and keeps what it is given as knowledge cores.
GRAPH_BLUEPRINT = {
    "description": "a graph",
    "interfaces": {
        "triples": exchange("triples"),
        "triples-store": load("triples-store"),
        "graph-embeddings-store": load("graph-embeddings-store"),
    },
    "blueprint": {},
    "flow": {
        "triples-write:{id}": {"input": load("triples-store")},
        "triples-query:{id}": exchange("triples"),
        "kg-store:{id}": {"triples-input": load("triples-store"), "graph-embeddings-input": load("graph-embeddings-store")},
    },
}
MODEL_TYPE = {
    "type": "string",
    "description": "which model",
    "default": "echo",
    "enum": [{"id": "echo", "description": "Echo"}, {"id": "tiny", "description": "Tiny"}],
}
PROMPTS = {
    "system": "Be exact.",
    "template-index": ["sum-up", "facts"],
    "template.sum-up": {"id": "sum-up", "prompt": "Sum up: {{text}}", "response-type": "text"},
    "template.facts": {
        "id": "facts",
        "prompt": 'Facts of {{name}}\nSAY: ```json{"name": "{{name}}"}```',
        "response-type": "json",
        "schema": {"type": "object", "required": ["name"]},
    },
}


class System:
    """What all have: a model's endpoint, a folder, processes that end in the reverse order of their start."""

    def __init__(self):
        self.url = ""
        self.model = ModelServer()
        self.processes = {}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        self.model.__enter__()
        try:
            self.start()
            wait_until(self.answers, "the gateway's first answer")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *problem):
        for name in reversed(list(self.processes)):
            self.end(name, *problem)
        self.model.__exit__()
        self._folder.cleanup()

    def run(self, name, command):
        self.processes[name] = Process(command, subprocess.STDOUT, XDG_STATE_HOME=f"{self.folder}/state")
        return self.processes[name]

    def end(self, name, *problem):
        self.processes.pop(name).__exit__(*(problem or (None, None, None)))

    def answers(self):
        """The gateway hears of the configuration."""
        for process in self.processes.values():
            process.running()
        try:
            done = requests.post(f"{self.url}api/v1/config", json={"operation": "list", "type": "flow"}, timeout=PATIENCE)
        except requests.ConnectionError:
            return False
        return "directory" in done.json()

    def api(self):
        return Api(self.url, timeout=int(PATIENCE))

    def put(self, kind, key, value):
        done = requests.post(
            f"{self.url}api/v1/config",
            json={"operation": "put", "values": [{"type": kind, "key": key, "value": json.dumps(value)}]},
            timeout=PATIENCE,
        ).json()
        assert "error" not in done, done

    def prepare(self):
        """Prompts, the parameter's type and the blueprint `all`; returns the id of a flow that nobody used before."""
        self.put("parameter-type", "model-name", MODEL_TYPE)
        for key, value in PROMPTS.items():
            self.put("prompt", key, value)
        self.api().flow().put_blueprint("all", BLUEPRINT)
        return "flow-" + uuid.uuid4().hex[:8]

    def start_flow(self, flow, blueprint="all", **parameters):
        self.api().flow().start(blueprint, flow, "a flow", parameters or None)
        self.wait_for_flow(flow)

    def prepared_flow(self):
        """The id of a running flow."""
        flow = self.prepare()
        self.start_flow(flow)
        return flow


class Embedded(System):
    """`omnibus up` on queues of its own, with what asks for its metrics."""

    def __init__(self, *flags):
        super().__init__()
        self.flags = flags
        self.metrics = MetricsServer()
        self.flow_starts = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.metrics)
            super().__enter__()
            self._metrics_end = stack.pop_all()
        return self

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self._metrics_end.close()

    def start(self):
        self.queues = f"embedded://{self.folder}/queues"
        command = [PROGRAM, "up", "--pubsub-url", self.queues, "--address", "127.0.0.1", "--port", "0"]
        command += ["--url", self.model.url, "--api-key", "", "--model", "echo", "--chunk-size", "200", "--chunk-overlap", "0"]
        command += ["--config-store", f"{self.folder}/config.sqlite", "--flow-ledger", f"{self.folder}/flows.sqlite"]
        metrics_port = free_port()
        self.metrics.page = f"http://127.0.0.1:{metrics_port}/metrics"
        command += ["--metrics-port", str(metrics_port), "--prometheus-url", self.metrics.url]
        command += self.flags
        port = self.run("omnibus", command).find_in_log(r"gateway: listening on port (\d+)")
        self.url = f"http://127.0.0.1:{port}/"

    def wait_for_flow(self, flow):
        """Chunker, prompt and text completion, or those of the graph, each say so, at every start."""
        self.flow_starts[flow] = self.flow_starts.get(flow, 0) + 1
        log = self.processes["omnibus"].log
        wait_until(lambda: log().count(f"flow {flow} started") >= 3 * self.flow_starts[flow], f"flow {flow}")


class Mixed(System):
    """Each service a process on the Pulsar of the tests; those named in `python` are the existing system's."""

    READ = ("q0/tg/request/prompt", "q0/tg/request/text-completion", "q1/tg/flow/text-document-load")

    def __init__(self, python=()):
        super().__init__()
        self.python = python
        self.queues = f"{URL}?admin={ADMIN}"
        # The existing processors apply all that the queue still holds, one by one; its gateway knows only the common one.
        self.push = "q2/tg/config/config" if "gateway" in python else f"q2/tg/config/interop:{uuid.uuid4().hex[:12]}"

    def start(self):
        self.start_config("config")
        self.start_services()
        if "prompt" in self.python:
            self.existing_prompt()
        else:
            self.omnibus_prompt()
        if "gateway" in self.python:
            self.url = self.existing_gateway()

    def start_config(self, store):
        config = self.omnibus("config-svc", "--config-store", f"{self.folder}/{store}.sqlite")
        config.wait_for_log("configuration at version")

    def start_services(self):
        """Those that are omnibus's in every mixture, and the gateway where it is."""
        self.omnibus("flow-svc", "--flow-ledger", f"{self.folder}/flows.sqlite").wait_for_log("answering flow requests")
        self.omnibus("chunker-recursive", "--chunk-size", "200", "--chunk-overlap", "0")
        self.omnibus("text-completion", "--url", self.model.url, "--api-key", "", "--model", "echo", "--concurrency", "4")
        if "gateway" not in self.python:
            self.url = self.omnibus_gateway()

    def end_services(self):
        for name in ("gateway", "text-completion", "chunker-recursive", "flow-svc"):
            self.end(name)

    def omnibus_prompt(self):
        self.omnibus("prompt")

    def existing_prompt(self):
        self.existing("prompt-template", "--no-metrics", "--no-loki-enabled", "--config-push-queue", self.push)

    def omnibus_gateway(self):
        """Its URL."""
        gateway = self.omnibus("gateway", "--address", "127.0.0.1", "--port", "0")
        return f"http://127.0.0.1:{gateway.find_in_log(r'listening on port ([0-9]+)')}/"

    def existing_gateway(self):
        port = free_port()
        self.existing("api-gateway", "--no-metrics", "--port", str(port))
        return f"http://127.0.0.1:{port}/"

    def omnibus(self, name, *more):
        command = [PROGRAM, name, "--pubsub-url", self.queues, "--no-metrics", "--json-nulls", "emit"]
        return self.run(name, [*command, "--config-push-queue", self.push, *more])

    def existing(self, name, *more):
        return self.run(name, [os.path.join(BINARIES, name), "--pulsar-host", URL, *more])

    def stop_flow(self, flow):
        """Until nobody reads for it: a reader of the existing system that is being stopped drops what comes."""
        self.api().flow().stop(flow)
        for queue in self.READ:
            wait_until(lambda queue=queue: not readers(f"{queue}:{flow}"), f"the end of the readers of {queue}")

    def forget_pushes(self):
        """Leaves the newest configuration only.

        An existing processor applies all that the queue holds, one by one: a flow's stop among them makes it remove the
        subscription that it shares with others.
        """
        admin("PUT", f"{topic_path(self.push)}/unload")  # only what is in closed ledgers can be truncated
        admin("DELETE", f"{topic_path(self.push)}/truncate")
        self.put("interop", "pushed", "again")

    def wait_for_flow(self, flow):
        for queue in self.READ:
            wait_for_readers(f"{queue}:{flow}")
        self.wait_for_gateway(flow)

    def wait_for_gateway(self, flow):
        """The existing one hears of flows some time after their start was answered."""
        path = f"{self.url}api/v1/flow/{flow}/service/none"

        def knows():
            return "Invalid flow" not in requests.post(path, json={}, timeout=PATIENCE).text

        wait_until(knows, f"the gateway's hearing of {flow}")
        if "gateway" in self.python:
            # Of several first requests at once each makes it subscribe, all by one name, and they take each other's answers.
            self.api().flow().id(flow).text_completion("s", "p")
            self.api().flow().id(flow).prompt("sum-up", {"text": "t"})
