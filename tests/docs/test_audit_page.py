"""docs/audit.md says what the commands and the plugin do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from gatecli.audit.neighbours import Relation
from gatecli.audit.plugin_audit import Wish
from gatecli.audit.wording import sentence
from gatecli.cli.audit_mechanism import mechanism
from gatecli.model.audit import AuditOutcome

PAGE = (Path(__file__).resolve().parents[2] / "docs/audit.md").read_text("utf-8")
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


def test_no_sentence_says_verified() -> None:
    assert "verified" not in inspect.getsource(inspect.getmodule(sentence) or sentence).partition('"""\n')[2]
