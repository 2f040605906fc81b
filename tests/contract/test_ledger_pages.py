"""The page and the metrics are the same whatever store holds the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ledger_page import get, site_of
from tests.support.ledgers import postgres_place
from tests.support.page_ledgers import team
from tests.support.postgres import cluster

PATHS = (
    "/",
    "/?order=held",
    "/dataset?name=customers-2026",
    "/dataset?name=people&kind=void&subject=UPLIFT",
    "/dataset?name=telemetry&from=2026-02-01&to=2026-03-01",
    "/entry?dataset=people&number=4",
    "/checkpoint",
    "/metrics",
)


@pytest.fixture(name="ledgers", scope="module")
def of_both_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    file = str(tmp_path_factory.mktemp("sqlite") / "ledger.db")
    team(file).close()
    with cluster() as server:
        place = postgres_place(server, "page")
        team(place.url).close()
        yield file, place.url


@pytest.mark.parametrize("path", PATHS)
def test_both_stores_show_the_same(ledgers: tuple[str, str], path: str) -> None:
    (status, page, _), (other_status, other_page, _) = (get(site_of(url), path) for url in ledgers)
    assert status == other_status == 200
    assert page == other_page
