"""Rules are found by their family, and a set of their ids is one without being read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gatecli.gates.catalogue import RULE_IDS, UNCHECKABLE_IDS, RuleIds, all_rules, find_rule


def test_every_rule_is_found_by_its_id() -> None:
    assert [find_rule(rule.id) for rule in all_rules()] == list(all_rules())


@pytest.mark.parametrize("name", ["dp-unheard-of", "unheard-of", "", "pii"])
def test_a_rule_that_does_not_exist_is_not_found(name: str) -> None:
    assert find_rule(name) is None
    assert name not in RULE_IDS


def test_ids_are_sorted_and_each_stands_once() -> None:
    assert list(RULE_IDS) == sorted(rule.id for rule in all_rules())
    assert len(RULE_IDS) == len(all_rules())


def test_only_rules_that_say_so_are_uncheckable() -> None:
    assert set(UNCHECKABLE_IDS) == {rule.id for rule in all_rules() if rule.uncheckable}
    assert all((rule.id in UNCHECKABLE_IDS) is rule.uncheckable for rule in all_rules())


def test_a_policy_adds_ids() -> None:
    known = RuleIds(frozenset({"pii-badge"}))
    assert "pii-badge" in known
    assert set(known) == {*RULE_IDS, "pii-badge"}


def test_looking_a_rule_up_imports_the_checks_of_its_family_alone() -> None:
    script = (
        "import sys; from gatecli.gates.catalogue import RULE_IDS; assert 'tf-dataset-ungated' in RULE_IDS; "
        "assert 'gatecli.checks.release.registry' not in sys.modules; "
        "assert 'dp-missing-epsilon' in RULE_IDS; "
        "assert 'gatecli.checks.release.registry' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
