"""Ledgers for tests: made by the gates' own functions, at moments that a test chooses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_actions import commit
from gatecli.gates.ledger_datasets import DatasetRequest, add_dataset
from gatecli.gates.release import check_releases, request_for
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.sources.policy import default_policy
from gatecli.sources.table_schema import schema_digest

IDENTITY = LedgerIdentity("0" * 32, "test.example/ledger", "2026-01-01T00:00:00Z")


def moment(day: date) -> str:
    return f"{day.isoformat()}T12:00:00Z"


@contextmanager
def ledger(folder: Path, name: str = "ledger.db") -> Iterator[Store]:
    """An empty ledger in a file."""
    store = create_store(str(folder / name), IDENTITY)
    try:
        yield store
    finally:
        store.close()


def add(store: Store, name: str = "customers", **given: Any) -> None:
    """A dataset with a budget of (2, 1e-5) for a person, or as it is given."""
    base = Path(given.pop("base", "."))
    schema = given.get("schema")
    add_dataset(
        DatasetRequest(
            name,
            given.get("unit", "person"),
            Neighbouring(given.get("neighbouring", "add-remove")),
            Budget(Fraction(given.get("epsilon", "2")), Fraction(given.get("delta", "1e-5"))),
            given.get("records"),
            schema_digest(base / schema) if schema else None,
            tuple(given.get("parents", ())),
            given.get("block_of"),
        ),
        store,
        given.get("at", "2026-01-01T00:00:00Z"),
    )


def reserve(store: Store, paths: list[Path], on: date, plan: str | None = None) -> bool:
    """Whether what stands there passes the gate and is reserved."""
    terms = JudgementTerms(default_policy(), (), on)
    return check_releases(
        request_for(paths, terms, LedgerUse(store, moment(on), reserves=True, plan=plan))
    ).passed


@contextmanager
def ledger_of_example(file: Path, folder: Path) -> Iterator[Store]:
    """The ledger that a file of tests/rules/ledger-… describes."""
    given = json.loads(file.read_text("utf-8"))
    on = date.fromisoformat(given["on"])
    with ledger(folder) as store:
        for dataset in given["datasets"]:
            add(store, base=file.parent, **dataset)
        for path in given["reserved"]:
            assert reserve(store, [file.parent / path], on)
        for subject in given["committed"]:
            commit(store, subject, moment(on), ())
        yield store
