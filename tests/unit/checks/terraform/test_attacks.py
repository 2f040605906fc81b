"""Attempts to get a dataset or a model past its gate: each is refused, or the threat model names it."""

from __future__ import annotations

import pytest

from tests.support.terraform_attacks import (
    PAGE,
    PlanAttack,
    all_attacks,
    figures,
    findings_of,
    honest_plans,
    plan_attacks,
)

SEVERITIES = {"refused": {"error"}, "told": {"warning"}}


def by_outcome(*outcomes: str) -> list[PlanAttack]:
    """The attempts of plans that end so."""
    return [each for each in plan_attacks() if each.outcome in outcomes]


@pytest.mark.parametrize("attack", by_outcome("refused", "told"), ids=str)
def test_an_attempt_is_found_by_its_rule(attack: PlanAttack) -> None:
    found = {each.severity.value for each in findings_of(attack) if each.rule.id == attack.rule}
    assert found & SEVERITIES[attack.outcome]


@pytest.mark.parametrize("attack", by_outcome("told", "open"), ids=str)
def test_an_attempt_that_is_called_open_passes(attack: PlanAttack) -> None:
    """It leaves the threat model when it does not."""
    errors = {each.rule.id for each in findings_of(attack) if each.severity.value == "error"}
    assert errors <= attack.besides


@pytest.mark.parametrize("plan", honest_plans(), ids=str)
def test_an_honest_neighbour_of_an_attempt_is_told_nothing(plan: PlanAttack) -> None:
    assert [each.message for each in findings_of(plan)] == []


def test_what_passes_is_named_in_the_threat_model() -> None:
    section = PAGE.read_text("utf-8").partition("## The gate under attack")[2].partition("## The search")[0]
    named = [each for each in all_attacks() if each.open]
    assert named
    assert [each.name for each in named if each.open not in section] == []


def test_no_attempt_is_counted_twice() -> None:
    names = [each.name for each in all_attacks()]
    assert len(set(names)) == len(names) >= 45


def test_the_figures_of_the_threat_model_are_current() -> None:
    assert figures() in " ".join(PAGE.read_text("utf-8").split())
