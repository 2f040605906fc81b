"""Adversaries against one member of the portfolio filter, whose arithmetic they bring near its limit.

Moves are made to measure: tenths of each member's limits. So what is left at the end of a branch is filled
by one move, and the slack by a claim. Other moves are whole releases: runs of DP-SGD, plans, units of two
records.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.special import ndtr
from scipy.stats import norm

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of
from gatecli.model.budget import Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import (
    Approximate,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Pure,
    Renyi,
    RenyiPoint,
)
from gatecli.model.portfolio import (
    DELTA_UNITS,
    MEASURE_UNITS,
    MEMBER_COLUMNS,
    NOTHING,
    RDP_ORDERS,
    Amounts,
    Member,
    member_holds,
)
from tests.support.adaptive import Answers, Array, Leak, Noise, Stop, Tree, curve
from tests.support.renyi_orders import divergence

PARTS = 10
LESS = 1 - 1e-8
"""Charges are rounded up: tenths that are a little smaller add up to a whole."""
BINS, FINE_BINS = 40, 240
TRIED = 4
"""Moves of which the best is looked for at the end of a branch, beside those made to measure."""
VOIDED = 0.25
"""How often something is reserved beside a release, and voided after it."""
RUNS = (("0.7", "0.02", 16), ("1", "0.05", 64), ("2", "0.3", 64), ("1", "0.5", 1), ("1", "0.5", 4))
"""Noise multiplier, sampling rate and steps of runs of DP-SGD; steps are powers of 2."""

Pair = tuple[tuple[float, ...], tuple[float, ...]]
"""The chances of answers under P and under Q."""


@dataclass(frozen=True, slots=True)
class Step:
    """One mechanism of a release as its worst data see it: noise of a size, a claim's δ, or answers."""

    kind: str
    size: float = 0.0
    pair: Pair = ((), ())

    def before(self, child: Tree) -> Tree:
        """The step, and the same tree after whatever it says."""
        match self.kind:
            case "leak":
                return Leak(self.size, child)
            case "answers":
                return Answers(*self.pair, (child,) * len(self.pair[0]))
            case _:
                return Noise(self.kind, self.size, (), (child,))


@dataclass(frozen=True, slots=True)
class ReleaseMove:
    """A release: what it is charged, and its steps; `member` is the one it is made to measure for."""

    amounts: Amounts
    steps: tuple[Step, ...]
    member: Member | None = None

    def before(self, child: Tree) -> Tree:
        for step in reversed(self.steps):
            child = step.before(child)
        return child


Moves = tuple[ReleaseMove, ...]


def gaussian_step(mu: float) -> Step:
    return Step("gaussian", mu)


def coin_step(epsilon: float) -> Step:
    told = 1 / (1 + math.exp(-epsilon))
    return Step("answers", pair=((told, 1 - told), (1 - told, told)))


class _Table:
    """Moves of one dataset."""

    def __init__(self, terms: DatasetTerms) -> None:
        self.terms = terms
        self.moves: list[ReleaseMove] = []

    def add(
        self,
        mechanisms: tuple[Mechanism, ...],
        steps: tuple[Step, ...],
        member: Member | None = None,
        group: int = 1,
    ) -> None:
        question = Question(mechanisms, Fraction(0), self.terms.neighbouring, group)
        amounts = amounts_of(question, self.terms)
        assert not isinstance(amounts, NoBound)
        self.moves.append(ReleaseMove(amounts, steps, member))


def release_moves(terms: DatasetTerms) -> Moves:
    """All moves, under add-remove."""
    assert terms.neighbouring is Neighbouring.ADD_REMOVE
    table = _Table(terms)
    for part in range(1, PARTS + 1):
        _add_measured(table, part / PARTS * LESS)
    _add_runs(table)
    _add_plans(table)
    _add_groups(table)
    return tuple(table.moves)


def _add_measured(table: _Table, share: float) -> None:
    limits, epsilon = table.terms.limits, float(table.terms.budget.epsilon)
    size = share * epsilon
    table.add((Pure(epsilon=Fraction(size)),), (coin_step(size),), Member.BASIC)
    mu = math.sqrt(share * limits.gdp_mu_squared / MEASURE_UNITS)
    table.add((Gaussian(standard_deviation=Fraction(1 / mu)),), (gaussian_step(mu),), Member.GDP)
    told = float(ndtr(mu / 2))
    coin = math.log(told / (1 - told))
    table.add((Pure(epsilon=Fraction(coin)),), (coin_step(coin),))
    for column in ("basic_delta", "gdp_delta", "rdp_delta"):
        delta = Fraction(getattr(limits, column), DELTA_UNITS) * Fraction(share)
        claim = Approximate(epsilon=Fraction(0), delta=delta)
        table.add((claim,), (Step("leak", float(delta)),))
    for member, order in RDP_ORDERS.items():
        most = share * getattr(limits, MEMBER_COLUMNS[member][0]) / MEASURE_UNITS
        first, other = rarely_told(order, most, epsilon)
        points = [
            RenyiPoint(order=Fraction(at), epsilon=_bound(at, first, other)) for at in RDP_ORDERS.values()
        ]
        step = Step("answers", pair=((first, 1 - first), (other, 1 - other)))
        table.add((Renyi(curve=tuple(points)),), (step,), member)


