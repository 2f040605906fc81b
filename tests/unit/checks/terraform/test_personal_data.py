"""Personal data in plans: a text that was clean once is asked again only where other keys lead to it."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.terraform import plan_findings
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_plan
from gatecli.sources.policy import default_policy
from tests.support.plans import change, plan_with, read

POLICY = default_policy()
NUMBER = "517298264"
"""Nine digits: a Social Security number where a key says so, else any number."""


def subjects(*values: dict[str, Any]) -> list[str]:
    plan = read(plan_with(resource_changes=[change(f"a.b{at}", each) for at, each in enumerate(values)]))
    search = search_of(POLICY.spec.pii)
    return [finding.subject for finding in find_in_plan(PlanSubject(plan), POLICY, search)]


def test_the_same_text_counts_again_under_another_key() -> None:
    assert subjects({"total": NUMBER}, {"total": NUMBER}, {"ssn": NUMBER}, {"total": NUMBER}) == ["a.b2"]


def test_a_text_that_held_something_holds_it_everywhere() -> None:
    held = {"note": "ssn 517-29-8264", "same": "clean"}
    assert subjects({"same": "clean"}, held, held) == ["a.b1", "a.b2"]


def test_beyond_what_is_remembered_everything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_findings, "_REMEMBERED", 1)
    assert subjects({"total": NUMBER}, {"total": NUMBER}, {"ssn": NUMBER}) == ["a.b2"]
