"""CONTRIBUTING.md: every kind of change has a short list, and every place that a list names is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from admission.cli import COMMANDS as ADMISSION_COMMANDS
from gatecli.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
LISTS = dict(
    re.findall(
        r"^### An? (.+?)\n(.*?)(?=^##)", TEXT.partition("## What to touch")[2], re.MULTILINE | re.DOTALL
    )
)
MOST = {
    "rule": 5,
    "entity": 5,
    "resource type": 5,
    "table source": 5,
    "evidence format": 5,
    "report": 5,
    "command": 5,
    "gate": 6,
    "value of the chart": 4,
    "object of the webhook": 4,
    "alert": 4,
}
"""Each kind of change, and the most places that it may cost."""
DOORS = {
    "command line",
    "library",
    "webhook",
    "background scan",
    "run task",
    "pre-commit",
    "GitHub action",
    "Terraform module",
}
DEBUGGING = dict(
    re.findall(r"^\| ([^|]+?) \| `([^`]+)`[^|]*\|$", TEXT.partition("## How to debug")[2], re.MULTILINE)
)


def places(text: str) -> list[str]:
    """What a list names in backticks that is a path; `…` in it stands for a name."""
    return [name for name in re.findall(r"`([^`\s]+)`", text) if "/" in name or name.endswith(".md")]


def symbols(text: str) -> list[tuple[str, str]]:
    """Each name with the file that it is said to be in: "`NAME` in `FILE`"."""
    return [
        (name, file)
        for names, file in re.findall(r"((?:`\w+`(?: and )?)+)\s+in\s+`([^`…]+\.py)`", text)
        for name in re.findall(r"`(\w+)`", names)
    ]


def test_each_kind_of_change_has_its_list() -> None:
    assert set(LISTS) == set(MOST)


@pytest.mark.parametrize("kind", MOST)
def test_a_list_is_numbered_and_short(kind: str) -> None:
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", LISTS[kind], re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 2 < len(numbers) <= MOST[kind]


@pytest.mark.parametrize("kind", MOST)
def test_every_place_in_a_list_is_there(kind: str) -> None:
    named = places(LISTS[kind])
    assert len(named) > 1
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/").replace("…", "*")))] == []


@pytest.mark.parametrize("kind", MOST)
def test_every_symbol_in_a_list_is_defined_in_its_file(kind: str) -> None:
    pattern = r"^(?:class )?{}\b.*[:=(]"
    missing = [
        (name, file)
        for name, file in symbols(LISTS[kind])
        if not re.search(pattern.format(name), (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_most_lists_name_the_list_in_the_code_that_they_extend() -> None:
    assert {kind for kind in MOST if symbols(LISTS[kind])} == set(MOST)


def test_every_front_door_has_a_command_to_debug_it() -> None:
    assert set(DEBUGGING) >= DOORS


@pytest.mark.parametrize("door", DEBUGGING)
def test_a_command_to_debug_names_what_there_is(door: str) -> None:
    words = shlex.split(DEBUGGING[door])
    paths = [
        word.rpartition("=")[2]
        for word in words
        if re.search(r"(^|=)(tests|examples|terraform_modules)/", word)
    ]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for program, known in (("gatecli", COMMANDS), ("gatecli-admission", ADMISSION_COMMANDS)):
        called = [words[at + 1] for at, word in enumerate(words[:-1]) if Path(word).name == program]
        assert set(called) <= set(known)
