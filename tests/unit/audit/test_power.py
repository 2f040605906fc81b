"""What would have been found, and the bound for a fixed sample size."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from gatecli.audit.fixed_size import fixed_size_bound
from gatecli.audit.power import power
from gatecli.model.audit import AuditClaim

ALPHA = Fraction(1, 1000)
PURE, APPROXIMATE = AuditClaim(Fraction(1, 10)), AuditClaim(Fraction(1, 10), Fraction(1, 20))


@pytest.mark.parametrize("claim", [PURE, APPROXIMATE])
def test_more_samples_find_less(claim: AuditClaim) -> None:
    few, many = power(0.3, 5_000, claim, ALPHA), power(0.3, 100_000, claim, ALPHA)
    assert few is not None
    assert many is not None
    assert claim.epsilon < many.epsilon < few.epsilon
    assert many.probability == Fraction(9, 10)


def test_events_that_share_a_test_cost_power() -> None:
    alone, shared = power(0.3, 10_000, PURE, ALPHA), power(0.3, 10_000, PURE, ALPHA, events=3)
    assert alone is not None
    assert shared is not None
    assert alone.epsilon < shared.epsilon


def test_a_power_is_the_same_each_time() -> None:
    assert power(0.1, 10_000, PURE, ALPHA) == power(0.1, 10_000, PURE, ALPHA)


def test_too_few_samples_have_no_power_at_all() -> None:
    assert power(0.3, 5, PURE, ALPHA) is None
    assert power(0.3, 0, PURE, ALPHA) is None


def test_the_bound_of_a_fixed_size_is_below_the_ratio_that_was_seen() -> None:
    bound = fixed_size_bound(5000, 1000, 10_000, 0.0, 0.001)
    assert 1.3 < bound < math.log(5)


def test_the_bound_of_a_fixed_size_takes_the_delta_off() -> None:
    assert fixed_size_bound(5000, 1000, 10_000, 0.2, 0.001) < math.log(3)


def test_the_bound_of_a_fixed_size_is_zero_where_nothing_is_shown() -> None:
    assert fixed_size_bound(10, 500, 1000, 0.0, 0.001) == 0
    assert fixed_size_bound(10, 0, 1000, 0.5, 0.001) == 0
