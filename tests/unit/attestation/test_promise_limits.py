"""Whether what an attested release promises is within what the policy permits now."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.attestation import PromiseLimits
from gatecli.gates.trust_policy import limits_of
from gatecli.model.attestation import Claim
from gatecli.model.policy import PrivacyPolicy
from tests.support.attestations import bundle, ed25519, rules_of, statement, terms, trusted

SIGNER = ed25519()
OVER = {"attestation-over-budget"}
MODERATE = {"maxEpsilon": "2.5", "maxDelta": "1e-5"}


def limits(**spec: Any) -> PromiseLimits:
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": {"name": "acme"}}
    return limits_of(PrivacyPolicy.from_file({**head, "spec": spec}))


def broken(permitted: PromiseLimits, **changes: Any) -> set[str]:
    said = statement(**{"sensitivity": "moderate", **changes})
    return rules_of(bundle(SIGNER, said), terms(trusted(SIGNER), limits=permitted))


def test_a_promise_at_the_limit_is_within_it() -> None:
    assert broken(limits(tiers={"moderate": MODERATE})) == set()


@pytest.mark.parametrize("less", [{"maxEpsilon": "2.499999999999"}, {"maxDelta": "9.999e-6"}])
def test_a_promise_above_the_limit_is_over_it(less: dict[str, str]) -> None:
    assert broken(limits(tiers={"moderate": {**MODERATE, **less}})) == OVER


def test_a_third_is_more_than_its_decimals() -> None:
    third = Claim("1/3", 333_334, "0", "person", "add-remove")
    almost = limits(tiers={"moderate": {**MODERATE, "maxEpsilon": "0.333333333333333"}})
    assert broken(almost, claim=third) == OVER
    assert broken(limits(tiers={"moderate": {**MODERATE, "maxEpsilon": "1/3"}}), claim=third) == set()


def test_a_tier_that_the_policy_binds_a_dataset_to_holds_whatever_the_release_names() -> None:
    tiers = {"moderate": MODERATE, "health": {"maxEpsilon": "0.5", "maxDelta": "1e-5"}}
    assert broken(limits(tiers=tiers)) == set()
    assert broken(limits(tiers=tiers, datasets={"customers": "health"})) == OVER
    assert broken(limits(tiers=tiers, datasets={"Customers": "health"}), sensitivity=None) == OVER


@pytest.mark.parametrize(
    "spec", [{}, {"tiers": {"moderate": {"maxEpsilon": "9"}}}, {"tiers": {"moderate": {"maxDelta": "0.1"}}}]
)
def test_a_promise_that_no_tier_limits_is_within_no_limit(spec: dict[str, Any]) -> None:
    assert broken(limits(**spec)) == OVER


def test_a_release_that_names_no_tier_and_no_promise_is_within_no_limit() -> None:
    assert broken(limits(tiers={"moderate": MODERATE}), sensitivity=None) == OVER
    assert broken(limits(tiers={"moderate": MODERATE}), claim=None) == OVER


def test_without_a_policy_nothing_is_limited() -> None:
    assert rules_of(bundle(SIGNER, statement()), terms(trusted(SIGNER))) == set()
