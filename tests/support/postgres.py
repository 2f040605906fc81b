"""A PostgreSQL of one's own: a cluster in a temporary folder, reached by a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest


def _binaries() -> Path | None:
    """The folder of the server's programs: Debian keeps them out of the PATH."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *(Path(entry) for entry in os.get_exec_path())]
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


def _account() -> dict[str, str]:
    """The server refuses to run as root; Debian's package brings an account for it."""
    return {"user": "postgres"} if os.geteuid() == 0 else {}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and can be made to fall over and to get up again."""

    url: str
    run: Callable[..., None]
    """Runs one of PostgreSQL's programs on the server's data."""

    def crash(self) -> None:
        """Stop without a goodbye: what is not in its write-ahead log is lost."""
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")

    def start(self) -> None:
        self.run("pg_ctl", "-w", "-l", "log", "start")


FAST = ("fsync=off", "full_page_writes=off")
"""A server that need not survive."""


@contextmanager
def server(*settings: str) -> Iterator[Server]:
    """A running server with these settings; the test is skipped where none is installed."""
    programs = _binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    user = _account().get("user", pwd.getpwuid(os.geteuid()).pw_name)
    shutil.chown(root, user)
    data = root / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=root, **_account())  # type: ignore[call-overload]  # a keyword or none

    run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    lines = (f"unix_socket_directories='{root}'", "listen_addresses=''", *settings)
    with (data / "postgresql.conf").open("a") as file:
        file.write("\n".join(("", *lines, "")))
    running = Server(f"postgres://{user}@/postgres?host={quote(str(root))}", run)
    running.start()
    try:
        yield running
    finally:
        running.crash()
        shutil.rmtree(root)


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of a running server's only database; the test is skipped where none is installed."""
    with server(*FAST) as running:
        yield running.url


def connected(url: str) -> psycopg.Connection:
    """A connection of the tests' own; each statement is done when it returns."""
    return psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True)
