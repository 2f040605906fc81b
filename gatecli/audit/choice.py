"""The choice of events for a test: by what they would win against the claim, not by the largest ratio seen.

The largest estimate of ε is nearly always that of a rare event that was seen by chance. What a bet wins
grows with the probability of the event too; so events are compared by the expected logarithm of the wealth
at the claim, with the first probability taken lower and the second higher than seen, by one standard error
each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatecli.audit.betting import Floats, growth
from gatecli.audit.candidates import Family, Samples, propose
from gatecli.audit.events import Event
from gatecli.audit.features import Layout, layout_of

MOST_EVENTS = 3
"""Events that share a test: each makes up for a bad choice of another, at the price of a little wealth."""

_FEW = 50
"""Hits below which an event without a promise is the last to be taken: it could find a large ε alone."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Events with what each is worth: the best first."""

    events: tuple[Event, ...]
    worth: float


@dataclass(frozen=True, slots=True)
class _Rated:
    family: int
    event: Event
    worth: float
    rate: float


def choose(samples: Samples, layout: Layout, epsilon: float, delta: float) -> Scored:
    """The events that promise most against a claim; no event at all where every output is the same."""
    rated = sorted(_rate_all(samples, layout, epsilon, delta), key=lambda each: -each.worth)
    if not rated:
        return Scored((), 0.0)
    kept = [rated[0]]
    for each in rated[1:]:
        if len(kept) == MOST_EVENTS:
            break
        if all(_differ(each, other) for other in kept):
            kept.append(each)
    return Scored(tuple(each.event for each in kept), kept[0].worth)


def promise(samples: Samples, epsilon: float, delta: float, *, is_lattice: bool = False) -> float:
    """How far the best event of these samples is above the claim, in standard deviations of one draw."""
    layout = layout_of(samples.first, samples.second, is_lattice=is_lattice)
    training, measuring = samples.split()
    rates = [_rates(each, measuring.first.runs) for each in propose(training, measuring, layout)]
    return max((float(_signal(*pair, epsilon, delta).max()) for each in rates for pair in each), default=0.0)


def _differ(one: _Rated, other: _Rated) -> bool:
    is_far = not 1 / 1.5 < (one.rate + 1e-9) / (other.rate + 1e-9) < 1.5
    return one.family != other.family or is_far


def _rate_all(samples: Samples, layout: Layout, epsilon: float, delta: float) -> list[_Rated]:
    training, measuring = samples.split()
    found = []
    runs = measuring.first.runs
    for number, family in enumerate(propose(training, measuring, layout)):
        for (first, second), (inside, forward) in zip(_rates(family, runs), _VERSIONS, strict=True):
            worth = _worth(first, second, runs, epsilon, delta)
            found += [
                _Rated(number, Event(source, inside, forward), float(worth[index]), float(first[index]))
                for index, source in enumerate(family.sources)
            ]
    return found


_VERSIONS = ((True, True), (False, True), (True, False), (False, False))
"""Inside or outside; likelier on the first input or on the second: the order of `_rates`."""


def _rates(family: Family, runs: int) -> list[tuple[Floats, Floats]]:
    first, second = (family.first + 0.5) / (runs + 1), (family.second + 0.5) / (runs + 1)
    return [(first, second), (1 - first, 1 - second), (second, first), (1 - second, 1 - first)]


def _worth(first: Floats, second: Floats, runs: int, epsilon: float, delta: float) -> Floats:
    """The growth of wealth where there is some; else a number below 0 that orders by the signal."""
    low = np.clip(first - np.sqrt(first * (1 - first) / runs), 0, 1)
    high = np.clip(second + np.sqrt(second * (1 - second) / runs), 0, 1)
    grown = growth(low, high, epsilon, delta)
    is_rare = first * runs < _FEW
    return np.where(grown > 0, grown, _signal(first, second, epsilon, delta) - 10 - 10 * is_rare)


def _signal(first: Floats, second: Floats, epsilon: float, delta: float) -> Floats:
    ratio = np.exp(epsilon)
    spread = np.sqrt(first * (1 - first) + ratio**2 * second * (1 - second))
    return np.asarray((first - ratio * second - delta) / spread)
