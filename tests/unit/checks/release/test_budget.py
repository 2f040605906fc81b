from __future__ import annotations

import pytest

from gatecli.checks.release.budget import find_delta_too_large, find_over_tier, find_unknown_tier
from gatecli.model.policy import PrivacyPolicy, Tier
from tests.support.releases import claiming, context_of, ids, policy, with_spec


def test_a_known_tier_with_limits_is_no_finding() -> None:
    subject = claiming()
    assert not list(find_unknown_tier(subject, context_of(subject)))


@pytest.mark.parametrize("sensitivity", [None, "public"])
def test_an_unsaid_or_unknown_tier_is_found_and_the_known_ones_are_told(sensitivity: str | None) -> None:
    subject = with_spec(sensitivity=sensitivity)
    (finding,) = find_unknown_tier(subject, context_of(subject))
    assert finding.rule.id == "dp-unknown-tier"
    assert finding.remediation.endswith("behavioural, health")


def test_a_tier_that_sets_no_limit_limits_nothing() -> None:
    rules = policy()
    open_ended = rules.spec.model_copy(update={"tiers": {"behavioural": Tier(min_k=5)}})
    subject = claiming()
    context = context_of(subject, rules.model_copy(update={"spec": open_ended}))
    (finding,) = find_unknown_tier(subject, context)
    assert "sets no maxEpsilon and maxDelta" in finding.message


def test_a_policy_without_tiers_says_so() -> None:
    rules = policy()
    bare = PrivacyPolicy(
        api_version="gatecli.dev/v1",
        kind="PrivacyPolicy",
        metadata=rules.metadata,
        spec=rules.spec.model_copy(update={"tiers": {}}),
    )
    subject = claiming()
    (finding,) = find_unknown_tier(subject, context_of(subject, bare))
    assert "none at all" in finding.remediation


def test_a_release_without_a_claim_needs_no_tier() -> None:
    subject = with_spec(privacy="none", sensitivity=None)
    assert not list(find_unknown_tier(subject, context_of(subject)))


def test_a_budget_exactly_at_its_limits_is_within_them() -> None:
    subject = claiming(epsilon=4, delta="1e-4")
    assert not list(find_over_tier(subject, context_of(subject)))


def test_one_step_above_a_limit_is_over_it() -> None:
    subject = claiming(epsilon="4.000000000000000000000001", delta="0.0001000000000000000000001")
    found = ids(find_over_tier(subject, context_of(subject)))
    assert found == ["dp-epsilon-over-tier", "dp-delta-over-tier"]


def test_an_epsilon_over_its_tier_stands_where_epsilon_is_and_names_both_figures() -> None:
    subject = claiming(epsilon=8)
    (finding,) = find_over_tier(subject, context_of(subject))
    assert str(finding.place) == "privacy.yaml:14:14"
    assert "ε = 8" in finding.message
    assert "ε ≤ 4" in finding.message


def test_a_larger_breach_is_another_finding_for_a_baseline() -> None:
    prints = set()
    for epsilon in (5, 50):
        subject = claiming(epsilon=epsilon)
        prints |= {finding.fingerprint for finding in find_over_tier(subject, context_of(subject))}
    assert len(prints) == 2


@pytest.mark.parametrize(("delta", "found"), [("1/60000", True), ("1/59999", True), ("1/60001", False)])
def test_delta_is_compared_exactly_with_one_over_records(delta: str, *, found: bool) -> None:
    subject = claiming(delta=delta)
    assert bool(ids(find_delta_too_large(subject, context_of(subject)))) is found


def test_the_largest_dataset_counts() -> None:
    datasets = [{"name": "few", "records": 10}, {"name": "many", "records": 10**7}]
    subject = claiming(spec={"datasets": datasets})
    (finding,) = find_delta_too_large(subject, context_of(subject))
    assert "many has 10000000 records" in finding.message
    assert "publishes one whole record" in finding.message


def test_the_advised_delta_passes() -> None:
    subject = claiming(delta="0.001")
    (finding,) = find_delta_too_large(subject, context_of(subject))
    advised = finding.remediation.partition("for example ")[2].partition(",")[0]
    mended = claiming(delta=advised)
    assert not list(find_delta_too_large(mended, context_of(mended)))


@pytest.mark.parametrize("datasets", [None, [{"name": "customers"}]])
def test_an_unknown_size_is_told_not_passed_over(datasets: list[dict[str, str]] | None) -> None:
    subject = claiming(spec={"datasets": datasets})
    assert ids(find_delta_too_large(subject, context_of(subject))) == ["dp-missing-records"]


def test_a_delta_of_zero_needs_no_records() -> None:
    subject = claiming(delta=0, spec={"datasets": None})
    assert not list(find_delta_too_large(subject, context_of(subject)))
