"""Federated rounds by exact examples: figures of docs/federated.md, and bounds that the gate counts with."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from gatecli.accounting.account import account
from gatecli.accounting.interface import NoBound, Question
from gatecli.federated import local_noise
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import DpSgd, Gaussian, Mechanism, Sampling
from gatecli.model.number import show_up

ADD_REMOVE, REPLACE_ONE, ZERO_OUT = Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE, Neighbouring.ZERO_OUT
DELTA = Fraction("1e-5")
PAGE = (Path(__file__).parents[3] / "docs" / "federated.md").read_text("utf-8")

Mixture = list[tuple[float, float]]
"""Shares, and the means that they have."""


def cost(mechanism: Mechanism, relation: Neighbouring = ZERO_OUT, group: int = 1) -> Fraction:
    found = account(Question((mechanism,), DELTA, relation, group))
    assert isinstance(found, Bounds)
    assert found.upper is not None
    return found.upper


def rounds(noise: str, drawn: int, clients: int, steps: int = 1) -> DpSgd:
    return DpSgd(
        noise_multiplier=Fraction(noise),
        sampling=Sampling.FIXED_SIZE,
        sampling_rate=Fraction(drawn, clients),
        dataset_size=clients,
        steps=steps,
    )


def exceeding(first: Mixture, second: Mixture, sigma: float, epsilon: float) -> float:
    """δ of one pair of mixtures: the integral of (p − e^ε q)+, on a fine grid."""
    points = [mean for _, mean in (*first, *second)]
    low, high = min(points) - 12 * sigma, max(points) + 12 * sigma
    steps = 60_000
    width = (high - low) / steps
    grid = [low + (step + 0.5) * width for step in range(steps)]

    def density(mixture: Mixture) -> list[float]:
        parts = [share * norm.pdf(grid, mean, sigma) for share, mean in mixture]
        return [float(value) for value in sum(parts)]

    p, q = density(first), density(second)
    return width * math.fsum(max(a - math.exp(epsilon) * b, 0.0) for a, b in zip(p, q, strict=True))


def test_a_client_more_in_a_mean_of_nine_costs_more_than_twice_what_flower_says() -> None:
    """With x, at +1 among clients at −1, the mean of 9 of 10 has moved by 2/9 with probability 9/10."""
    claimed = float(cost(Gaussian(noise_multiplier=Fraction(1))))
    sigma, present, absent = 1 / 9, [(0.1, -1.0), (0.9, -1 + 2 / 9)], [(1.0, -1.0)]
    at_claim = exceeding(present, absent, sigma, claimed)
    exact = brentq(lambda epsilon: exceeding(present, absent, sigma, epsilon) - 1e-5, 1, 20, xtol=1e-4)
    assert at_claim == pytest.approx(0.0492, abs=1e-4)
    assert exact == pytest.approx(9.844, abs=1e-3)
    assert f"| {claimed:.3f} |" in PAGE
    assert "δ = 0.0492 | 9.844 |" in PAGE


def test_means_over_a_fixed_number_are_not_accounted_under_add_remove() -> None:
    assert isinstance(account(Question((rounds("1", 9, 10),), DELTA, ADD_REMOVE)), NoBound)


@pytest.mark.parametrize(("drawn", "clients"), [(1, 4), (2, 4), (3, 4), (4, 4), (9, 10)])
@pytest.mark.parametrize("relation", [ZERO_OUT, REPLACE_ONE])
def test_the_bound_holds_for_the_worst_clients_there_are(
    drawn: int, clients: int, relation: Neighbouring
) -> None:
    """A client at +1 that is zeroed, or becomes −1, among clients at −1 or +1."""
    epsilon = float(cost(rounds("1.5", drawn, clients), relation))
    sigma, share = 1.5 / drawn, drawn / clients
    for others, changed in product((-1.0, 1.0), (0.0,) if relation is ZERO_OUT else (-1.0,)):
        without = [(1 - share, others)] if share < 1 else []
        rest = others * (drawn - 1)
        before = [*without, (share, (rest + 1) / drawn)]
        after = [*without, (share, (rest + changed) / drawn)]
        for first, second in ((before, after), (after, before)):
            assert exceeding(first, second, sigma, epsilon) <= 1e-5 * (1 + 1e-6)


def test_all_clients_in_a_round_are_a_gaussian() -> None:
    whole, noise = rounds("1.6", 10, 10, steps=10), Fraction("1.6")
    assert cost(whole) == cost(Gaussian(noise_multiplier=noise, count=10))
    assert cost(whole, REPLACE_ONE) == cost(Gaussian(noise_multiplier=noise / 2, count=10))


@pytest.mark.parametrize("drawn", [1, 10, 40, 49, 50, 60, 99])
def test_zeroing_never_costs_more_than_replacing_or_than_being_in_every_round(drawn: int) -> None:
    run = rounds("2", drawn, 100, steps=5)
    alone = cost(Gaussian(noise_multiplier=Fraction(2), count=5))
    assert cost(run) <= cost(run, REPLACE_ONE)
    assert cost(run) <= alone * Fraction(11, 10)  # below half, by its Rényi divergence


def test_groups_of_zeroed_clients_cost_more() -> None:
    for drawn in (10, 60, 100):
        run = rounds("4", drawn, 100, steps=5)
        assert cost(run) < cost(run, group=2) < cost(run, group=3)


@pytest.mark.parametrize("group", [1, 2, 3, 5])
@pytest.mark.parametrize("relation", [ZERO_OUT, REPLACE_ONE])
def test_groups_never_cost_more_than_all_of_them_in_every_round(group: int, relation: Neighbouring) -> None:
    """A patient of three hospitals: 6 clipping norms at most, whichever are drawn."""
    reach = group * (2 if relation is REPLACE_ONE else 1)
    alone = cost(Gaussian(noise_multiplier=Fraction("1.5") / reach, count=2))
    assert cost(rounds("1.5", 20, 100, steps=2), relation, group) <= alone * Fraction(11, 10)


def hypergeometric(drawn: int, clients: int, group: int, changed: float, others: float) -> Mixture:
    """The sum over a sample, of which each number of the group's clients has its share."""
    ways = math.comb(clients, drawn)
    return [
        (
            math.comb(group, found) * math.comb(clients - group, drawn - found) / ways,
            found * changed + (drawn - found) * others,
        )
        for found in range(max(0, drawn - clients + group), min(group, drawn) + 1)
    ]


