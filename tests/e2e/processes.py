"""Programs that a test starts: each in a process group of its own, all gone afterwards, whatever happens."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

LOOPBACK = "127.0.0.1"
POLL = 0.05
"""Seconds between two looks at whether something has come about."""

T = TypeVar("T")


def eventually(what: str, condition: Callable[[], T | None], *, seconds: float = 10.0) -> T:
    """The first value of `condition` that is neither None nor False.

    Raises TimeoutError, whose text holds `what`, when there is none within `seconds`.
    """
    ends = time.monotonic() + seconds
    while True:
        value = condition()
        if value is not None and value is not False:
            return value
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL)


def free_port() -> int:
    """A port of the loopback that nobody listens at.

    It lies below the ports that systems hand out to clients, so a program that is started anew finds its
    port free again.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((LOOPBACK, port))
                return port


def is_running(pid: int) -> bool:
    """Whether the process is there; a dead one that its parent has not asked about is not."""
    if Path("/proc/self").exists():
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    asked = ["ps", "-o", "state=", "-p", str(pid)]
    return subprocess.run(asked, check=False, stdout=subprocess.PIPE, text=True).stdout.strip() not in {
        "",
        "Z",
    }


class Program:
    """A running program with its log in `folder`; it works in `where`, or in `folder`.

    Start it from the thread that outlives it, such as a test's own: where the system can (Linux), the
    program is killed with the thread that started it, so that not even a killed test run leaves one behind.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        where: Path | None = None,
    ) -> None:
        self.name, self.log = name, folder / f"{name}.log"
        bound = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*bound, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                cwd=where or folder,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process's number, which is its group's as well."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; the negative of a signal's number where one ended it."""
        return self._process.poll()

    def logged(self) -> str:
        """All that it wrote to its output and its errors, earlier runs by the same name included."""
        return self.log.read_text("utf-8", errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Return when `ready`. Raises RuntimeError with the log's end when it exits first, or is too slow."""

        def looked() -> bool:
            if self.exit_code() is not None:
                raise RuntimeError(f"{self.name} ended with {self.exit_code()}:\n{self.logged()[-3000:]}")
            return ready()

        try:
            eventually(f"{self.name} is ready", looked, seconds=seconds)
        except TimeoutError as error:
            raise RuntimeError(f"{error}\n{self.logged()[-3000:]}") from error

    def stop(self, *, seconds: float = 10.0) -> int:
        """SIGTERM, and SIGKILL to the group when that is not enough within `seconds`; the exit code."""
        self.send(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to the whole group; the exit code. An ended program stays ended."""
        self.send(signal.SIGKILL)
        return self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """A signal to the group; none of it may be left, which is no error."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return
