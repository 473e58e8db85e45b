"""Tables of the existing system's command line programs: what is called, and what must come of it."""

import os
import shlex
import subprocess
from typing import NamedTuple

from surroundings import PATIENCE
from system import BINARIES

SILENT = ()


class Row(NamedTuple):
    """`expected`: a text, or several, that the output must hold; SILENT: there must be none.

    In command and texts {flow}, {folder}, {url} and {ws} stand for the system's; the programs get the URL by TRUSTGRAPH_URL too.
    """

    command: str
    expected: str | tuple
    status: int = 0
    input: str = ""


def fill(text, names):
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def complaint_about(row, system, names):
    """A line that names the program, what was expected and what came; empty when all is well."""
    command = fill(row.command, names)
    words = shlex.split(command)
    environment = {**os.environ, "TRUSTGRAPH_URL": system.url, "TRUSTGRAPH_API": system.url}
    try:
        done = subprocess.run(
            [os.path.join(BINARIES, words[0]), *words[1:]],
            input=row.input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            env=environment,
        )
    except subprocess.TimeoutExpired as late:
        return f"{command}: expected status {row.status} and {row.expected!r}, got no end within {PATIENCE:.0f} s, only {late.stdout!r}"
    expected = (row.expected,) if isinstance(row.expected, str) else row.expected
    expected = [fill(text, names) for text in expected]
    said = all(text in done.stdout for text in expected) if expected else done.stdout == ""
    if done.returncode == row.status and said:
        return ""
    return f"{command}: expected status {row.status} and {expected or 'no output'}, got status {done.returncode} and {done.stdout!r}"


def check(test, system, table, **names):
    """All rows, in order; what is wrong is told of all of them."""
    names = {"folder": system.folder, "url": system.url, "ws": system.url.replace("http", "ws", 1), **names}
    complaints = [complaint_about(row, system, names) for row in table]
    complaints = [each for each in complaints if each]
    if complaints:
        test.fail(f"{len(complaints)} of {len(table)} programs\n" + "\n".join(complaints))
