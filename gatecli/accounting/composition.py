"""One composition of pairs in one direction: an ε on the asked side at a wanted resolution.

A unit that is added meets every mechanism as one that is added, so there are two directions: that of
removing, and that of adding, in which all pairs are turned. The dearer one counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from gatecli.accounting.grid import TIE, optimistic, pessimistic, swap_pair
from gatecli.accounting.pairs import Curve, Pair
from gatecli.accounting.privacy_profile import epsilon_at
from gatecli.accounting.resolution import Resolution, resolution_for, trim_pair
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.saddle import Pilots, pilots_of, saddle_near, saddle_of
from gatecli.accounting.tilt import MAX_LENGTH, Saddle, TiltedComposition, TooWide, compose

MAX_POINTS = 1 << 26
"""Points that the transforms of one composition have together: some 5 s."""

COARSE = 64
"""How much wider the bounds of a first look may be than those asked for."""

_COARSENINGS = 5
_STEEPEST = 10.0
"""The largest tilt times step: what upper bounds move a grid point up by way of caution stays small."""
_SPARE = 0.05
"""The part of the wanted share of ε that rounding a lower bound's losses down may take unseen."""


@dataclass(frozen=True)
class Direction:
    """Pairs and how often each is composed, at a δ.

    `rare` is the share of δ that may be given away for losses too rare to matter.
    """

    found: tuple[tuple[Pair, int], ...]
    delta: float
    rare: float

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs without what is too rare to matter."""
        rare = self.rare * self.delta / len(self.found)
        return tuple(trim_pair(pair, count, rare) for pair, count in self.found)

    @cached_property
    def pilots(self) -> Pilots:
        """What the resolution is planned with."""
        counts = (count for _, count in self.found)
        return pilots_of(tuple(zip(self.pairs, counts, strict=True)))

    @cached_property
    def saddle(self) -> Saddle:
        """Where to look first."""
        return saddle_of(self.pilots, self.delta)


@dataclass(frozen=True, slots=True)
class CompositionSearch:
    """An ε, what it cost in points, and whether a finer grid is too dear."""

    epsilon: float
    points: int
    finest: bool


def directions_of(found: tuple[tuple[Pair, int], ...], delta: float, rare: float) -> tuple[Direction, ...]:
    """Both directions, or the one where they are the same."""
    forward = Direction(found, delta, rare)
    if all(isinstance(pair, Curve) and pair.symmetric for pair, _ in found):
        return (forward,)
    return forward, Direction(tuple((swap_pair(pair), count) for pair, count in found), delta, rare)


def epsilon_of(direction: Direction, share: float, near: float | None, *, above: bool) -> CompositionSearch:
    """An ε that is enough where `above`, else one that is not; the two are about `share` · ε apart.

    `near` is an ε that is known to be close, where one is. Raises NumericFailure where no affordable
    grid holds the composition.
    """
    limit = min(MAX_LENGTH, MAX_POINTS // len(direction.found))
    saddle = direction.saddle if near is None else _near(direction, near, share, limit)
    wanted = limit
    for _ in range(_COARSENINGS):
        try:
            return _epsilon(direction, saddle, share, wanted, limit, above=above)
        except TooWide as wide:
            wanted = int(wanted / (1.1 * wide.factor))
    raise NumericFailure("no affordable grid")


def _near(direction: Direction, near: float, share: float, limit: int) -> Saddle:
    return saddle_near(direction.pilots, direction.delta, near, share, limit)


def _epsilon(
    direction: Direction, saddle: Saddle, share: float, wanted: int, limit: int, *, above: bool
) -> CompositionSearch:
    grid = resolution_for(direction.pilots, saddle, share, wanted)
    composed = _compose_parts(direction, saddle, share, grid, limit, above=above)
    epsilon = epsilon_at(composed, direction.delta, above=above)
    if not above:
        epsilon = max(0.0, epsilon - TIE * grid.step * sum(count for _, count in direction.found))
    return CompositionSearch(epsilon, composed.points, grid.finest)


def _compose_parts(
    direction: Direction, saddle: Saddle, share: float, grid: Resolution, limit: int, *, above: bool
) -> TiltedComposition:
    counts = [count for _, count in direction.found]
    spare = _SPARE * share * saddle.epsilon / sum(counts)
    parts = tuple(
        pessimistic(pair, count, grid.step, points, grid.offset)
        if above
        else optimistic(pair, count, grid.step, points, grid.offset, spare)
        for pair, count, points in zip(direction.pairs, counts, grid.points, strict=True)
    )
    tilt = min(saddle.tilt, _STEEPEST / grid.step)
    return compose(parts, replace(saddle, tilt=tilt), limit)


def compose_above(direction: Direction, saddle: Saddle, share: float) -> TiltedComposition:
    """A composition that dominates the direction's, looked at from `saddle`, whose width is about `share`.

    Raises NumericFailure where no affordable grid holds it.
    """
    wanted = limit = min(MAX_LENGTH, MAX_POINTS // len(direction.found))
    for _ in range(_COARSENINGS):
        grid = resolution_for(direction.pilots, saddle, share, wanted)
        try:
            return _compose_parts(direction, saddle, share, grid, limit, above=True)
        except TooWide as wide:
            wanted = int(wanted / (1.1 * wide.factor))
    raise NumericFailure("no affordable grid")
