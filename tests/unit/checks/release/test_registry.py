from __future__ import annotations

from gatecli.checks.release.registry import RELEASE_CHECKS, RULES
from gatecli.gates import RELEASE
from gatecli.model.finding import is_of_families


def test_every_rule_stands_once() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_every_rule_is_of_a_family_whose_waivers_the_gate_reads() -> None:
    assert [rule.id for rule in RULES if not is_of_families(rule.id, RELEASE.families)] == []


def test_every_rule_has_a_summary_of_one_sentence() -> None:
    assert [rule.id for rule in RULES if not rule.summary or rule.summary.endswith(".")] == []


def test_every_check_reports_something() -> None:
    assert all(check.rules for check in RELEASE_CHECKS)
