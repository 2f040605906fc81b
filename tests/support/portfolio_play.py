"""Adversaries against the portfolio filter: trees of mechanisms that it admits after every output.

At the end of a branch an adversary takes what tells most at the loss that it has seen there, among all that
still fits; before that it draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import Approximate, Gaussian, Laplace, Mechanism, RandomisedResponse
from gatecli.model.portfolio import COLUMNS, MEMBER_COLUMNS, NOTHING, Amounts, Member, is_admitted
from tests.support.adaptive import Array, Coin, Leak, Noise, Stop, Tree, gaussian, laplace, last

SIZES = 14
"""Sizes of each kind of mechanism, up to what the budget holds alone."""


def dataset(budget: Budget, neighbouring: Neighbouring = Neighbouring.REPLACE_ONE) -> DatasetTerms:
    """A dataset with a budget, in whose relation randomised response is accounted."""
    return DatasetTerms("people", "person", neighbouring, budget, limits_of(budget))


def charge(terms: DatasetTerms, *mechanisms: Mechanism) -> Amounts:
    """What they cost the dataset together."""
    amounts = amounts_of(Question(mechanisms, Fraction(0), terms.neighbouring), terms)
    assert not isinstance(amounts, NoBound)
    return amounts


@dataclass(frozen=True, slots=True)
class Move:
    """A mechanism that an adversary may ask for: its kind, its true size, and what it is charged."""

    kind: str
    size: float
    amounts: Amounts

    def tells(self, epsilons: Array) -> Array:
        """The divergence of it alone."""
        match self.kind:
            case "gaussian":
                return gaussian(self.size, epsilons)
            case "laplace":
                return laplace(self.size, epsilons)
            case "coin":
                p = 1 / (1 + math.exp(-self.size))
                nothing = -np.expm1(np.minimum(epsilons, 0.0))
                return np.asarray(np.maximum(p - np.exp(epsilons) * (1 - p), nothing))
            case _:
                nothing = -np.expm1(np.minimum(epsilons, 0.0))
                return np.asarray(self.size + (1 - self.size) * nothing)

    def end(self) -> Tree:
        """The mechanism, and nothing after it."""
        match self.kind:
            case "coin":
                return Coin(self.size, Stop(), Stop())
            case "leak":
                return Leak(self.size, Stop())
            case _:
                return last(self.kind, self.size)


def moves(terms: DatasetTerms) -> tuple[Move, ...]:
    """Mechanisms of many sizes that fit into a budget, the largest nearly filling it."""
    most_epsilon, delta = float(terms.budget.epsilon), float(terms.budget.delta)
    most_mu = math.sqrt(terms.limits.gdp_mu_squared / 1e12)
    found = []
    for part in (Fraction(step, SIZES) for step in range(1, SIZES + 1)):
        share = float(part)
        if delta > 0:
            mu = share * most_mu * (1 - 1e-9)
            found.append(Move("gaussian", mu, charge(terms, Gaussian(standard_deviation=Fraction(1 / mu)))))
            leak = Fraction(terms.limits.basic_delta, 10**18) * part
            found.append(Move("leak", float(leak), charge(terms, Approximate(epsilon=0, delta=leak))))
        size = Fraction(share * most_epsilon * (1 - 1e-9))
        found.append(Move("laplace", float(size), charge(terms, Laplace(scale=1 / size))))
        noise = Fraction(2 / (1 + math.exp(size)))
        coin = RandomisedResponse(noise=noise)
        found.append(Move("coin", math.log((2 - noise) / noise), charge(terms, coin)))
    return tuple(move for move in found if is_admitted(move.amounts, terms.limits))


class Adversary:
    """Draws trees that the filter of one dataset lets through."""

    def __init__(self, terms: DatasetTerms, seed: int) -> None:
        self.terms = terms
        self.moves = moves(terms)
        self.random = np.random.default_rng(seed)
        self._costs = _columns([move.amounts for move in self.moves])
        self._limits = _columns([terms.limits])

    def tree(self, depth: int) -> Tree:
        """A tree of `depth` mechanisms, unless nothing fits before."""
        return self._ask(NOTHING, depth, float(self.terms.budget.epsilon))

    def _fitting(self, held: Amounts) -> list[Move]:
        after = self._costs + _columns([held])
        fits = np.zeros(len(self.moves), dtype=bool)
        for member in Member:
            columns = [COLUMNS.index(column) for column in MEMBER_COLUMNS[member]]
            fits |= (after[:, columns] <= self._limits[:, columns]).all(axis=1)
        return [move for move, fit in zip(self.moves, fits, strict=True) if fit]

    def _ask(self, held: Amounts, depth: int, left: float) -> Tree:
        """The rest of a branch on which ε* − loss is `left`."""
        fitting = self._fitting(held)
        if not fitting:
            return Stop()
        if depth == 1:
            at = np.array([left])
            return max(fitting, key=lambda move: float(move.tells(at)[0])).end()
        move = fitting[self.random.integers(len(fitting))]
        held += move.amounts
        assert is_admitted(held, self.terms.limits)
        match move.kind:
            case "coin":
                told, lied = (self._ask(held, depth - 1, left - loss) for loss in (move.size, -move.size))
                return Coin(move.size, told, lied)
            case "leak":
                return Leak(move.size, self._ask(held, depth - 1, left))
            case _:
                return self._noise(move, held, depth, left)

    def _noise(self, move: Move, held: Amounts, depth: int, left: float) -> Noise:
        """Noise whose loss, in three ranges, decides what is asked next."""
        centre, spread = (
            (move.size**2 / 2, move.size) if move.kind == "gaussian" else (move.size / 2, move.size)
        )
        cuts = np.sort(centre + spread * self.random.uniform(-1.0, 3.0, 2))
        middles = (cuts[0] - spread / 2, cuts.mean(), cuts[1] + spread / 2)
        children = tuple(self._ask(held, depth - 1, left - float(middle)) for middle in middles)
        return Noise(move.kind, move.size, tuple(cuts.tolist()), children)


def _columns(amounts: list[Amounts]) -> npt.NDArray[np.int64]:
    return np.array([tuple(each) for each in amounts], dtype=np.int64)
