"""The page about evidence shows nothing that its readers do not read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gatecli.model.release import EvidenceFormat
from gatecli.sources.evidence.dp_events import _EVENTS
from gatecli.sources.evidence.opendp import _CONSTRUCTORS
from tests.support.evidence import accept

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()
SECTIONS = dict(re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLES = [
    (kind, example)
    for kind, section in SECTIONS.items()
    for example in re.findall(r"```(?:json|text)\n(.*?)```", section, re.DOTALL)
]


def test_every_format_has_a_section_with_an_example() -> None:
    assert {kind for kind, _ in EXAMPLES} == {kind.value for kind in EvidenceFormat}


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_every_example_is_read(kind: str, example: str, tmp_path: Path) -> None:
    accept(kind, tmp_path, example)


@pytest.mark.parametrize("event", sorted(_EVENTS))
def test_every_event_is_on_the_page(event: str) -> None:
    assert f"`{event}`" in SECTIONS["dp-accounting"]


@pytest.mark.parametrize("name", sorted(name for names in _CONSTRUCTORS.values() for name in names))
def test_every_constructor_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in SECTIONS["opendp"]
