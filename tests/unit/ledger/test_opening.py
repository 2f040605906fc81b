"""Where a ledger is said to be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gatecli.errors import MissingExtraError, UsageError
from gatecli.ledger.opening import create_store, open_store
from tests.support.ledgers import IDENTITY

NO_LEDGERS = (
    "mysql://host/db",
    "https://host/ledger",
    "sqlite://",
    "sqlite:///",
    "sqlite://host/file",
    "sqlite::memory:",
    ":memory:",
    "",
    "a\0b",
)


@pytest.mark.parametrize("url", NO_LEDGERS)
def test_what_names_no_ledger_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)
    assert "sqlite:///FILE" in caught.value.advice
    with pytest.raises(UsageError):
        create_store(url, IDENTITY)


@pytest.mark.parametrize("name", ["{}/ledger.db", "sqlite:///{}/ledger.db", "sqlite:///{}/led%67er.db"])
def test_a_file_is_named_alone_or_by_a_url(tmp_path: Path, name: str) -> None:
    create_store(str(tmp_path / "ledger.db"), IDENTITY).close()
    store = open_store(name.format(tmp_path))
    assert store.identity == IDENTITY
    store.close()


def test_a_url_with_three_slashes_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create_store("sqlite:///ledger.db", IDENTITY).close()
    assert (tmp_path / "ledger.db").is_file()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_server_needs_its_extra(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "gatecli.ledger.postgres", raising=False)
    monkeypatch.delitem(sys.modules, "gatecli.ledger.postgres_connection", raising=False)
    with pytest.raises(MissingExtraError) as caught:
        open_store(f"{scheme}://me:secret@host/ledger")
    assert "gatecli[postgres]" in caught.value.advice
    assert "secret" not in caught.value.message


def test_a_url_that_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        open_store("postgresql://me:sec%ret@host/ledger")
    assert "sec" not in caught.value.message
