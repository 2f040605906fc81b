"""One entry: what it says, also where somebody changed it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gatecli.dashboard.dataset_page import member_lines
from gatecli.dashboard.entry_page import DEEPEST, Detail, amount_lines, details_of
from gatecli.model.portfolio import Amounts, Member
from tests.support.charged_ledgers import add, ledger
from tests.support.ledger_page import get, site_of
from tests.support.page_ledgers import team

DIGEST = "ab" * 32


def test_details_are_told_by_their_paths() -> None:
    found = list(details_of({"evidence": [{"sha256": DIGEST}, {"url": "https://a.example/x?y=1"}], "n": 3}))
    assert found == [
        Detail("evidence 1 › sha256", DIGEST, is_digest=True),
        Detail("evidence 2 › url", "https://a.example/x?y=1", "https://a.example/x?y=1"),
        Detail("n", "3"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example/", "javascript:alert(1)", "https://user@a.example/", "https://a.example/a b",
        'https://a.example/"', "https://", "data:text/html,x", "HTTPS://a.example", "https://a.example/\u202e",
    ],
)  # fmt: skip
def test_what_is_not_plainly_an_address_of_the_web_is_no_link(text: str) -> None:
    assert [each.link for each in details_of({"url": text})] == [""]


def test_details_are_shown_so_deep_and_no_deeper() -> None:
    deep: Any = "text"
    for _ in range(900):
        deep = [deep]
    (found,) = details_of(deep)
    assert found.text == "…"
    assert found.path.count("1") == DEEPEST


def changed(folder: Path, column: str, value: object) -> Path:
    """A ledger of which somebody changed an entry, past its triggers."""
    file = folder / "ledger.db"
    team(file).close()
    connection = sqlite3.connect(file)
    with connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            f"UPDATE entry SET {column} = ? WHERE dataset = 'people' AND number = 4",  # noqa: S608 - a test's
            (value,),
        )
    connection.close()
    return file


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[1]",
        "{}",
        json.dumps({"at": "yesterday", "details": [1]}),
        '{"amounts":[],"at":"9999"}',
    ],
)
def test_an_entry_that_was_changed_is_shown_as_one_that_does_not_follow(tmp_path: Path, content: str) -> None:
    file = changed(tmp_path, "content", content)
    status, page, _ = get(site_of(file), "/entry?dataset=people&number=4")
    assert status == 200
    assert "does not follow" in page
    for path in ("/", "/dataset?name=people", "/dataset?name=people&from=2026-01-01", "/metrics"):
        assert get(site_of(file), path)[0] == 200


def test_what_follows_a_changed_entry_does_not_follow(tmp_path: Path) -> None:
    file = changed(tmp_path, "hash", bytes(32))
    for number, follows in ((3, True), (4, False), (5, False), (6, True)):
        page = get(site_of(file), f"/entry?dataset=people&number={number}")[1]
        assert ("does not follow" in page) != follows


def test_what_is_taken_back_reads_as_what_was_charged() -> None:
    amounts = Amounts(*(123_456_789_123 + number for number in range(9)))
    charged, taken = list(amount_lines(amounts)), list(amount_lines(-amounts))
    assert taken == [(name, f"−{text}") for name, text in charged]
    assert charged[0] == ("ε", "0.1235")
    assert not any("_" in name for name, _ in charged)


def test_a_limit_of_nothing_is_no_share(tmp_path: Path) -> None:
    with ledger(tmp_path) as store:
        add(store, delta="0")
        account = store.account("customers")
        assert account is not None
        lines = list(member_lines(account, Member.BASIC))
    assert next((line.loss, line.delta) for line in lines) == ("0 of 2", "none permitted")
    assert not any("of 0" in text for line in lines for text in (line.loss, line.delta))