def rarely_told(order: int, most: float, epsilon: float) -> tuple[float, float]:
    """The chances under P and Q of an answer that tells most at ε, at a divergence of at most `most`.

    Among answers of a loss of ε − ln(1 − 1/α): there the conversion of proposition 12 is attained.
    """
    loss = epsilon - math.log1p(-1 / order)
    low, high = -700.0, -loss
    for _ in range(200):
        middle = (low + high) / 2
        first = np.array([math.exp(middle + loss)])
        if first[0] < 1 and float(divergence(order, first, np.array([math.exp(middle)]))[0]) <= most:
            low = middle
        else:
            high = middle
    return math.exp(low + loss), math.exp(low)


def _bound(order: int, first: float, other: float) -> Fraction:
    """The divergence in the dearer direction, from above."""
    p, q = np.array([first]), np.array([other])
    both = max(float(divergence(order, p, q)[0]), float(divergence(order, q, p)[0]))
    return Fraction(both * (1 + 1e-11) + 1e-15)


def _add_runs(table: _Table) -> None:
    """DP-SGD as a whole, of which the certificate has a d above 0."""
    for sigma, rate, steps in RUNS:
        run = DpSgd(noise_multiplier=Fraction(sigma), sampling_rate=Fraction(rate), steps=steps)
        table.add((run,), (Step("answers", pair=sampled_run(float(sigma), float(rate), steps)),))


def _add_plans(table: _Table) -> None:
    mu = math.sqrt(table.terms.limits.gdp_mu_squared / MEASURE_UNITS)
    for part in (0.3, 0.5):
        noise, size = part * mu, part * float(table.terms.budget.epsilon) / 2
        plan = (Gaussian(standard_deviation=Fraction(1 / noise)), Pure(epsilon=Fraction(size)))
        table.add(plan, (gaussian_step(noise), coin_step(size)))


def _add_groups(table: _Table) -> None:
    """Units of two records: noise for one is half of what the unit needs."""
    mu = math.sqrt(table.terms.limits.gdp_mu_squared / MEASURE_UNITS)
    for part in (0.3, 0.9):
        size, noise = part * float(table.terms.budget.epsilon), part * mu
        table.add((Laplace(scale=Fraction(2 / size)),), (Step("laplace", size),), group=2)
        table.add((Gaussian(standard_deviation=Fraction(2 / noise)),), (gaussian_step(noise),), group=2)


def sampled_run(sigma: float, rate: float, steps: int) -> Pair:
    """Answers that are a post-processing of a run of DP-SGD: a lower bound on what it tells.

    Outputs of a step are told apart up to bins; outputs of several steps up to bins of their losses.
    """
    edges = np.concatenate(([-np.inf], np.linspace(-8 * sigma, 1 + 8 * sigma, FINE_BINS - 1), [np.inf]))
    other = _masses(edges / sigma)
    first = (1 - rate) * other + rate * _masses((edges - 1) / sigma)
    total = (first, other)
    for _ in range(int(math.log2(steps))):
        total = _merge_answers(np.outer(total[0], total[0]), np.outer(total[1], total[1]), FINE_BINS)
    first, other = _merge_answers(*total, BINS)
    return tuple(first.tolist()), tuple(other.tolist())


def _masses(edges: Array) -> Array:
    """Of a normal distribution between edges, by whichever tail is smaller."""
    upper = norm.sf(edges[:-1]) - norm.sf(edges[1:])
    return np.asarray(np.where(edges[:-1] > 0, upper, np.diff(norm.cdf(edges))), np.float64)


def _merge_answers(first: Array, other: Array, bins: int) -> tuple[Array, Array]:
    """Outcomes next to each other by their losses are one; a bin is a range of losses."""
    first, other = first.ravel(), other.ravel()
    kept = other > 0
    first, other = first[kept], other[kept]
    losses = np.log(np.maximum(first, 1e-300)) - np.log(other)
    ends = np.linspace(losses.min(), losses[first > 1e-13 * first.max()].max(), bins - 1)
    at = np.searchsorted(ends, losses)
    merged = [
        np.asarray(np.bincount(at, weights=mass, minlength=bins), np.float64) for mass in (first, other)
    ]
    filled = merged[1] > 0
    return merged[0][filled], merged[1][filled]


