"""Why no gate stands on composed PLDs between releases: adversaries that spend nearly twice the budget."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from gatecli.model.budget import Budget
from gatecli.model.mechanism import Approximate, Gaussian, Laplace, RandomisedResponse
from gatecli.model.portfolio import is_admitted
from tests.support.adaptive import (
    Coin,
    Leak,
    Noise,
    Stop,
    Tree,
    composed,
    curve,
    delta_of,
    gaussian,
    laplace,
    last,
    play_pld_stop,
)
from tests.support.portfolio_play import charge, dataset
from tests.support.renyi_orders import play_orders

STOP = Stop()
EXAMPLES = [
    (1.0, 1e-5, 0.15, 1.8867),
    (3.0, 1e-5, 0.4, 1.9182),
    (8.0, 1e-5, 1.0, 1.9170),
    (1.0, 1e-6, 0.1, 1.9785),
]


def sigmoid(epsilon: float) -> float:
    return 1 / (1 + math.exp(-epsilon))


DELTA = sigmoid(1) * sigmoid(0.5) * -math.expm1(-0.5)


def test_coins_chosen_in_advance_are_within_their_budget() -> None:
    """Randomised response at ε = 1, then at ε = 0.5 or a failure with probability δ*: δ(1) is δ*."""
    assert pytest.approx(0.1790498892, abs=5e-11) == DELTA
    for second in (Coin(0.5, STOP, STOP), Leak(DELTA, STOP)):
        assert delta_of(Coin(1, second, second), 1.0) == pytest.approx(DELTA, rel=1e-12)


def test_coins_chosen_after_seeing_the_first_spend_more() -> None:
    chosen = Coin(1, Coin(0.5, STOP, STOP), Leak(DELTA, STOP))
    assert delta_of(chosen, 1.0) == pytest.approx(0.2272038209, abs=5e-11)


@pytest.mark.parametrize(("epsilon", "delta", "mu", "ratio"), EXAMPLES)
def test_a_filter_on_composed_plds_is_overspent(
    epsilon: float, delta: float, mu: float, ratio: float
) -> None:
    found = play_pld_stop(epsilon, delta, mu)
    assert found.adaptive / delta == pytest.approx(ratio, abs=5e-5)


@pytest.mark.parametrize(("epsilon", "delta", "mu", "ratio"), EXAMPLES)
def test_both_fixed_sequences_of_that_game_are_within_the_budget(
    epsilon: float, delta: float, mu: float, ratio: float
) -> None:
    found = play_pld_stop(epsilon, delta, mu)
    first = last("gaussian", mu)
    assert delta_of(composed(first, last("gaussian", found.gaussian)), epsilon) <= delta * (1 + 1e-6)
    assert delta_of(composed(first, last("laplace", found.laplace)), epsilon) <= delta * (1 + 1e-6)


@pytest.mark.parametrize(("epsilon", "delta", "mu", "ratio"), EXAMPLES)
def test_the_portfolio_is_not_overspent_by_that_adversary(
    epsilon: float, delta: float, mu: float, ratio: float
) -> None:
    """The largest Gaussian and the largest Laplace noise that it admits next, chosen by many outcomes."""
    terms = dataset(Budget(Fraction(epsilon), Fraction(str(delta))))
    noise = Fraction(1 / mu)
    held = charge(terms, Gaussian(standard_deviation=noise))

    def admits_gaussian(size: float) -> bool:
        more = charge(terms, Gaussian(standard_deviation=Fraction(1 / size)))
        return is_admitted(held + more, terms.limits)

    def admits_laplace(size: float) -> bool:
        return is_admitted(held + charge(terms, Laplace(scale=Fraction(1 / size))), terms.limits)

    sizes = [epsilon * step / 40 for step in range(1, 41)]
    second = max((size for size in sizes if admits_gaussian(size)), default=0.0)
    widest = max((size for size in sizes if admits_laplace(size)), default=0.0)
    assert second > 0
    assert widest > 0
    cuts = np.linspace(mu**2 / 2 - 6 * mu, mu**2 / 2 + 6 * mu, 200)
    spent = delta_of(
        Noise("gaussian", mu, tuple(cuts.tolist()), _best(cuts, epsilon, second, widest)), epsilon
    )
    assert 0 < spent <= delta


def _best(
    cuts: np.ndarray[tuple[int], np.dtype[np.float64]], epsilon: float, mu: float, size: float
) -> tuple[Tree, ...]:
    """For each range of the first loss the noise that tells more there."""
    left = epsilon - np.concatenate((cuts[:1], (cuts[1:] + cuts[:-1]) / 2, cuts[-1:]))
    told = zip(gaussian(mu, left), laplace(size, left), strict=True)
    return tuple(last("gaussian", mu) if one >= other else last("laplace", size) for one, other in told)


def test_gaussians_one_after_another_are_one() -> None:
    two = composed(last("gaussian", 0.5), last("gaussian", 0.7))
    at = np.linspace(-1.0, 3.0, 9)
    assert curve(two, at) == pytest.approx(gaussian(math.hypot(0.5, 0.7), at), abs=1e-12)


def test_the_order_of_fixed_mechanisms_does_not_matter() -> None:
    at = np.linspace(0.0, 2.0, 5)
    forward = curve(Coin(0.7, last("laplace", 0.5), last("laplace", 0.5)), at)
    backward = curve(composed(last("laplace", 0.5), Coin(0.7, STOP, STOP)), at)
    assert backward == pytest.approx(forward, abs=1e-12)


def test_turning_every_loss_asks_about_the_other_direction() -> None:
    """H(Q‖P) at γ is 1 − γ + γ H(P‖Q) at 1/γ."""
    tree = Coin(1, Noise("gaussian", 0.5, (0.1,), (last("laplace", 0.5), STOP)), Leak(0.1, STOP))
    at = np.array([0.3])
    turned = -math.expm1(0.3) + math.exp(0.3) * curve(tree, -at)
    assert curve(tree, at, -1.0) == pytest.approx(turned, abs=1e-9)


def test_one_renyi_order_that_is_named_in_advance_is_within_the_budget() -> None:
    game = play_orders(1.0, 1e-5, coin=0.05)
    assert max(game.fixed.values()) == pytest.approx(1e-5, rel=1e-4)


def test_a_budget_that_may_hold_at_any_order_is_overspent() -> None:
    """The order is chosen by an answer: 32 where the coin told the truth's side, else 8."""
    game = play_orders(1.0, 1e-5, coin=0.05)
    assert game.adaptive == pytest.approx(1.1777e-5, rel=1e-3)


