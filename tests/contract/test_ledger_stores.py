"""Both stores of a ledger pass one suite."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.contract.ledger_suite import LedgerSuite
from tests.support.ledgers import LedgerPlace, postgres_place, sqlite_place
from tests.support.postgres import cluster

NUMBERS = count()


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


class TestSqlite(LedgerSuite):
    @pytest.fixture(name="place")
    def free_place(self, tmp_path: Path) -> LedgerPlace:
        return sqlite_place(tmp_path)


class TestPostgres(LedgerSuite):
    @pytest.fixture(name="place")
    def free_place(self, server: str) -> LedgerPlace:
        return postgres_place(server, f"ledger_{next(NUMBERS)}")
