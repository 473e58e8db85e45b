"""The omnibus program as a peer: its `send`, `tail` and `message`, and its services."""

import base64
import json
import os
import re
import subprocess
import tempfile

from surroundings import PATIENCE, PEER, PROGRAM, URL, wait_for_readers, wait_until


def send(queue, kind, lines, *, nulls="omit", properties=None, key=None, options=None):
    """Sends lines of JSON; every one must be accepted."""
    command = [PROGRAM, "send", queue, "--type", kind, "--pubsub-url", URL, "--json-nulls", nulls]
    for name, value in (properties or {}).items():
        command += ["--property", f"{name}={value}"]
    if key is not None:
        command += ["--key", key]
    for name, value in (options or {}).items():
        command += ["--option", f"{name}={value}"]
    done = subprocess.run(
        command, input="".join(line + "\n" for line in lines), capture_output=True, text=True, timeout=4 * PATIENCE
    )
    if done.returncode != 0 or f"sent {len(lines)}\n" not in done.stderr:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


def send_bytes(queue, payloads, **more):
    send(queue, "raw", [json.dumps(base64.b64encode(each).decode()) for each in payloads], **more)


def convert(kind, lines, nulls):
    """The lines as the program writes them."""
    done = subprocess.run(
        [PROGRAM, "message", "convert", "--type", kind, "--nulls", nulls],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout.removesuffix("\n").split("\n")  # splitlines() also splits at characters within strings


class Process:
    """A program in the background; its output is shown when something goes wrong."""

    def __init__(self, command, output=subprocess.PIPE, **environment):
        """`output=subprocess.STDOUT`: what it prints belongs to its log. `environment`: variables added to ours."""
        self.command = command
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],  # does not outlive a test that is killed
            stdout=self.errors if output == subprocess.STDOUT else output,
            stderr=self.errors,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )

    def log(self):
        file = self.errors.fileno()  # the process writes where this description stands, so that must not move
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")

    def running(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{' '.join(self.command)} ended with {self.process.returncode}: {self.log()}")
        return True

    def wait_for_log(self, text):
        wait_until(lambda: text in self.log() or not self.running(), f"'{text}' in the log of {self.command[1]}")

    def find_in_log(self, pattern):
        """What the pattern's group matches, as soon as it does."""

        def found():
            self.running()
            return re.search(pattern, self.log())

        return wait_until(found, f"'{pattern}' in the log of {self.command[1]}").group(1)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        if kind is not None:
            print(f"--- {' '.join(self.command)} ended with {self.process.returncode}\n{self.log()}")
        self.errors.close()


def subscribe(queue, subscription, url=URL):
    """Makes a durable subscription, which keeps what comes from now on."""
    command = [PROGRAM, "tail", queue, "--type", "raw", "--subscription", subscription, "--timeout", "1ms"]
    done = subprocess.run([*command, "--pubsub-url", url], capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


class Tail(Process):
    """`omnibus tail` on a subscription; reads are real once wait_for_readers() returned."""

    def __init__(self, queue, kind, count, *, nulls="omit", subscription=None, earliest=False, url=URL):
        command = [PROGRAM, "tail", queue, "--type", kind, "--count", str(count), "--timeout", str(int(PATIENCE))]
        command += ["--pubsub-url", url, "--json-nulls", nulls]
        if subscription:
            command += ["--subscription", subscription]
        if earliest:
            command += ["--earliest"]
        super().__init__(command)
        self.count = count

    def messages(self):
        """All of them, as (value, properties)."""
        output, _ = self.process.communicate(timeout=4 * PATIENCE)
        lines = [json.loads(line) for line in output.decode().split("\n") if line]
        if self.process.returncode != 0 or len(lines) != self.count:
            raise AssertionError(
                f"{' '.join(self.command)} ended with {self.process.returncode} after {len(lines)} messages: {self.log()}"
            )
        return [(line["value"], line["properties"]) for line in lines]

    def payloads(self):
        return [base64.b64decode(value) for value, _ in self.messages()]


def attached(tail, queue, count):
    """Waits for consumers of the queue while the program lives."""
    tail.running()
    wait_for_readers(queue, count)
    return tail


def service(name, folder, *more):
    """A service of the program."""
    command = [PROGRAM, name, "--pubsub-url", URL, "--no-metrics", "--json-nulls", "emit", *more]
    if name == "config-svc":
        command += ["--config-store", os.path.join(folder, "config.sqlite")]
    if name == "flow-svc":
        command += ["--flow-ledger", os.path.join(folder, "flows.sqlite")]
    return Process(command)


def peer(*arguments):
    return Process([PEER, *arguments, "--pubsub-url", URL, "--json-nulls", "emit"])
