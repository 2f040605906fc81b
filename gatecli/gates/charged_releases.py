"""Releases judged against a ledger, and reserved there where they pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gatecli.checks.ledger.charging import RULES
from gatecli.checks.release.recomputation import Costs
from gatecli.errors import UncheckableError
from gatecli.gates.charges import Assessment, Terms, assess
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_plans import assess_plan
from gatecli.gates.reserving import LedgerUse, reserve
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import Verdict

ATTEMPTS = 8
"""How often a run judges again because other clients were quicker."""

Conclude = Callable[[Sequence[Assessment], Terms], Verdict]


def judge_charged(
    releases: Sequence[ReleaseSubject],
    costs: Sequence[Costs],
    judged_by: JudgementTerms,
    ledger: LedgerUse,
    conclude: Conclude,
) -> Verdict:
    """The verdict that `conclude` gives with what the ledger adds: the assessment of each release.

    What passes is reserved before the verdict is given; where another client was quicker, all are judged
    again by what is left. Raises UncheckableError where that never ends.
    """
    rules = judged_by.policy.spec.ledger
    terms = Terms(ledger.store, rules, judged_by.today, ledger.at, ledger.reserves)
    for _ in range(ATTEMPTS):
        assessed = (
            assess(releases, costs, terms)
            if ledger.plan is None
            else assess_plan(ledger.plan, releases, costs, terms)
        )
        verdict = conclude(assessed, terms)
        if not (ledger.reserves and verdict.passed) or reserve(assessed, terms):
            if ledger.reserves:
                note_refusals(verdict, terms)
            return verdict
    raise UncheckableError("the ledger changed at every attempt to reserve", advice="run it again")


def note_refusals(verdict: Verdict, terms: Terms) -> None:
    """Count, in the ledger, by which of its rules releases were refused: for its metrics."""
    for finding in verdict.active:
        if finding.rule in RULES and verdict.closed_by(finding):
            terms.store.note_refusal(finding.rule.id, terms.at)
