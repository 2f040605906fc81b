"""Rules about budgets: each has an example that breaks it and one that keeps it, beside a ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gatecli.checks.ledger.charging import RULES as CHARGING_RULES
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import check_releases, request_for
from gatecli.gates.reserving import LedgerUse
from gatecli.model.verdict import ExitCode, Verdict
from tests.rules.test_rules import policy_of
from tests.support.charged_ledgers import ledger_of_example, moment

TODAY = date(2026, 11, 21)
EXAMPLES = Path(__file__).parent
RULES = {rule.id: rule for rule in CHARGING_RULES}


Judge = Callable[[str, str], Verdict]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    def judge(rule: str, example: str) -> Verdict:
        folder = EXAMPLES / rule
        bundle = policy_of(folder / example)
        terms = JudgementTerms(bundle.policy, bundle.waivers, TODAY)
        file = next(
            (each for each in (folder / f"{example}.ledger.json", folder / "ledger.json") if each.exists()),
            None,
        )
        if file is None:
            return check_releases(request_for([folder / example], terms))
        with ledger_of_example(file, tmp_path) as store:
            use = LedgerUse(store, moment(TODAY))
            return check_releases(request_for([folder / example], terms, use))

    return judge


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_failing_example_breaks_the_rule(rule: str, judged: Judge) -> None:
    verdict = judged(rule, "fail")
    found = [finding for finding in verdict.active if finding.rule.id == rule]
    assert found, [finding.message for finding in verdict.active]
    assert all(finding.severity is RULES[rule].severity and finding.remediation for finding in found)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_passing_example_keeps_the_rule_and_opens_the_gate(rule: str, judged: Judge) -> None:
    verdict = judged(rule, "pass")
    assert rule not in {finding.rule.id for finding in verdict.findings}
    assert verdict.exit_code is ExitCode.OPEN, [finding.message for finding in verdict.active]
