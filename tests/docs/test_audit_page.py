"""docs/audit.md says what the commands and the plugin do."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gatecli.audit.neighbours import Relation
from gatecli.audit.plugin_audit import Wish
from gatecli.audit.wording import sentence
from gatecli.cli.audit_mechanism import mechanism
from gatecli.model.audit import AuditOutcome
from gatecli.model.engine import ENGINES, FLAWS, PrivacyEngine

PAGE = (Path(__file__).resolve().parents[2] / "docs/audit.md").read_text("utf-8")
LIBRARIES = {"opendp": "OpenDP", "python-dp": "PyDP", "diffprivlib": "diffprivlib"}
OPTIONS = set(re.findall(r"`(?:gatecli [a-z ]*|pytest )?(--[a-z-]+)", PAGE)) - {"--dp-state", "--format"}


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_on_the_page_is_one_of_the_command(option: str) -> None:
    assert option.removeprefix("--").replace("-", "_") in inspect.signature(mechanism).parameters


def test_there_are_options_on_the_page() -> None:
    assert {"--neighbours", "--domain", "--pairs", "--lattice", "--code", "--memory"} <= OPTIONS


@pytest.mark.parametrize("relation", Relation)
def test_every_relation_has_its_row(relation: Relation) -> None:
    assert f"\n| `{relation}`" in PAGE


@pytest.mark.parametrize("outcome", AuditOutcome)
def test_every_word_has_its_row(outcome: AuditOutcome) -> None:
    assert f"\n| {outcome.replace('-', ' ')} | " in PAGE


@pytest.mark.parametrize(
    "word", ["neighbours", "domain", "pairs", "lattice", "samples", "time_budget", "seed"]
)
def test_every_keyword_of_the_fixture_is_told(word: str) -> None:
    assert word in inspect.signature(Wish).parameters
    assert f"`{word}" in PAGE


def test_the_file_to_paste_does_what_the_page_says(tmp_path: Path) -> None:
    (source,) = re.findall(r"Save this as `noisy.py`.*?```python\n(.*?)```", PAGE, re.DOTALL)
    (commands,) = re.findall(r"```shell\n(gatecli audit mechanism noisy:noisy_max .*?)```", PAGE, re.DOTALL)[
        :1
    ]
    (tmp_path / "noisy.py").write_text(source, "utf-8")
    told = []
    for line in commands.splitlines():
        words = [sys.executable, "-m", *shlex.split(line), "--samples", "200000"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
        told.append((done.returncode, done.stdout.partition(":")[0]))
    assert told == [(1, "refuted"), (0, "nothing found")]


@pytest.mark.parametrize("engine", [each for each in ENGINES if not each.is_known_bad], ids=lambda x: x.name)
def test_the_table_of_engines_is_what_was_found(engine: PrivacyEngine) -> None:
    """Every mechanism has its place in the row of its library, and in the right column."""
    flawed = {each.mechanism: each for each in FLAWS if each.engine == engine.name}
    (row,) = re.findall(rf"^\| {LIBRARIES[engine.name]} \S+ \| (.*?) \|(.*?)\|$", PAGE, re.MULTILINE)
    sound = [each.title for each in engine.mechanisms if each.title not in flawed]
    assert row[0].split(", ") == sound
    names, _, reason = row[1].strip().partition(": ")
    assert [*filter(None, names.split(", "))] == list(flawed)
    assert {each.reason for each in flawed.values()} == ({reason} if reason else set())


def test_no_sentence_says_verified() -> None:
    assert "verified" not in inspect.getsource(inspect.getmodule(sentence) or sentence).partition('"""\n')[2]
