"""Twice the file takes twice the work, for each kind of file that is large in practice.

Work is counted in steps of the budget, which decide the verdict, and in calls of functions, which take time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.file_scan import scan_reads
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, object_leaves
from gatecli.pii.budget import ScanBudget
from gatecli.pii.scanning import scan
from tests.support.steps import steps

MOST = 2.3
"""How many times the work for twice the text."""
SMALL = 2**16
SEARCH = with_embedded_files(search_of(PiiRules()))
ADDRESSES = with_embedded_files(search_of(PiiRules(packs=("generic", "network"))))


def address(source: random.Random) -> str:
    return ".".join(str(source.randrange(1, 255)) for _ in range(4))


def log(source: random.Random) -> str:
    at = f"2026-11-{source.randrange(10, 29)}T07:{source.randrange(10, 60)}:07.123Z"
    return f"{at} INFO [main] web.Handler - could not call the service, id {source.randrange(10**6, 10**7)}"


def manifest(source: random.Random) -> str:
    digest = f"{source.getrandbits(256):064x}"
    name = f"service-{source.randrange(10, 100)}"
    return (
        f"---\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  image: registry.example/{name}@sha256:{digest}"
    )


def table(source: random.Random) -> str:
    return f"{source.randrange(3_000_000, 4_000_000)},{source.random():.6f}"


LINES: Mapping[str, tuple[str, Callable[[random.Random], str]]] = {
    "log": ("app.log", log),
    "manifest": ("a.yaml", manifest),
    "table": ("a.csv", table),
    "list of addresses": ("block.txt", address),
    "list of addresses in YAML": ("block.yaml", lambda source: f"- {address(source)}/32"),
}
FORMATS = {"log": "text", "yaml": "yaml", "csv": "csv", "txt": "text"}


def text_of(line: Callable[[random.Random], str], size: int) -> str:
    source = random.Random(3)  # noqa: S311 - a seed, no secret
    lines: list[str] = []
    while size > 0:
        lines.append(line(source))
        size -= len(lines[-1]) + 1
    return "\n".join(lines)


class CountingBudget(ScanBudget):
    """A budget that never ends, and says what was spent of it."""

    spent = 0.0

    def spend(self, steps: float) -> None:
        self.spent += steps


def spent(text: str) -> float:
    """The steps of the budget that a search of `text` takes."""
    budget = CountingBudget()
    scan(SEARCH.detector, text, budget=budget)
    return budget.spent


def assert_linear(work: Callable[[str], float], line: Callable[[random.Random], str]) -> None:
    once, twice = (work(text_of(line, size)) for size in (SMALL, 2 * SMALL))
    assert once > 0
    assert twice <= MOST * once


@pytest.mark.parametrize("kind", LINES)
def test_twice_the_text_takes_twice_the_steps_of_the_budget(kind: str) -> None:
    assert_linear(spent, LINES[kind][1])


@pytest.mark.parametrize("kind", LINES)
def test_twice_the_file_takes_twice_the_calls(kind: str) -> None:
    name, line = LINES[kind]
    raw = RawText(name, "", FORMATS[name.rpartition(".")[2]])

    def work(text: str) -> float:
        return steps(lambda body: scan_reads([RawText(raw.path, body, raw.format)], SEARCH, raw.path), text)

    assert_linear(work, line)


BLOCK_LISTS: Mapping[str, str] = {"lines": "\n", "commas": ", ", "JSON": '", "'}


@pytest.mark.parametrize("joint", BLOCK_LISTS)
def test_twice_the_block_list_of_a_config_map_takes_twice_the_calls(joint: str) -> None:
    def work(text: str) -> float:
        body = text.replace("\n", BLOCK_LISTS[joint])
        held = f'["{body}"]' if joint == "JSON" else body
        leaves = object_leaves({"kind": "ConfigMap", "data": {"block.txt": held}})
        review = RawText("-", "", "json")
        return steps(lambda _: list(find_personal_data(review, leaves, SEARCH)), held)

    assert_linear(work, address)


def test_a_list_whose_every_address_is_found_takes_calls_in_proportion() -> None:
    def work(text: str) -> int:
        return steps(
            lambda body: scan_reads([RawText("block.txt", body, "text")], ADDRESSES, "block.txt"), text
        )

    once, twice = (work(text_of(address, size)) for size in (2**12, 2**13))
    assert 0 < twice <= MOST * once
