"""`omnibus up` to look at: on queues of its own, with a model's endpoint of the test tree."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))

from model_server import ModelServer  # noqa: E402
from program import PROGRAM, Process  # noqa: E402
from surroundings import PATIENCE, wait_until  # noqa: E402


def exchange(name):
    return {"request": f"q0/tg/request/{name}:{{id}}", "response": f"q0/tg/response/{name}:{{id}}"}


def load(name):
    return f"q1/tg/flow/{name}:{{id}}"


BLUEPRINT = {
    "interfaces": {"text-completion": exchange("text-completion"), "text-load": load("text-document-load")},
    "blueprint": {},
    "flow": {
        "chunker:{id}": {"input": load("text-document-load"), "output": load("chunk")},
        "text-completion:{id}": exchange("text-completion"),
    },
}


class Gateway:
    """`with Gateway() as gateway:` serves gateway.url until the end of the block."""

    def __init__(self, token=""):
        self.token = token
        self.model = ModelServer()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._end = stack.pop_all()
        return self

    def _start(self, stack):
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(self.model)
        command = [PROGRAM, "up", "--pubsub-url", f"embedded://{folder}/queues", "--address", "127.0.0.1", "--port", "0"]
        command += ["--metrics-port", "0", "--url", self.model.url, "--api-key", "", "--model", "echo"]
        command += ["--config-store", f"{folder}/config.sqlite", "--flow-ledger", f"{folder}/flows.sqlite"]
        environment = {"XDG_STATE_HOME": f"{folder}/state", "GATEWAY_SECRET": self.token}
        process = stack.enter_context(Process(command, subprocess.STDOUT, **environment))
        self.url = process.find_in_log(r"page +(http://\S+)")
        wait_until(lambda: "flow-ids" in self.ask("flow", operation="list-flows"), "the flow service's answer")

    def __exit__(self, *problem):
        self._end.__exit__(*problem)

    def ask(self, service, **request):
        """The answer to a request."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        call = urllib.request.Request(f"{self.url}api/v1/{service}", json.dumps(request).encode(), headers)
        with urllib.request.urlopen(call, timeout=PATIENCE) as response:
            return json.loads(response.read())

    def start_flow(self, name, description="a flow"):
        definition = json.dumps(BLUEPRINT)
        told = self.ask("flow", operation="put-blueprint", **{"blueprint-name": "all", "blueprint-definition": definition})
        assert "error" not in told, told
        start = {"blueprint-name": "all", "flow-id": name, "description": description}
        told = self.ask("flow", operation="start-flow", **start)
        assert "error" not in told, told

    def load(self, flow, text):
        told = self.ask(f"flow/{flow}/service/text-load", id="doc", text=text, encoding="plain")
        assert told == {}, told
