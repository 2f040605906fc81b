"""The first thing that anybody tries on a cluster is a published test value: the webhook answers."""

from __future__ import annotations

from typing import Any

import pytest

from admission.review.judging import DecisionReason, Phase
from tests.support.reviews import decided, manifest, rulebook

TEST_SSN = "078-05-1120"
REFUSED = "a published test value; a real one would be refused"
MASKED = "a published test value; a real one would be masked"


def pod(value: str = TEST_SSN, variable: str = "SSN") -> dict[str, Any]:
    return manifest("Pod", value, variable=variable)


def test_a_test_value_is_admitted_with_a_warning_that_says_what_a_real_one_gets() -> None:
    decision = decided(pod(), rulebook())
    assert (decision.allowed, decision.reason) == (True, DecisionReason.WARNED)
    (warning,) = decision.warnings
    assert REFUSED in warning
    assert TEST_SSN not in warning


@pytest.mark.parametrize(
    ("word", "allowed", "warnings"), [("note", True, 0), ("warn", True, 1), ("as-entity", False, 0)]
)
def test_the_policy_says_otherwise(word: str, allowed: bool, warnings: int) -> None:  # noqa: FBT001 - a row of the table
    decision = decided(pod(), rulebook(pii={"testValues": word}))
    assert (decision.allowed, len(decision.warnings)) == (allowed, warnings)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"admission": {"mode": "mask"}}, MASKED),
        ({"pii": {"entities": {"US_SSN": "mask"}}}, MASKED),
        ({"admission": {"mode": "mask"}, "pii": {"entities": {"US_SSN": "deny"}}}, REFUSED),
        ({"pii": {"entities": {"US_SSN": "warn"}}}, ": a published test value"),
        ({"admission": {"mode": "warn"}}, ": a published test value"),
    ],
)
def test_the_warning_says_what_the_policy_would_do(spec: dict[str, Any], said: str) -> None:
    for phase in Phase:
        decision = decided(pod(), rulebook(**spec), phase)
        (warning,) = decision.warnings
        assert decision.allowed
        assert warning.endswith(said)


def test_what_is_only_audited_does_not_warn() -> None:
    assert decided(pod(), rulebook(pii={"entities": {"US_SSN": "audit"}})).warnings == ()
    assert decided(pod(), rulebook(admission={"mode": "audit"})).warnings == ()


def test_a_test_value_beside_a_real_one_does_not_hide_it() -> None:
    decision = decided(pod(f"{TEST_SSN} and 536-90-4399"), rulebook())
    assert not decision.allowed
    assert any(REFUSED in warning for warning in decision.warnings)


def test_a_namespace_s_own_action_counts_for_the_warning() -> None:
    book = rulebook(admission={"namespaces": {"team-a": {"entities": {"US_SSN": "warn"}}}})
    (warning,) = decided(pod(), book).warnings
    assert warning.endswith(": a published test value")
