"""The run task as a process, and how a task is delivered to it."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.hcp_terraform import KEY, PATIENCE, Stub, signature

LOOPBACK = ("--allow-network", "127.0.0.1/32", "--allow-network", "::1/128")


@dataclass
class Service:
    """A running `gatecli terraform run-task`."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str] = field(default_factory=queue.Queue)
    stderr: list[str] = field(default_factory=list)
    port: int = 0
    context: ssl.SSLContext | None = None

    def wait_for(self, event: str) -> dict[str, Any]:
        """The next line of the log that tells this."""
        while True:
            line: dict[str, Any] = json.loads(self.lines.get(timeout=PATIENCE))
            if line["event"] == event:
                return line

    def deliver(self, task: Mapping[str, Any] | bytes, **headers: str) -> int:
        """POST a task, signed unless a header says otherwise; the status."""
        body = task if isinstance(task, bytes) else json.dumps(task).encode()
        sent = {"X-TFC-Task-Signature": signature(body), "Content-Type": "application/json", **headers}
        return self.request("POST", "/run-task", body, sent)[0]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        if self.context is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        else:
            connection = http.client.HTTPSConnection(
                "localhost", self.port, timeout=PATIENCE, context=self.context
            )
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def said(self) -> str:
        return "".join(self.stderr)

    def read(self) -> None:
        for line in self.process.stderr or ():
            self.stderr.append(line)
            self.lines.put(line)


def command(stub: Stub, *options: str | Path) -> list[str]:
    own = ["--listen", "127.0.0.1:0", "--ca-file", str(stub.authority)]
    allowed = ["--allow-host", f"localhost:{stub.port}", *LOOPBACK]
    return [sys.executable, "-m", "gatecli", "terraform", "run-task", *own, *allowed, *map(str, options)]


@contextmanager
def running(stub: Stub, folder: Path, *options: str | Path, **variables: str) -> Iterator[Service]:
    """A service that may talk to the stub; its temporary files go to `folder`/tmp."""
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "GATECLI_RUN_TASK_HMAC_KEY": KEY,
        **variables,
    }
    process = subprocess.Popen(
        command(stub, *options), cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    service = Service(process)
    reader = threading.Thread(target=service.read, daemon=True)
    reader.start()
    try:
        service.port = service.wait_for("listening")["port"]
        yield service
    finally:
        process.kill()
        process.wait()
        reader.join()
        if process.stderr:
            process.stderr.close()