@pytest.mark.parametrize(("drawn", "clients", "group"), [(2, 10, 3), (9, 10, 3)])
@pytest.mark.parametrize("relation", [ZERO_OUT, REPLACE_ONE])
def test_the_bound_of_a_group_holds_for_the_worst_clients_there_are(
    drawn: int, clients: int, group: int, relation: Neighbouring
) -> None:
    epsilon = float(cost(rounds("1.5", drawn, clients), relation, group))
    for others in (-1.0, 0.0, 1.0):
        before = hypergeometric(drawn, clients, group, 1.0, others)
        after = hypergeometric(drawn, clients, group, 0.0 if relation is ZERO_OUT else -1.0, others)
        for first, second in ((before, after), (after, before)):
            assert exceeding(first, second, 1.5, epsilon) <= 1e-5 * (1 + 1e-6)


def test_a_weight_of_half_costs_five_times_the_noise() -> None:
    """Ten clients, z = 1: the mean moves by C/2, the noise is C/10."""
    assert cost(Gaussian(standard_deviation=Fraction(1, 10), sensitivity=Fraction(1, 2))) == cost(
        Gaussian(noise_multiplier=Fraction(1, 5))
    )
    assert f"costs ε = {show_up(cost(Gaussian(noise_multiplier=Fraction(1, 5))), 4)} at" in PAGE


@pytest.mark.parametrize("epsilon", [1, 5, 8, 9, 10, 20])
def test_the_classic_deviation_fails_from_nine_on(epsilon: int) -> None:
    noise = local_noise(epsilon, 1e-5, 2)
    exact = Gaussian(
        sensitivity=Fraction(1), standard_deviation=noise.standard_deviation, neighbouring=ZERO_OUT
    )
    spent = cost(exact, REPLACE_ONE)
    assert (spent > epsilon) == (epsilon >= 9)
    row = re.search(r"^\| costs \|(.*)\|$", PAGE, re.MULTILINE)
    assert row is not None
    assert show_up(spent).removesuffix("0") in row[1].replace(" ", "").split("|")


def test_fixed_samples_cost_more_than_poisson_samples() -> None:
    """50 of 1,000 clients, z = 1.5, 20 rounds, as docs/rules.md says."""
    poisson = DpSgd(noise_multiplier=Fraction("1.5"), sampling_rate=Fraction("0.05"), steps=20)
    assert float(cost(poisson, ADD_REMOVE)) == pytest.approx(0.834, abs=1e-3)
    assert float(cost(rounds("1.5", 50, 1000, steps=20))) == pytest.approx(6.12, abs=5e-3)


def test_a_number_without_noise_tells_two_runs_apart() -> None:
    """Adaptive clipping: the next norm is a function of the number of clipped updates."""
    norms = [math.exp(-0.2 * (count / 10 - 0.5)) for count in (5, 6)]
    assert norms[0] != norms[1]
