"""One example file a format: what is found in it, where, and under which names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatecli.sources.string_fields.formats import FORMATS, read_leaves
from tests.support.leaves import EXAMPLES, example, faults_of

EXPECTED: dict[str, Any] = json.loads(Path("tests/data/formats-expected.json").read_text())
NAMES = sorted(path.name for path in EXAMPLES.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_read_as_expected(name: str) -> None:
    raw = example(name)
    reading = read_leaves(raw)
    found = []
    for leaf in reading.leaves:
        for match in re.finditer(r"id-\d{4}|11010\d+", leaf.text):
            at = raw.position(leaf.span(raw.text, *match.span())[0])
            words = " ".join(leaf.words(match.start()))
            found.append([match[0], at.line, at.column, leaf.document, leaf.pointer, words])
    wanted = EXPECTED[name]
    assert (reading.format, reading.note, found) == (wanted["format"], wanted["note"], wanted["found"])


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_of_an_example_stands_where_it_says(name: str) -> None:
    raw = example(name)
    assert list(faults_of(raw, read_leaves(raw))) == []


@pytest.mark.parametrize(
    ("name", "ending"),
    [(name, "\r\n") for name in NAMES]
    + [(name, "\r") for name in NAMES if EXPECTED[name]["format"] != "toml"],  # TOML knows no lone CR
)
def test_an_example_reads_the_same_with_other_line_ends(name: str, ending: str) -> None:
    raw = example(name)
    lines = raw.text.replace("\r\n", "\n")
    other = replace(raw, text=lines.replace("\n", ending))
    before = [(leaf.pointer, leaf.kind) for leaf in read_leaves(replace(raw, text=lines)).leaves]
    assert [(leaf.pointer, leaf.kind) for leaf in read_leaves(other).leaves] == before
    assert list(faults_of(other, read_leaves(other))) == []


def test_every_format_has_an_example() -> None:
    assert {EXPECTED[name]["format"] for name in NAMES} == set(FORMATS)
