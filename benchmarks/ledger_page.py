"""How long the ledger's page takes with 10,000 entries in one dataset: the answer, and the paint.

Target: first paint at most 200 ms after the navigation, also for the first page after a start. The ratio is to
an empty page of the same service (`/healthz`), by the same browser in the same run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.support.chromium import Page, browser, chromium
from tests.support.ledger_page import Client, serving, site_of, visit
from tests.support.page_ledgers import many

ENTRIES = 10_000
ROUNDS = 15
TARGET = 200.0
"""Milliseconds."""
PAGES = {
    "an empty page": "/healthz",
    "the datasets": "/",
    "a dataset of 10,000 entries": "/dataset?name=busy",
    "its entries by subject": "/dataset?name=busy&subject=query@77",
    "a search that finds nothing": "/dataset?name=busy&subject=nobody",
    "an entry": "/entry?dataset=busy&number=5000",
    "the metrics": "/metrics",
}
PAINTED = 'performance.getEntriesByName("first-contentful-paint").map(entry => entry.startTime)'


def milliseconds(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


def cold_and_warm(file: Path, path: str) -> tuple[float, float]:
    """The first answer of a new service, and the median of those after it."""

    async def use(client: Client) -> tuple[float, float]:
        spent = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            async with client.get(path) as answer:
                assert answer.status == 200
                await answer.read()
            spent.append(milliseconds(begun))
        return spent[0], statistics.median(spent[1:])

    return visit(site_of(file), use)


def paint(page: Page, url: str) -> float:
    """Milliseconds from the navigation to the first paint with content."""
    page.show("about:blank", width=1200, scheme="light")
    page.show(url, width=1200, scheme="light")
    while not (found := page.evaluate(PAINTED)):
        page.evaluate("new Promise(done => requestAnimationFrame(done))")
    return float(found[0])


def answers(file: Path) -> None:
    print(f"the service, {ENTRIES:,} entries: milliseconds (first after a start, median of {ROUNDS - 1})")
    for name, path in PAGES.items():
        first, later = cold_and_warm(file, path)
        print(f"  {name:32} {first:7.1f} {later:7.1f}")


def paints(file: Path, program: str) -> None:
    """Each page in a service that was just started, and then again."""
    print(
        f"a browser, first paint: milliseconds (first after a start, median of {ROUNDS - 1}, ratio to empty)"
    )
    shown = {name: path for name, path in PAGES.items() if path != "/metrics"}
    slowest, empty = 0.0, 1.0
    for name, path in shown.items():
        with serving(file, verified=False) as address, browser(program) as page:
            page.call("Network.setCacheDisabled", cacheDisabled=True)
            first, *later = (paint(page, f"{address}{path}") for _ in range(ROUNDS))
        median = statistics.median(later)
        empty = median if path == "/healthz" else empty
        slowest = max(slowest, first, median)
        print(f"  {name:32} {first:7.1f} {median:7.1f} {median / empty:6.1f}×")
    print(f"slowest {slowest:.0f} ms, target {TARGET:.0f} ms: {'held' if slowest <= TARGET else 'MISSED'}")


def main() -> None:
    program = chromium()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        many(file, ENTRIES).close()
        answers(file)
        if program is None:
            sys.exit("no first paint was measured: there is no Chromium; on Debian: apt-get install chromium")
        paints(file, program)


if __name__ == "__main__":
    main()
