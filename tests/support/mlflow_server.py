"""A real MLflow server of one's own: `make installed-mlflow` installs it, a folder holds its database."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.support.environments import Environment

MLFLOW = Environment("mlflow")
PROGRAM, lacking = MLFLOW.program("mlflow"), MLFLOW.lacking

_RUNNING = re.compile(r"running on (http://[\d.]+:\d+)")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URI of a running server; its port is one that the system chose."""
    told = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    command = [str(PROGRAM), "server", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0", "--workers", "1"],
        cwd=folder,
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        rest = threading.Thread(target=deque, args=(process.stdout, 0), daemon=True)
        try:
            address = _address(process.stdout)
            rest.start()
            yield address
        finally:
            process.terminate()
            if rest.ident is not None:
                rest.join()


def _address(log: IO[str]) -> str:
    """What the server says once it listens. The rest of its log must be read, or it waits for a reader."""
    said: list[str] = []
    for line in log:
        said.append(line)
        if found := _RUNNING.search(line):
            return found[1]
    raise RuntimeError("the MLflow server ended:\n" + "".join(said[-20:]))
