from __future__ import annotations

import re
from typing import Any

import pytest

from gatecli.accounting.description import describe
from gatecli.accounting.interface import NoBound
from gatecli.checks.release.accounting import describe_cost, find_accounting
from gatecli.model.finding import Finding
from gatecli.model.release import ReleaseSubject
from tests.support.releases import LAPLACE, bounds, claiming, context_of, evidence, ids, policy, pure


def judged(subject: ReleaseSubject, answer: Any = None) -> list[Finding]:
    return list(find_accounting(subject, context_of(subject, answer=answer)))


def only(subject: ReleaseSubject, answer: Any = None) -> Finding:
    (finding,) = judged(subject, answer)
    return finding


@pytest.mark.parametrize(
    ("upper", "lower", "verdict"),
    [
        ("1", "1", []),
        ("1", "0", []),
        ("1.0000000000000001", "0", ["dp-unverified-epsilon"]),
        ("1.1", "1", ["dp-unverified-epsilon"]),
        ("1.1", "1.0000000000000001", ["dp-understated-epsilon"]),
        (None, "0", ["dp-unverified-epsilon"]),
        (None, "2", ["dp-understated-epsilon"]),
        ("0.75", "0", []),
        ("0.7499", "0", ["dp-overstated-epsilon"]),
        ("0", "0", ["dp-overstated-epsilon"]),
    ],
)
def test_the_verdict_on_a_declared_epsilon_of_one(upper: str | None, lower: str, verdict: list[str]) -> None:
    assert ids(judged(claiming(), bounds(upper, lower))) == verdict


def test_an_understated_epsilon_stands_where_it_is_declared_and_names_both_figures() -> None:
    finding = only(claiming(epsilon=1), bounds("2.3795", "2.3751"))
    assert str(finding.place) == "privacy.yaml:14:14"
    assert finding.message.startswith("declares ε = 1, but ")
    assert finding.message.endswith("cost at least ε = 2.37 at δ = 1e-6 (B, add-remove)")


def test_a_lower_bound_barely_above_is_shown_with_the_digits_that_tell_them_apart() -> None:
    finding = only(claiming(epsilon="2.37"), bounds("2.4", "2.37004"))
    assert "at least ε = 2.37004 " in finding.message


def test_the_conversions_that_were_applied_are_in_the_message() -> None:
    finding = only(claiming(), bounds("3", "2", notes=("replace-one ≤ 2 × add-remove",)))
    assert "(B, add-remove; replace-one ≤ 2 × add-remove)" in finding.message


def test_an_unverified_epsilon_names_both_bounds() -> None:
    finding = only(claiming(), bounds("1.2", "0.9"))
    assert "at least ε = 0.9 and at most ε = 1.2 at δ = 1e-6 (A, add-remove)" in finding.message


@pytest.mark.parametrize(
    ("claim", "upper", "lower", "shown"),
    [
        ("8.5784964", "8.57851368", "8.57846789", "at least ε = 8.57846 and at most ε = 8.57852 "),
        ("1", "1.0000000000000001", "0", "at most ε = 1.0000000000000001 "),
        ("1", "1.1", "1", "at least ε = 1 and at most ε = 1.1 "),
    ],
)
def test_rounding_never_hides_how_far_a_bound_is_from_the_claim(
    claim: str, upper: str, lower: str, shown: str
) -> None:
    assert shown in only(claiming(epsilon=claim), bounds(upper, lower)).message


def test_without_a_finite_bound_the_message_says_so() -> None:
    finding = only(claiming(), bounds(None))
    assert "no finite ε is known" in finding.message


def test_at_delta_zero_the_advice_is_a_delta() -> None:
    finding = only(claiming(delta=0), bounds(None, delta="0"))
    assert "declare variant: approximate with a delta above 0" in finding.remediation


def test_an_overstated_epsilon_says_how_much_is_unspent() -> None:
    finding = only(claiming(epsilon=4))
    assert "75 % of the budget is unspent" in finding.message
    assert finding.remediation.startswith("declare epsilon: 1,")


def test_the_policy_says_what_overstatement_is() -> None:
    subject = claiming()
    context = context_of(subject, policy(overstatement="0.1"), bounds("0.85"))
    assert ids(find_accounting(subject, context)) == ["dp-overstated-epsilon"]


def test_what_has_no_bound_is_unaccountable_and_nothing_else() -> None:
    finding = only(claiming(), NoBound(("nobody knows", "at all")))
    assert finding.rule.id == "dp-unaccountable-mechanism"
    assert finding.message.endswith("nobody knows; at all")
    assert finding.place.pointer == "/spec/privacy/mechanisms"


