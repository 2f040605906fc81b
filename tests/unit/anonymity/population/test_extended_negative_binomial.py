"""The extended negative binomial model against its own sizes, whose answer is known in closed form."""

from __future__ import annotations

from math import exp, inf, lgamma, log, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity.population.extended_negative_binomial import (
    fit,
    log_likelihood_of_ratio,
    small_classes,
)


def expected(a: float, c: float, classes: float = 1e9) -> dict[int, int]:
    """The numbers of classes by size that the model expects, by gamma functions."""
    share = log(c / (1 + c))
    return {
        size: round(classes * exp(lgamma(size + a) - lgamma(1 + a) - lgamma(size + 1) + (size - 1) * share))
        for size in range(1, 51)
    }


@pytest.mark.parametrize("window", [4, 50])
@pytest.mark.parametrize("c", [0.2, 1.0, 8.0])
@pytest.mark.parametrize("a", [-0.9, -0.5, 0.0, 1.0, 5.0])
def test_the_fit_finds_the_parameters_of_the_expected_sizes(a: float, c: float, window: int) -> None:
    found = fit(small_classes(expected(a, c), window))
    assert exp(found.shape) - 1 == pytest.approx(a, abs=2e-3)
    assert exp(found.growth) == pytest.approx(c, rel=1e-2)
    for fraction in (0.9, 0.5, 0.1, 0.01):
        ratio = -(1 + a) * (log1p(c / fraction) - log1p(c))
        assert found.log_ratio(fraction) == pytest.approx(ratio, rel=5e-3)


SMALL = st.dictionaries(st.integers(2, 6), st.integers(1, 2_000), max_size=5)


@given(SMALL, st.integers(1, 5_000), st.floats(0.001, 0.999))
def test_the_share_of_uniques_never_rises_with_the_population(
    others: dict[int, int], ones: int, fraction: float
) -> None:
    found = fit(small_classes({**others, 1: ones}, 4))
    assert found.log_ratio(1.0) == 0
    assert found.log_ratio(fraction / 2) <= found.log_ratio(fraction) <= 0


@given(SMALL, st.integers(1, 5_000), st.floats(0.01, 0.9), st.floats(-5.0, -0.01))
def test_no_other_share_is_likelier_than_that_of_the_fit(
    others: dict[int, int], ones: int, fraction: float, log_ratio: float
) -> None:
    small = small_classes({**others, 1: ones}, 4)
    highest = fit(small).log_likelihood
    found = log_likelihood_of_ratio(small, log_ratio, fraction)
    assert -inf < found <= highest + 1e-6 * max(1.0, abs(highest))


@pytest.mark.parametrize(("a", "c"), [(-0.5, 1.0), (0.0, 2.0), (2.0, 0.3)])
def test_the_likeliest_share_is_that_of_the_fit(a: float, c: float) -> None:
    small = small_classes(expected(a, c, 1e5), 4)
    best = fit(small)
    assert log_likelihood_of_ratio(small, best.log_ratio(0.2), 0.2) == pytest.approx(best.log_likelihood)
    for away in (0.5, 1.5):
        assert log_likelihood_of_ratio(small, best.log_ratio(0.2) * away, 0.2) < best.log_likelihood - 1
