"""scripts/demo --mixed: the existing system's services and omnibus's as one system on Pulsar, told step by step."""

import json
import sys
import time

import program
from background import InBackground
from surroundings import URL, readers, wait_for_readers, wait_until
from system import Mixed

REQUESTS, DOCUMENTS = 40, 50


def say(text):
    print(f"\033[1m== {text}\033[0m" if sys.stderr.isatty() else f"== {text}", flush=True)


def tell(name, value):
    print(f"  {name:<44} {value}", flush=True)


class Demo:
    def __init__(self, system):
        self.system = system
        self.failed = 0

    def count(self, what, good, total):
        tell(what, f"{good} of {total}")
        self.failed += total - good

    def ask(self, text):
        return self.system.api().flow().id(self.flow).prompt("sum-up", {"text": text})

    def requests(self, what):
        asked = [InBackground(lambda n=n: self.ask(f"text {n}")) for n in range(REQUESTS)]
        right = sum(each.outcome() == f"[echo|0.0] Be exact.\n\nSum up: text {n}" for n, each in enumerate(asked))
        self.count(what, right, REQUESTS)

    def stream(self):
        text = "one two three four five"
        began = time.monotonic()
        pieces = []
        for piece in self.system.api().socket().flow(self.flow).prompt("sum-up", {"text": text}, streaming=True):
            pieces.append(piece)
            if len(pieces) == 1:
                tell("first piece of a stream after", f"{1000 * (time.monotonic() - began):.0f} ms")
        tell("pieces", " ".join(repr(piece) for piece in pieces))
        self.count("whole streams", int("".join(pieces) == f"[echo|0.0] Be exact.\n\nSum up: {text}"), 1)

    def move(self, name, start, old):
        """The new service begins beside the old one, then the old one ends."""
        self.system.forget_pushes()
        queue = f"q0/tg/request/prompt:{self.flow}"
        say(f"{name}: starts beside {old}, then {old} ends")
        start()
        wait_for_readers(queue, 2)
        self.requests("answered by both")
        self.system.end(old)
        wait_until(lambda: readers(queue) == 1, f"the end of {old}")
        self.requests("answered after the move")

    def stop_and_start(self):
        say(f"stopping the flow, sending {DOCUMENTS} documents to its queue, starting it again")
        chunks = f"q1/tg/flow/chunk:{self.flow}"
        program.subscribe(chunks, "demo")
        self.system.stop_flow(self.flow)
        metadata = {"id": "doc", "metadata": [], "user": "demo", "collection": "default"}
        lines = [json.dumps({"metadata": metadata, "text": f"text {number}"}) for number in range(DOCUMENTS)]
        program.send(f"q1/tg/flow/text-document-load:{self.flow}", "TextDocument", lines)
        self.system.start_flow(self.flow)
        with program.Tail(chunks, "Chunk", DOCUMENTS, subscription="demo") as tail:
            came = {value["chunk"] for value, _ in tail.messages()}
        self.count("chunks of the documents", len(came), DOCUMENTS)
        self.requests("answered after the start")

    def run(self):
        for name, process in self.system.processes.items():
            tell(name, "omnibus" if process.command[0] == program.PROGRAM else "TrustGraph 1.8.21")
        tell("clients use", self.system.url)
        say("putting prompts and a blueprint, starting a flow")
        self.flow = self.system.prepared_flow()
        self.requests("answered")
        self.stream()
        self.stop_and_start()


def main():
    say(f"omnibus with the existing prompt-template on {URL}")
    with Mixed(["prompt"]) as system:
        demo = Demo(system)
        demo.run()
        demo.move("omnibus prompt", system.omnibus_prompt, "prompt-template")
        demo.move("the existing prompt-template again", system.existing_prompt, "prompt")
        failed = demo.failed
    say("the existing api-gateway in front of omnibus")
    with Mixed(["gateway"]) as system:
        demo = Demo(system)
        demo.run()
        failed += demo.failed
    tell("lost", failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