def test_a_release_whose_second_mechanism_follows_from_its_first_output_overspends_the_budget() -> None:
    """Each of four pairs is admitted as one release, charged by one curve; the best of them is not one."""
    terms = dataset(Budget(Fraction(8), Fraction(1, 10**5)))
    mu, second, size, coin, claim = 0.8, 1.401696, 4.5713, 4.45997, 2.3657e-6
    first = Gaussian(standard_deviation=Fraction(1 / mu))
    seconds = (
        Gaussian(standard_deviation=Fraction(1 / second)),
        Laplace(scale=Fraction(1 / size)),
        RandomisedResponse(noise=Fraction(2 / (1 + math.exp(coin)))),
        Approximate(epsilon=Fraction(0), delta=Fraction(claim)),
    )
    assert all(is_admitted(charge(terms, first, one), terms.limits) for one in seconds)
    assert not any(
        is_admitted(charge(terms, first) + charge(terms, one), terms.limits) for one in seconds[:3]
    )
    trees = (last("gaussian", second), last("laplace", size), Coin(coin, STOP, STOP), Leak(claim, STOP))
    cuts = np.linspace(mu**2 / 2 - 6 * mu, mu**2 / 2 + 6 * mu, 800)
    left = 8 - np.concatenate((cuts[:1], (cuts[1:] + cuts[:-1]) / 2, cuts[-1:]))
    told = np.argmax(np.stack([curve(tree, left) for tree in trees]), axis=0)
    spent = delta_of(Noise("gaussian", mu, tuple(cuts.tolist()), tuple(trees[at] for at in told)), 8.0)
    assert spent == pytest.approx(1.1144e-5, rel=5e-4)
