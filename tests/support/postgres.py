"""A PostgreSQL of one's own: a cluster in a temporary folder, reached by a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of a running server's only database; the test is skipped where none is installed."""
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
    options = f"-k {root} -c listen_addresses= -c fsync=off -c full_page_writes=off"
    run("pg_ctl", "-w", "-l", str(root / "log"), "-o", options, "start")
    try:
        yield f"postgres://{user}@/postgres?host={quote(str(root))}"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(root)


def connected(url: str) -> psycopg.Connection:
    """A connection of the tests' own; each statement is done when it returns."""
    return psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True)
