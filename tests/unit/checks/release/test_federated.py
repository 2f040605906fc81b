"""Federated rounds against the claim: whom they protect, and what their flaws are called."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gatecli.checks.release.evidence_terms import find_contradictions
from gatecli.checks.release.federated import find_federated
from gatecli.checks.release.recorded_work import recorded_work
from gatecli.federated import local_noise
from gatecli.model.document import Place
from gatecli.model.federated_evidence import (
    FederatedFlaw,
    FederatedRecord,
    FlawedRounds,
    LocalRelease,
)
from gatecli.model.finding import Finding
from gatecli.model.mechanism import DpSgd, Sampling
from gatecli.model.release import Evidence, EvidenceFormat, EvidenceReference, ReleaseSubject
from tests.support.releases import claiming, context_of, evidence, ids

ROUNDS = DpSgd(
    noise_multiplier=Fraction(2),
    sampling=Sampling.FIXED_SIZE,
    sampling_rate=Fraction(1, 20),
    dataset_size=1000,
    steps=10,
)
POISSON = FlawedRounds(FederatedFlaw.SAMPLING, "says that each client was drawn by its own coin")


def rounds(record: FederatedRecord, **entry: Any) -> Evidence:
    reference = EvidenceReference(format=EvidenceFormat.FLOWER, path="rounds.json", **entry)
    return Evidence(reference, Place("rounds.json"), (ROUNDS,), federated=record)


def subject(record: FederatedRecord, entry: dict[str, Any] | None = None, **claim: Any) -> ReleaseSubject:
    claim = {"unit": "client", "neighbouring": "zero-out", **claim}
    return claiming(rounds(record, **(entry or {})), **claim)


def found(record: FederatedRecord, entry: dict[str, Any] | None = None, **claim: Any) -> list[Finding]:
    release = subject(record, entry, **claim)
    return list(find_federated(release, context_of(release)))


@pytest.mark.parametrize("unit", ["client", "Client", "participant", "node", "silo"])
def test_a_promise_to_a_client_is_what_rounds_keep(unit: str) -> None:
    assert found(FederatedRecord(None), unit=unit) == []


@pytest.mark.parametrize("unit", ["person", "patient", "record", "client of a client"])
def test_a_promise_to_somebody_else_is_not(unit: str) -> None:
    (finding,) = found(FederatedRecord("hospital"), unit=unit)
    assert finding.rule.id == "dp-federated-unit"
    assert f"promises each {unit}" in finding.message
    assert "a hospital" in finding.message


def test_a_client_is_what_the_record_or_the_entry_says() -> None:
    assert found(FederatedRecord("person"), unit="person") == []
    assert found(FederatedRecord(None), {"client": "person"}, unit="Person") == []
    assert ids(found(FederatedRecord(None), {"client": "device"}, unit="person")) == ["dp-federated-unit"]


@pytest.mark.parametrize(
    ("claim", "is_kept"),
    [
        ({"neighbouring": "replace-one", "maxContributions": 2}, True),
        ({"neighbouring": "replace-one", "maxContributions": None}, False),
        ({"neighbouring": "zero-out", "maxContributions": 2}, False),
    ],
)
def test_a_promise_to_a_patient_follows_from_replaced_hospitals(
    claim: dict[str, Any], *, is_kept: bool
) -> None:
    assert ids(found(FederatedRecord("hospital"), unit="patient", **claim)) == (
        [] if is_kept else ["dp-federated-unit"]
    )


def test_a_claim_without_a_unit_is_another_rules_finding() -> None:
    assert found(FederatedRecord(None), unit=None) == []


def test_add_remove_is_refused_and_says_what_to_declare() -> None:
    (finding,) = found(FederatedRecord(None), neighbouring="add-remove")
    assert finding.rule.id == "dp-federated-relation"
    assert "zero-out" in finding.remediation


def test_every_flaw_has_its_rule() -> None:
    record = FederatedRecord(None, tuple(FlawedRounds(flaw, f"has {flaw}") for flaw in FederatedFlaw))
    assert sorted(ids(found(record))) == sorted(f"dp-federated-{flaw}" for flaw in FederatedFlaw)


def test_poisson_samples_count_where_file_and_declaration_say_so() -> None:
    record = FederatedRecord(None, (POISSON,))
    assert ids(found(record)) == ["dp-federated-sampling"]
    said = {"sampling": "poisson"}
    assert found(record, said, neighbouring="add-remove") == []
    release = subject(record, said)
    (run,) = recorded_work(release.evidence[0], release.release)
    assert isinstance(run, DpSgd)
    assert run.sampling is Sampling.POISSON


def test_poisson_samples_that_the_file_denies_are_a_contradiction() -> None:
    release = subject(FederatedRecord(None), {"sampling": "poisson"})
    (finding,) = find_contradictions(release, context_of(release))
    assert "is declared with sampling: poisson, but rounds.json records fixed-size" in finding.message
    (run,) = recorded_work(release.evidence[0], release.release)
    assert isinstance(run, DpSgd)
    assert run.sampling is Sampling.FIXED_SIZE


def test_another_client_than_the_record_says_is_a_contradiction() -> None:
    release = subject(FederatedRecord("hospital"), {"client": "person"})
    (finding,) = find_contradictions(release, context_of(release))
    assert "client: person, but rounds.json records hospital" in finding.message


@pytest.mark.parametrize(
    ("epsilon", "sensitivity", "is_found"),
    [(1, 2, False), (8, 2, False), (9, 2, True), (1, 1, True), (20, 4, False)],
)
def test_local_noise_is_recomputed(epsilon: int, sensitivity: int, *, is_found: bool) -> None:
    noise = local_noise(epsilon, 1e-5, sensitivity)
    record = FederatedRecord(None, local=(LocalRelease(noise, Fraction(1)),))
    assert ids(found(record)) == (["dp-federated-local-noise"] if is_found else [])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"format": "opacus", "client": "person"}, "client belongs to format: flower"),
        ({"format": "tumult", "sampling": "poisson"}, "sampling belongs to format: opacus"),
    ],
)
def test_keys_fit_the_format(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EvidenceReference.from_file({"path": "rounds.json", **entry})


def test_evidence_of_other_formats_is_not_federated() -> None:
    release = claiming(evidence(ROUNDS))
    assert list(find_federated(release, context_of(release))) == []
