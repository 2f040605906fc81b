from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.release.declaration import (
    find_missing_declaration,
    find_missing_parts,
    find_pure_with_delta,
    undeclared_weights,
)
from tests.support.releases import claiming, context_of, ids, with_spec


def test_a_sound_claim_misses_nothing() -> None:
    subject = claiming()
    assert not list(find_missing_declaration(subject, context_of(subject)))
    assert not list(find_missing_parts(subject, context_of(subject)))


@pytest.mark.parametrize("privacy", ["none", None])
def test_a_release_without_a_claim_is_found_and_told_how_to_be_waived(privacy: str | None) -> None:
    subject = with_spec(privacy=privacy)
    (finding,) = find_missing_declaration(subject, context_of(subject))
    assert finding.rule.id == "dp-missing-declaration"
    assert "churn-classifier@2.3.0" in finding.remediation


def test_privacy_none_is_named_as_what_was_said() -> None:
    subject = with_spec(privacy="none")
    (finding,) = find_missing_declaration(subject, context_of(subject))
    assert finding.message == "declares privacy: none"


def test_weights_without_a_declaration_are_a_missing_declaration_at_their_path() -> None:
    finding = undeclared_weights("models/model.safetensors")
    assert finding.rule.id == "dp-missing-declaration"
    assert (finding.subject, finding.place.path) == ("models/model.safetensors", "models/model.safetensors")


@pytest.mark.parametrize("key", ["epsilon", "delta", "unit", "neighbouring"])
def test_each_part_that_a_claim_needs_has_a_rule(key: str) -> None:
    subject = claiming(**{key: None})
    assert ids(find_missing_parts(subject, context_of(subject))) == [f"dp-missing-{key}"]


def test_a_pure_claim_needs_no_delta() -> None:
    subject = claiming(delta=None, variant="pure")
    assert not list(find_missing_parts(subject, context_of(subject)))


def test_a_concentrated_claim_still_needs_epsilon_and_delta() -> None:
    subject = claiming(variant="zcdp", rho="0.1", epsilon=None, delta=None)
    found = ids(find_missing_parts(subject, context_of(subject)))
    assert found == ["dp-missing-epsilon", "dp-missing-delta"]


def test_a_release_without_a_claim_misses_no_part_of_it() -> None:
    subject = with_spec(privacy="none")
    assert not list(find_missing_parts(subject, context_of(subject)))


def test_a_pure_claim_with_a_delta_is_refused_where_delta_stands() -> None:
    subject = claiming(variant="pure")
    (finding,) = find_pure_with_delta(subject, context_of(subject))
    assert finding.rule.id == "dp-pure-with-delta"
    assert finding.place.pointer == "/spec/privacy/delta"
    assert "1e-6" in finding.message


@pytest.mark.parametrize("claim", [{"variant": "pure", "delta": 0}, {"variant": "approximate"}, {}])
def test_a_claim_that_says_what_it_is_passes(claim: dict[str, Any]) -> None:
    subject = claiming(**claim)
    assert not list(find_pure_with_delta(subject, context_of(subject)))
