"""`python -m tests.support.ledger_pictures`: the picture of docs/ledger-monitoring.md, by a real browser."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.chromium import browser, chromium
from tests.support.home_pictures import IMAGES
from tests.support.ledger_page import serving
from tests.support.page_ledgers import team

WIDTH = 1_080
MOST = 690
"""Pixels of height: what is held, and the history."""


def main() -> None:
    """Write it."""
    program = chromium()
    if program is None:
        sys.exit("there is no Chromium; on Debian: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        team(file).close()
        with serving(file) as address, browser(program) as page:
            page.show(f"{address}/dataset?name=customers-2026", width=WIDTH, scheme="light")
            (IMAGES / "ledger-page.png").write_bytes(page.screenshot(most=MOST))


if __name__ == "__main__":
    main()
