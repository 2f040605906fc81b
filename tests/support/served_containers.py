"""Containers of examples/serve-… as processes: with the folders, the port and the start of a platform.

Each has a loopback address of its own, so that two at once have one port.
"""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.processes import Program, eventually, free_port

MODEL_PORT, PATIENCE = "8081", 30.0
_NUMBERS = itertools.count(1)


def own_address() -> str:
    """An address of the loopback that no other test of this run has."""
    return f"127.{os.getpid() >> 8 & 0xFF}.{os.getpid() & 0xFF}.{next(_NUMBERS)}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of HTTP; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ServedContainer:
    """A running container, and where its front listens."""

    program: Program
    address: str
    port: int

    def connect(self, seconds: float = PATIENCE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, self.port, timeout=seconds)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = PATIENCE,
    ) -> Reply:
        """One request."""
        connection = self.connect(seconds)
        try:
            connection.request(method, path, body, dict(headers or {}))
            return reply_of(connection.getresponse())
        finally:
            connection.close()

    def ask_json(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """A question in JSON."""
        return self.ask("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def is_ready(self, path: str) -> bool:
        try:
            return self.ask("GET", path, seconds=2).status == 200
        except OSError:
            return False

    def stop(self) -> int:
        """SIGTERM to the first process alone, as a platform sends it; the exit code."""
        os.kill(self.program.pid, signal.SIGTERM)
        return self.exit_code()

    def children(self) -> list[int]:
        """The processes that the first one started, in that order."""
        pid = self.program.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def exit_code(self) -> int:
        """The exit code, once there is one."""

        def looked() -> tuple[int] | None:
            code = self.program.exit_code()
            return None if code is None else (code,)

        return eventually("the container's end", looked, seconds=PATIENCE)[0]


def reply_of(response: http.client.HTTPResponse) -> Reply:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, response.read())


def other_model(example: Path, below: Path) -> Path:
    """The example with a model that nobody attested."""
    copied = shutil.copytree(example, below / "other", ignore=shutil.ignore_patterns("__pycache__"))
    model = copied / "model/churn.json"
    model.write_text(model.read_text("utf-8").replace("3316", "3317"), "utf-8")
    return copied


def write_tree(example: Path, below: Path, changes: Mapping[str, str] | None = None) -> Path:
    """What an image and its platform put together: /opt/program, and the model in /opt/ml/model.

    `changes` are texts of the endpoint's documents and programs, and what stands in their place. Each is
    made in what the one before left.
    """
    program, model = below / "opt/program", below / "opt/ml/model"
    shutil.copytree(example, program, ignore=shutil.ignore_patterns("__pycache__", "*.tf"))
    model.parent.mkdir(parents=True)
    (program / "model").rename(model)
    (program / "model").symlink_to(model)
    files = [each for each in program.iterdir() if each.name.startswith(("serve", "start", "score"))]
    for old, new in (changes or {}).items():
        texts = {path: path.read_text("utf-8") for path in files}
        assert any(old in text for text in texts.values()), old
        for path, text in texts.items():
            path.write_text(text.replace(old, new), "utf-8")
    return program


def changes_of(address: str, port: int, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The changes that give a container an address of its own, and its model a port."""
    return {**(changes or {}), f"0.0.0.0:{port}": f"{address}:{port}", MODEL_PORT: str(free_port())}


@contextmanager
def container(
    example: Path, below: Path, port: int, changes: Mapping[str, str] | None = None
) -> Iterator[ServedContainer]:
    """The container of an example, started as its platform does; it need not be ready."""
    address = own_address()
    program = write_tree(example, below, changes_of(address, port, changes))
    running = Program("container", [sys.executable, str(program / "start.py"), "serve"], below)
    try:
        yield ServedContainer(running, address, port)
    finally:
        running.kill()


@contextmanager
def ready_container(
    example: Path, below: Path, port: int, ready: str, changes: Mapping[str, str] | None = None
) -> Iterator[ServedContainer]:
    """The same, once it answers 200 at `ready`."""
    with container(example, below, port, changes) as started:
        started.program.wait_until(lambda: started.is_ready(ready))
        yield started
