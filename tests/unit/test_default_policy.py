"""The policy that ships: its figures are promises, and each says where it comes from."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gatecli.sources.policy import default_policy

LIMITS = {
    "identity": ("0.5", "1e-10"),
    "health": ("0.5", "1e-8"),
    "behavioural": ("4", "1e-4"),
    "low": ("2", "1e-5"),
}
TIERS = default_policy().spec.tiers


def test_it_has_these_tiers_and_no_other() -> None:
    assert set(TIERS) == set(LIMITS)


@pytest.mark.parametrize("name", LIMITS)
def test_a_tier_s_limits_are_exactly_these(name: str) -> None:
    epsilon, delta = map(Fraction, LIMITS[name])
    assert (TIERS[name].max_epsilon, TIERS[name].max_delta) == (epsilon, delta)


@pytest.mark.parametrize("name", LIMITS)
def test_every_tier_limits_tables_and_names_its_sources(name: str) -> None:
    tier = TIERS[name]
    assert None not in (tier.min_k, tier.min_l, tier.max_t)
    assert tier.source
    assert "A choice of this policy" in tier.source


def test_it_is_named_default() -> None:
    assert default_policy().metadata.name == "default"
