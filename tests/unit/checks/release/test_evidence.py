from __future__ import annotations

import pytest

from gatecli.checks.release.evidence import find_mismatch, find_missing_evidence
from gatecli.model.finding import Finding
from gatecli.model.release import ReleaseSubject
from tests.support.releases import claiming, context_of, evidence, ids, policy, pure, with_spec

FILE = [{"format": "opacus", "path": "accountant.json"}]
STATISTIC = {"kind": "laplace", "scale": 10}


def mismatch(subject: ReleaseSubject) -> list[Finding]:
    return list(find_mismatch(subject, context_of(subject)))


def black_box(epsilon: str) -> dict[str, str]:
    return {"kind": "pure", "epsilon": epsilon}


def test_a_claim_with_nothing_behind_it_is_found() -> None:
    subject = claiming(mechanisms=[])
    assert ids(find_missing_evidence(subject, context_of(subject))) == ["dp-missing-evidence"]


def test_unreadable_evidence_is_not_missing_evidence() -> None:
    subject = claiming(mechanisms=[], evidence=FILE)
    assert not list(find_missing_evidence(subject, context_of(subject)))


def test_mechanisms_alone_are_enough_unless_the_policy_asks_for_more() -> None:
    subject = claiming()
    assert not list(find_missing_evidence(subject, context_of(subject)))
    strict = context_of(subject, policy(requireEvidence=True))
    assert ids(find_missing_evidence(subject, strict)) == ["dp-missing-evidence"]


def test_evidence_that_records_nothing_is_none() -> None:
    subject = claiming(evidence(), mechanisms=[], evidence=FILE)
    (finding,) = find_missing_evidence(subject, context_of(subject))
    assert finding.message == "accountant.json records nothing that was run"


def test_a_release_without_a_claim_needs_no_evidence() -> None:
    subject = with_spec(privacy="none")
    assert not list(find_missing_evidence(subject, context_of(subject)))


@pytest.mark.parametrize("recorded", ["1", "1.009", "0.991"])
def test_accounts_within_one_per_cent_agree(recorded: str) -> None:
    assert not mismatch(claiming(evidence(pure(recorded)), mechanisms=[black_box("1")]))


@pytest.mark.parametrize("recorded", ["1.02", "0.98"])
def test_accounts_that_differ_disagree_in_either_direction(recorded: str) -> None:
    (finding,) = mismatch(claiming(evidence(pure(recorded)), mechanisms=[black_box("1")]))
    assert finding.rule.id == "dp-evidence-mismatch"
    assert "ε = 1," in finding.message
    assert f"ε = {recorded} " in finding.message


def test_evidence_of_a_part_agrees_with_that_part() -> None:
    assert not mismatch(claiming(evidence(pure("1")), mechanisms=[black_box("1"), STATISTIC]))


def test_evidence_of_a_part_may_disagree_with_that_part() -> None:
    (finding,) = mismatch(claiming(evidence(pure("1.05")), mechanisms=[black_box("1"), STATISTIC]))
    assert finding.message.startswith("the declared mechanisms of the same kind cost")


def test_evidence_of_another_kind_may_cost_what_is_declared_at_most() -> None:
    assert not mismatch(claiming(evidence(pure("0.05")), mechanisms=[STATISTIC]))
    assert ids(mismatch(claiming(evidence(pure("0.2")), mechanisms=[STATISTIC]))) == ["dp-evidence-mismatch"]


def test_what_nothing_bounds_is_compared_with_nothing() -> None:
    unknown = {"kind": "unaccountable", "description": "a lookup"}
    assert not mismatch(claiming(evidence(pure("1")), mechanisms=[unknown]))


def test_evidence_alone_cannot_disagree() -> None:
    assert not mismatch(claiming(evidence(pure("1")), mechanisms=[]))