def test_what_no_one_can_bound_in_the_evidence_is_named_in_one_sentence() -> None:
    found = judged(claiming(evidence(pure("9"))), NoBound(("nobody knows",)))
    assert any("records: nobody knows" in finding.message for finding in found)


def test_unaccountable_evidence_cannot_hide_that_the_declared_part_is_understated() -> None:
    mechanism = {"kind": "unaccountable", "description": "a lookup"}
    recorded = evidence(pure("9"))
    found = ids(judged(claiming(recorded, mechanisms=[mechanism])))
    assert found == ["dp-unaccountable-mechanism", "dp-understated-epsilon"]


def test_the_worse_account_counts() -> None:
    finding = only(claiming(evidence(pure("3"))))
    assert finding.rule.id == "dp-understated-epsilon"
    assert "as accountant.json records, cost at least ε = 3 " in finding.message


def test_an_agreeing_account_is_told_by_the_declaration() -> None:
    finding = only(claiming(evidence(pure("3.0001")), mechanisms=[{"kind": "pure", "epsilon": 3}], epsilon=2))
    assert "records" not in finding.message


def test_evidence_files_compose() -> None:
    subject = claiming(evidence(pure("0.6")), evidence(pure("0.6"), path="more.json"), mechanisms=[])
    assert only(subject).rule.id == "dp-understated-epsilon"


@pytest.mark.parametrize("key", ["epsilon", "delta", "neighbouring"])
def test_a_claim_that_lacks_a_part_is_not_judged_by_half(key: str) -> None:
    assert not judged(claiming(**{key: None}))


def test_contributions_multiply_the_cost() -> None:
    finding = only(claiming(maxContributions=3))
    assert "at least ε = 3 " in finding.message


@pytest.mark.parametrize(
    ("count", "words"), [(1, ""), (2, " and {}"), (3, ", {} and {}"), (7, ", {} and 5 more")]
)
def test_several_mechanisms_are_listed_and_many_summarised(count: int, words: str) -> None:
    subject = claiming(mechanisms=[LAPLACE] * count)
    cost = context_of(subject).costs.declared
    assert cost is not None
    one = describe(cost.question.mechanisms[0])
    assert describe_cost(cost) == one + words.replace("{}", one)


def advised_epsilon(finding: Finding) -> str:
    found = re.search(r"declare epsilon(?: ≥|:) ([\d.e-]+)", finding.remediation)
    assert found
    return found[1].rstrip(".")


@pytest.mark.parametrize("scale", ["0.3", "7/3", "1.7", "0.61"])
def test_declaring_the_advised_epsilon_is_verified(scale: str) -> None:
    mechanisms = [{"kind": "laplace", "scale": scale}]
    finding = only(claiming(epsilon="0.1", mechanisms=mechanisms))
    assert not judged(claiming(epsilon=advised_epsilon(finding), mechanisms=mechanisms))


@pytest.mark.parametrize("epsilon", ["0.1", "1/3", "0.77"])
def test_using_the_advised_noise_is_verified(epsilon: str) -> None:
    finding = only(claiming(epsilon=epsilon))
    found = re.search(r"raise scale to ≥ ([\d.e-]+), which meets ε = ", finding.remediation)
    assert found
    assert not judged(claiming(epsilon=epsilon, mechanisms=[{"kind": "laplace", "scale": found[1]}]))


def test_several_noises_are_advised_one_factor() -> None:
    finding = only(claiming(mechanisms=[LAPLACE, {"kind": "laplace", "scale": 2}]))
    assert "multiply every noise by ≥ " in finding.remediation


def test_an_epsilon_above_the_tier_is_never_advised() -> None:
    finding = only(claiming(mechanisms=[{"kind": "laplace", "scale": "0.1"}]))
    assert finding.remediation == "raise scale to ≥ 1, which meets ε = 1"


def test_the_advised_noise_meets_the_tier_where_the_declaration_does_not() -> None:
    mechanisms = [{"kind": "laplace", "scale": "0.1"}]
    finding = only(claiming(epsilon=8, mechanisms=mechanisms))
    assert finding.remediation == "raise scale to ≥ 0.25, which meets ε = 4"


def test_without_noise_to_raise_the_advice_is_still_a_step() -> None:
    finding = only(claiming(mechanisms=[{"kind": "pure", "epsilon": 9}]))
    assert finding.remediation.startswith("retrain with mechanisms that fit ε ≤ 1")
