"""What every report promises, whatever its format: inherit, and name the report."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import ClassVar

import pytest

from gatecli.model.finding import Suppression
from gatecli.model.verdict import Verdict, decide
from gatecli.reports.escaping import visible
from gatecli.reports.interface import Report, Style
from tests.support.report_checks import CHECKS
from tests.support.verdicts import CASES, CHURN, HOSTILE_TEXTS, POLICY, hostile, many, unreadable

MANY = 30_000
"""More than any format shows: SARIF's readers take 25,000."""

every_case = pytest.mark.parametrize("build", CASES.values(), ids=CASES.keys())
every_hostile_text = pytest.mark.parametrize("text", [*HOSTILE_TEXTS, " ".join(HOSTILE_TEXTS)], ids=repr)


@cache
def thirty_thousand() -> Verdict:
    return many(MANY)


class ReportSuite:
    """The contract of `gatecli.reports.interface.Report`."""

    report: ClassVar[Report]
    styled: ClassVar[bool] = False
    """Whether the format may look at the style; only text may."""
    longest: ClassVar[int | None] = None
    """Bytes that the format's readers accept."""

    def render(self, verdict: Verdict) -> str:
        return self.report.render(verdict, Style())

    def says_passed(self, verdict: Verdict) -> bool:
        return CHECKS[self.report.name](self.render(verdict), verdict)

    @every_case
    def test_it_is_well_formed_and_passes_only_what_passed(self, build: Callable[[], Verdict]) -> None:
        assert self.says_passed(build()) is build().passed

    @every_case
    def test_it_ends_with_one_newline_and_is_utf_8(self, build: Callable[[], Verdict]) -> None:
        rendered = self.render(build())
        assert rendered.rstrip("\n") + "\n" == rendered
        assert rendered.encode().decode() == rendered

    @every_case
    def test_the_same_findings_in_any_order_give_the_same_bytes(self, build: Callable[[], Verdict]) -> None:
        one = build()
        findings, checked = list(one.findings), list(one.checked)
        shuffle = random.Random(7).shuffle  # noqa: S311 - an order, not a secret
        shuffle(findings)
        shuffle(checked)
        other = decide(
            one.gate,
            one.policy,
            tuple(checked),
            tuple(findings),
            fail_on=one.fail_on,
            exit_zero=one.exit_zero,
            baseline=one.baseline,
            families=one.families,
        )
        assert self.render(one) == self.render(replace(other, parts=one.parts))

    @every_case
    def test_it_leaves_the_verdict_as_it_was(self, build: Callable[[], Verdict]) -> None:
        verdict = build()
        before = (repr(verdict), verdict.exit_code)
        self.render(verdict)
        assert (repr(verdict), verdict.exit_code) == before

    @every_hostile_text
    def test_hostile_text_stays_text(self, text: str) -> None:
        assert not self.says_passed(hostile(text))

    @every_hostile_text
    def test_no_control_character_or_bidirectional_override_gets_through(self, text: str) -> None:
        rendered = self.render(hostile(text))
        assert [line for line in rendered.split("\n") if visible(line) != line] == []

    def test_the_style_changes_nothing_but_text(self) -> None:
        styles = (Style(), Style(colour=True, width=30, verbosity=2), Style(verbosity=-1))
        shown = {self.report.render(CASES["suppressed"](), style) for style in styles}
        assert (len(shown) > 1) is self.styled

    def test_thirty_thousand_findings_are_shown_within_the_bounds_of_the_format(self) -> None:
        verdict = thirty_thousand()
        rendered = self.render(verdict)
        assert self.longest is None or len(rendered.encode()) <= self.longest
        assert CHECKS[self.report.name](rendered, verdict) is False

    def test_what_could_not_be_checked_is_never_forgiven(self) -> None:
        forgiven = replace(unreadable(), suppressed=Suppression("waiver", "everything"))
        verdict = decide("release", POLICY, (CHURN,), (forgiven,))
        assert not self.says_passed(verdict)
        assert "source-unreadable" in self.render(verdict)

    def test_only_a_gate_that_was_told_to_forgive_says_so(self) -> None:
        assert "forgiven" not in self.render(CASES["closed"]())
        assert not self.says_passed(CASES["forgiven"]())