class FillingAdversary:
    """Draws trees that some members of the filter let through: any of those named, as in the portfolio."""

    def __init__(self, members: tuple[Member, ...], limits: Amounts, epsilon: float, seed: int) -> None:
        self.members, self.limits, self.epsilon = members, limits, epsilon
        self.random = np.random.default_rng(seed)

    def tree(self, moves: Moves, depth: int) -> Tree:
        """A tree of `depth` releases that were drawn, and of what fills the limits after them."""
        return self._ask(moves, NOTHING, depth, self.epsilon)

    def _fitting(self, moves: Moves, held: Amounts, members: tuple[Member, ...]) -> Moves:
        return tuple(
            move
            for move in moves
            if any(member_holds(member, held + move.amounts, self.limits) for member in members)
        )

    def _draw(self, moves: Moves) -> ReleaseMove:
        return moves[self.random.integers(len(moves))]

    def _ask(self, moves: Moves, held: Amounts, depth: int, left: float) -> Tree:
        """The rest of a branch on which ε* − loss is `left`; at times beside what is reserved and voided."""
        fitting = self._fitting(moves, held, self.members)
        if not depth or not fitting:
            return self._fill(fitting, held, left)
        reserved = self._draw(fitting).amounts if self.random.random() < VOIDED else NOTHING
        beside = self._fitting(fitting, held + reserved, self.members)
        if not beside:
            return self._ask(moves, held, depth - 1, left)
        move = self._draw(beside)
        tree = self._last_step(move.steps[-1], fitting, held + move.amounts, depth - 1, left)
        for step in reversed(move.steps[:-1]):
            tree = step.before(tree)
        return tree

    def _last_step(self, step: Step, moves: Moves, held: Amounts, depth: int, left: float) -> Tree:
        """The step, with what is asked next chosen by its loss."""
        match step.kind:
            case "leak":
                return Leak(step.size, self._ask(moves, held, depth, left))
            case "answers":
                losses = answer_losses(step.pair)
                cuts = np.quantile(losses, [0.5, 0.85])
                groups = np.searchsorted(cuts, losses)
                children = {
                    group: self._ask(moves, held, depth, left - float(np.median(losses[groups == group])))
                    for group in sorted(set(groups.tolist()))
                }
                return Answers(*step.pair, tuple(children[group] for group in groups.tolist()))
            case _:
                return self._noise(step, moves, held, depth, left)

    def _noise(self, step: Step, moves: Moves, held: Amounts, depth: int, left: float) -> Noise:
        """Noise whose loss, in two ranges, decides what is asked next."""
        centre = step.size**2 / 2 if step.kind == "gaussian" else step.size / 2
        cut = centre + step.size * float(self.random.uniform(-1.0, 2.0))
        children = [self._ask(moves, held, depth, left - cut - turn * step.size / 2) for turn in (-1, 1)]
        return Noise(step.kind, step.size, (cut,), tuple(children))

    def _fill(self, moves: Moves, held: Amounts, left: float) -> Tree:
        """What tells most among what uses up one member."""
        at = np.array([left])
        ends = [self._fill_member(moves, held, at, member) for member in self.members]
        return max(ends, key=lambda tree: float(curve(tree, at)[0]))

    def _fill_member(self, moves: Moves, held: Amounts, at: Array, member: Member) -> Tree:
        """The largest claim that fits, and the release that tells most beside it."""
        fitting = self._fitting(moves, held, (member,))
        claims = [move for move in fitting if move.steps[0].kind == "leak"]
        slack = max(claims, key=lambda move: move.steps[0].size, default=None)
        if slack is not None:
            held += slack.amounts
            fitting = self._fitting(fitting, held, (member,))
        measured = [move for move in fitting if move.member is member][-2:]
        others = [self._draw(fitting) for _ in range(TRIED)] if fitting else []
        ends: list[Tree] = [Stop(), *(move.before(Stop()) for move in (*measured, *others))]
        best = max(ends, key=lambda tree: float(curve(tree, at)[0]))
        return best if slack is None else slack.before(best)


def answer_losses(pair: Pair) -> Array:
    """The loss of each answer; of what P never answers a very small one."""
    first, other = np.array(pair[0]), np.array(pair[1])
    return np.asarray(np.log(np.maximum(first, 1e-300)) - np.log(other))
