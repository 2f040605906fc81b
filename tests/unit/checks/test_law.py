"""What a change does to the law is told key by key, and only what really differs."""

from __future__ import annotations

from datetime import date
from typing import Any

from gatecli.checks.added_waivers import find_added_waivers
from gatecli.checks.law import (
    MOST_LISTED,
    find_added_allowance,
    find_baseline_growth,
    find_policy_change,
    find_unusable,
)
from gatecli.model.baseline import Baseline, KnownFinding
from gatecli.model.finding import Severity
from gatecli.model.inline import InlineAllowance
from gatecli.model.policy import PrivacyPolicy
from tests.support.releases import waiver


def policy(**spec: Any) -> PrivacyPolicy:
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": {"name": "p"}}
    return PrivacyPolicy.from_file({**head, "spec": spec})


def messages(law: PrivacyPolicy, here: PrivacyPolicy) -> list[str]:
    return [each.message for each in find_policy_change(law, here, "gatecli.yaml", "main")]


def test_the_same_policy_is_no_change() -> None:
    assert messages(policy(tiers={"a": {"minK": 3}}), policy(tiers={"a": {"minK": 3}})) == []


def test_each_key_says_what_it_was() -> None:
    law = policy(tiers={"a": {"minK": 5}}, release={"requireEvidence": True})
    (told,) = messages(law, policy(tiers={"a": {"minK": 3}, "b": {"minL": 2}}))
    assert "release.requireEvidence is false instead of true" in told
    assert "tiers.a.minK is 3 instead of 5" in told
    assert "tiers.b.minL is 2 instead of unset" in told


def test_lists_and_long_texts_are_named_and_not_shown() -> None:
    (told,) = messages(policy(), policy(check={"exclude": ["a", "b"]}, severities={}, extends="x" * 50))
    assert "check.exclude" in told
    assert "[" not in told
    assert "xxx" not in told


def test_many_keys_are_counted() -> None:
    tiers = {f"t{number:02}": {"minK": 2} for number in range(MOST_LISTED + 5)}
    law = policy(tiers={name: {"minK": 3} for name in tiers})
    (told,) = messages(law, policy(tiers=tiers))
    assert told.count(" instead of ") == MOST_LISTED
    assert told.endswith("; and 5 keys more")


def test_another_change_is_another_finding() -> None:
    (one,) = find_policy_change(policy(), policy(tiers={"a": {"minK": 3}}), "p", "main")
    (other,) = find_policy_change(policy(), policy(tiers={"a": {"minK": 4}}), "p", "main")
    (again,) = find_policy_change(policy(), policy(tiers={"a": {"minK": 3}}), "p", "other-name")
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == again.fingerprint


def test_what_cannot_be_used_is_an_error() -> None:
    assert find_unusable("gatecli.yaml", "unknown key", "main").severity is Severity.ERROR


def known(*fingerprints: str) -> Baseline:
    return Baseline(tuple(KnownFinding(f"rule-{name}", "a", name * 32) for name in fingerprints))


def growth(law: Baseline, here: Baseline) -> list[str]:
    return [each.message for each in find_baseline_growth(law, here, "known.json", "main")]


def test_a_baseline_that_lost_entries_is_no_finding() -> None:
    assert growth(known("a", "b"), known("b")) == []


def test_one_more_copy_of_a_known_finding_is_told() -> None:
    (told,) = growth(known("a"), known("a", "a", "b", "b"))
    assert "3 findings more" in told
    assert told.endswith("rule-a, rule-b")


def test_a_waiver_is_known_by_all_that_it_says() -> None:
    one, renewed = waiver("dp-missing-unit"), waiver("dp-missing-unit", "2027-12-31")
    assert list(find_added_waivers([one], [one], "main")) == []
    assert len(list(find_added_waivers([one], [one, one], "main"))) == 1
    (finding,) = find_added_waivers([one], [renewed], "main")
    assert "until 2027-12-31, is not one of main" in finding.message


def test_an_allowance_that_was_added_stands_at_its_line() -> None:
    item = InlineAllowance("pii-us-ssn", "made up", date(2027, 1, 31), 4, 9, 4, "team-a")
    finding = find_added_allowance("a.yaml", item, "main")
    assert str(finding.place) == "a.yaml:4:9"
    assert "by team-a until 2027-01-31" in finding.message
