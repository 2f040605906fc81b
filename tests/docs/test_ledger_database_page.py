"""The page about the ledger's databases: its commands run, and what it says of a server holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gatecli.cli.app import main
from gatecli.ledger import postgres_connection, sqlite
from gatecli.ledger.postgres import SKEW_SECONDS
from gatecli.ledger.postgres_schema import SCHEMA
from tests.support.postgres import cluster, connected

PAGE = (Path(__file__).resolve().parents[2] / "docs/ledger-database.md").read_text("utf-8")
OWNER = "postgresql://owner@db.example/ledger"
COMMANDS = [
    line
    for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


def test_the_commands_of_the_page_make_a_ledger_and_its_roles(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with connected(server) as connection:
        for command in COMMANDS:
            if command.startswith("createuser "):
                connection.execute(f"CREATE ROLE {command.removeprefix('createuser ')} LOGIN")
    for command in sorted(set(COMMANDS), key=COMMANDS.index):
        program, _, rest = command.partition(" ")
        with connected(server) as connection:
            if program == "createuser":
                continue
            words, _, into = rest.partition(" | ")
            assert program == "gatecli"
            assert main(words.replace(OWNER, server).split()) == 0
            if into == f"psql {OWNER}":
                connection.execute(capsys.readouterr().out)
    for role in ("ledger_writer", "ledger_reader"):
        with connected(server.replace("postgres@", f"{role}@", 1)) as connection:
            assert connection.execute("SELECT count(*) FROM gatecli.entry").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM gatecli.entry")


def test_the_page_names_the_oldest_versions_and_the_clocks_limit() -> None:
    assert f"SQLite {sqlite.OLDEST[0]}.{sqlite.OLDEST[1]}" in PAGE
    assert f"PostgreSQL {postgres_connection.OLDEST // 10000}" in PAGE
    assert f"`{SCHEMA}`" in PAGE
    assert SKEW_SECONDS == 5 * 60
    assert "five minutes" in PAGE
