from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.release.disclosure import find_missing_clipping_norm, find_undisclosed
from tests.support.releases import claiming, context_of, ids, with_spec

RUN = {"kind": "dp-sgd", "noiseMultiplier": 1, "samplingRate": "0.01", "steps": 10}


def undisclosed(**claim: Any) -> list[str]:
    subject = claiming(**claim)
    return ids(find_undisclosed(subject, context_of(subject)))


def test_a_claim_that_tells_all_is_no_finding() -> None:
    assert undisclosed() == []


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("compositionScope", "dp-missing-composition-scope"),
        ("trustModel", "dp-missing-trust-model"),
        ("maxContributions", "dp-missing-max-contributions"),
    ],
)
def test_each_omission_has_a_rule(key: str, rule: str) -> None:
    assert undisclosed(**{key: None}) == [rule]


@pytest.mark.parametrize("unit", ["record", "Example", "row"])
def test_a_record_contributes_one_record(unit: str) -> None:
    assert undisclosed(maxContributions=None, unit=unit) == []


def test_an_unsaid_unit_is_not_asked_for_its_contributions() -> None:
    assert undisclosed(maxContributions=None, unit=None) == []


@pytest.mark.parametrize("claim", [{"variant": "zcdp"}, {"variant": "gdp"}, {"rho": "0.1"}, {"mu": 1}])
def test_a_variant_without_its_parameter_and_a_parameter_without_its_variant_are_unclear(
    claim: dict[str, object],
) -> None:
    assert undisclosed(**claim) == ["dp-missing-variant"]


@pytest.mark.parametrize(
    "claim",
    [
        {"variant": "pure"},
        {"variant": "approximate"},
        {"variant": "rdp"},
        {"variant": "zcdp", "rho": "0.1"},
        {"variant": "gdp", "mu": 1},
    ],
)
def test_a_clear_variant_is_no_finding(claim: dict[str, object]) -> None:
    assert undisclosed(**claim) == []


def test_a_run_without_a_clipping_norm_is_found_where_it_stands() -> None:
    subject = claiming(
        mechanisms=[{**RUN, "clippingNorm": 1}, {"kind": "composed", "mechanisms": [RUN, RUN]}]
    )
    (finding,) = find_missing_clipping_norm(subject, context_of(subject, answer=None))
    assert finding.place.pointer == "/spec/privacy/mechanisms/1"


def test_other_noise_needs_no_clipping_norm() -> None:
    subject = claiming()
    assert not list(find_missing_clipping_norm(subject, context_of(subject)))


def test_a_release_without_a_claim_discloses_nothing() -> None:
    subject = with_spec(privacy="none")
    assert not list(find_undisclosed(subject, context_of(subject)))
    assert not list(find_missing_clipping_norm(subject, context_of(subject)))
