"""The page about jobs of three clouds: its script runs on PostgreSQL and prints what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatecli.ledger.opening import open_store
from gatecli.model.job_files import DECLARATION, RECORD, RETURN
from gatecli.model.ledger import EntryKind
from tests.support.postgres import cluster

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/clouds.md").read_text("utf-8")
UNIT = 10**12
"""An ε of 1, as the ledger counts it."""
SCRIPT = ROOT / "examples/clouds/three_clouds.py"


@pytest.fixture(name="url", scope="module")
def empty_database() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(name="printed", scope="module")
def what_the_script_prints(url: str) -> str:
    pytest.importorskip("opendp", reason="the example's counts are OpenDP's (make test-all)")
    command = [sys.executable, str(SCRIPT), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_script_prints_what_the_page_shows(printed: str) -> None:
    shown = PAGE.partition("three_clouds.py postgresql://localhost/privacy\n```\n\n```\n")[2].partition(
        "```"
    )[0]
    assert printed == shown


def test_the_killed_job_is_charged_and_not_published(printed: str, url: str) -> None:
    assert "azure: killed" in printed
    store = open_store(url, read_only=True)
    try:
        runs = [
            each for each in store.entries("customers-2026") if each.subject.startswith("churn-azure@1.0.0")
        ]
    finally:
        store.close()
    charged = [each.amounts.basic_epsilon for each in runs if each.amounts.basic_epsilon]
    assert charged == [UNIT, UNIT]  # the killed run, and the one that took its place
    published = [each.subject for each in runs if each.kind is EntryKind.COMMIT]
    assert published.count("churn-azure@1.0.0") == 1


def test_every_file_that_the_page_lists_is_one_that_a_job_leaves() -> None:
    listed = set(re.findall(r"^\| `([a-z.-]+)` \|", PAGE, re.MULTILINE))
    assert listed == {DECLARATION, RECORD, RETURN}
