"""Standardised columns beside OpenDP alone: `python benchmarks/data_standardise.py [ROUNDS]`.

The peer is what somebody writes with OpenDP: its private quantiles over the same thousand candidates, then
the clipped and centred values' sum and sum of squares with its Laplace noise, at the same ε split alike. The
error is what a reader of the scaled column sees: how far its mean is from 0, and its deviation from 1, over
ROUNDS rounds (default 20). Asserts that ours is at most 1.2 times the peer's: over all distributions of a
size, and in each of them within the error of so many rounds.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

import numpy as np
import opendp.prelude as dp
import pyarrow as pa

from gatecli.data import open_table
from gatecli.data.statistics import CANDIDATES

EPSILON = 1.0
CONSTANT = "a constant"
"""Where OpenDP alone divides by noise: not counted in the means over distributions."""

ERRORS = ("mean", "deviation")
SIZES = (10**3, 10**4, 10**5, 10**6)
LIMIT = 1.2

Values = Any
"""An array of floats."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values of so many rows, and their public bounds."""

    draw: Callable[[Any, int], Values]
    bounds: tuple[float, float]


DISTRIBUTIONS: Mapping[str, Distribution] = {
    "normal": Distribution(lambda rng, n: rng.normal(50, 15, n), (0, 110)),
    "whole ages": Distribution(lambda rng, n: np.floor(rng.gamma(4, 11, n)), (0, 110)),
    "lognormal": Distribution(lambda rng, n: rng.lognormal(10.3, 0.8, n), (0, 10**6)),
    "heavy tail": Distribution(lambda rng, n: 1000 * (1 + rng.pareto(1.5, n)), (0, 10**5)),
    "bimodal": Distribution(
        lambda rng, n: np.where(rng.random(n) < 0.5, rng.normal(20, 3, n), rng.normal(80, 3, n)), (0, 100)
    ),
    "wide bounds": Distribution(lambda rng, n: rng.lognormal(10.3, 0.8, n), (0, 10**7)),
    CONSTANT: Distribution(lambda _rng, n: np.full(n, 44.0), (0, 110)),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a column is standardised by."""

    low: float
    high: float
    mean: float
    deviation: float

    def errors(self, values: Values) -> tuple[float, float]:
        """Of the scaled column: how far its mean is from 0, its deviation from 1 (0 where nothing varies)."""
        scaled = (np.clip(values, self.low, self.high) - self.mean) / self.deviation
        width = float(scaled.std())
        return abs(float(scaled.mean())), abs(width - 1) if width > 1e-9 else 0.0


def ours(values: Values, bounds: tuple[float, float], rounds: int) -> list[Found]:
    budget = {"epsilon": 1000, "delta": 0}
    made = []
    with open_table(pa.table({"x": values}), budget=budget, bounds={"x": bounds}) as table:
        for _ in range(rounds):
            found = table.standardise(["x"], epsilon=EPSILON).parameters["x"]
            made.append(Found(found.low, found.high, found.mean, found.deviation))
    return made


def with_opendp_alone(values: Values, bounds: tuple[float, float], rounds: int) -> list[Found]:
    lower, upper = bounds
    candidates = np.linspace(lower, upper, CANDIDATES + 1)
    inside = np.clip(values, lower, upper)
    scored = [_scores(inside, candidates, alpha) for alpha in (0.02, 0.98)]
    made = []
    for _ in range(rounds):
        one, other = (float(candidates[_least(scores, change, EPSILON / 4)]) for scores, change in scored)
        low, high = min(one, other), max(one, other)
        if low == high:
            low, high = low - (upper - lower) / CANDIDATES, high + (upper - lower) / CANDIDATES
        made.append(_moments(inside, low, high))
    return made


def _scores(values: Values, candidates: Values, alpha: float) -> tuple[list[int], int]:
    """OpenDP's scores of candidates, and by how much a row changes one."""
    space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.symmetric_distance()
    made = dp.t.make_quantile_score_candidates(*space, [float(each) for each in candidates], alpha)
    return cast("list[int]", made([float(each) for each in values])), int(made.map(1))


def _least(scores: list[int], change: int, epsilon: float) -> int:
    space = dp.vector_domain(dp.atom_domain(T="u64")), dp.linf_distance(T="u64")
    made = dp.m.make_noisy_max(*space, dp.max_divergence(), scale=2 * change / epsilon, negate=True)
    return int(made(scores))


def _moments(values: Values, low: float, high: float) -> Found:
    share, half, middle = EPSILON / 6, (high - low) / 2, (low + high) / 2
    centred = np.clip(values, low, high) - middle
    rows = max(_laplace(float(len(values)), 1 / share), 1.0)
    first = _laplace(float(centred.sum()), half / share) / rows
    second = _laplace(float((centred**2).sum()), half**2 / share) / rows
    first = min(max(first, -half), half)
    variance = min(max(second, 0.0), half**2) - first**2
    return Found(low, high, middle + first, math.sqrt(max(variance, (2 * half / CANDIDATES) ** 2)))


def _laplace(value: float, scale: float) -> float:
    space = dp.atom_domain(T=float, nan=False), dp.absolute_distance(T=float)
    return float(dp.m.make_laplace(*space, scale=scale)(value))


def compare(name: str, size: int, rounds: int) -> list[tuple[float, float]]:
    """Print one row; the ratio of each error, and how uncertain its logarithm is."""
    kind = DISTRIBUTIONS[name]
    values = kind.draw(np.random.default_rng(size), size)
    inside = np.clip(values, *kind.bounds)
    mine, theirs = (
        np.array([each.errors(inside) for each in make(values, kind.bounds, rounds)])
        for make in (ours, with_opendp_alone)
    )
    ratios, shown = [], []
    for place in range(len(ERRORS)):
        own, peer = mine[:, place], theirs[:, place]
        if not peer.mean():
            continue
        ratio = own.mean() / peer.mean()
        margin = 2 * math.hypot(own.std() / own.mean(), peer.std() / peer.mean()) / math.sqrt(rounds)
        shown.append(f"{own.mean():9.2g} {peer.mean():9.2g} {ratio:6.2f} ± {ratio * margin:.2f}")
        ratios.append((ratio, margin))
    print(f"{name:12} {size:9,}  {'   '.join(shown)}", flush=True)
    return ratios


def main(rounds: int) -> None:
    dp.enable_features("contrib")
    print(f"ε = {EPSILON}, {rounds} rounds: ours, OpenDP alone, ratio (two standard errors)")
    print(f"{'':24}error of the mean                 error of the deviation")
    pooled = {}
    for size in SIZES:
        found = {name: compare(name, size, rounds) for name in DISTRIBUTIONS}
        for what, ratios in zip(ERRORS, zip_longest(*found.values()), strict=True):
            known = [each for each in ratios if each is not None]
            assert all(ratio * (1 - margin) <= LIMIT for ratio, margin in known), what
            varying = [math.log(ratios[at][0]) for at, name in enumerate(found) if name != CONSTANT]
            pooled[size, what] = math.exp(sum(varying) / len(varying))
            print(f"{size:,} rows, the {what}: {pooled[size, what]:.2f} times (geometric mean)", flush=True)
    assert max(pooled.values()) <= LIMIT, pooled


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
