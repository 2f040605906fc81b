"""Who forgave what until when is in every report, whatever its format."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gatecli.model.finding import Finding, Suppression
from gatecli.model.verdict import decide
from gatecli.reports import markdown
from gatecli.reports.forgiven import forgiveness_of
from gatecli.reports.interface import Style
from gatecli.reports.registry import ReportFormat, report
from tests.support.verdicts import CASES, CHURN, POLICY, granted, understated, waived

WAIVER = Suppression("waiver", "legacy-churn", "retrained soon", "2027-03-31", "ml-platform")


@pytest.mark.parametrize("name", ReportFormat)
@pytest.mark.parametrize("told", ["legacy-churn", "ml-platform", "2027-03-31", "dp-epsilon-over-tier"])
def test_every_report_says_who_forgave_what_until_when(name: str, told: str) -> None:
    assert told in report(name).render(granted(), Style())


@pytest.mark.parametrize("name", ReportFormat)
def test_every_report_says_which_comment_and_that_the_baseline_has_no_end(name: str) -> None:
    shown = report(name).render(granted(), Style())
    assert "examples/churn-model/privacy.yaml:9" in shown
    assert "baseline" in shown


@pytest.mark.parametrize("name", ReportFormat)
def test_the_revision_whose_law_holds_is_in_the_report(name: str) -> None:
    shown = report(name).render(granted(), Style())
    assert "policy default of main" in shown or '"revision": "main"' in shown


@pytest.mark.parametrize("name", ReportFormat)
def test_nothing_is_said_where_nothing_is_forgiven(name: str) -> None:
    shown = report(name).render(CASES["closed"](), Style())
    assert "forgiven" not in shown
    assert "Forgiven" not in shown


def suppressed(why: Suppression, line: int) -> Finding:
    return replace(understated(line), suppressed=why)


def test_one_waiver_is_one_entry_however_much_it_forgives() -> None:
    found = (suppressed(WAIVER, 1), suppressed(WAIVER, 2), replace(waived(), suppressed=WAIVER))
    (entry,) = forgiveness_of(decide("release", POLICY, (CHURN,), found))
    assert (entry.count, entry.rules) == (3, {"dp-epsilon-over-tier": 1, "dp-understated-epsilon": 2})


def test_a_waiver_of_another_owner_is_another_entry() -> None:
    other = replace(WAIVER, owner="somebody-else")
    verdict = decide("release", POLICY, (CHURN,), (suppressed(WAIVER, 1), suppressed(other, 2)))
    assert [entry.why.owner for entry in forgiveness_of(verdict)] == ["ml-platform", "somebody-else"]


def test_a_text_lists_twenty_and_counts_the_others() -> None:
    whys = [Suppression("inline", f"a.yaml:{line}", "made up", "2027-01-31") for line in range(30)]
    verdict = decide("pii", POLICY, (CHURN,), tuple(suppressed(why, at) for at, why in enumerate(whys)))
    shown = report("text").render(verdict, Style())
    assert shown.count("forgiven 1 finding") == 20
    assert "forgiven and by 10 more: -v lists them" in shown
    assert report("text").render(verdict, Style(verbosity=1)).count("forgiven 1 finding") == 30
    assert len(json.loads(report("json").render(verdict, Style()))["forgiven"]) == 30


def test_a_short_comment_counts_what_it_has_no_room_for() -> None:
    whys = [Suppression("waiver", f"w{number}", "r" * 300, "2027-01-31") for number in range(100)]
    verdict = decide("pii", POLICY, (CHURN,), tuple(suppressed(why, at) for at, why in enumerate(whys)))
    shown = markdown.render(verdict, Style(), limit=8_192)
    assert len(shown.encode()) <= 8_192
    assert "more entries left out for length" in shown
