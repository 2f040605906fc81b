"""Cumulants of sums of independent losses, all parts at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stack:
    """Distributions one after another: losses and logarithms of masses, where each begins, how often it
    is composed.
    """

    losses: Array
    log_mass: Array
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    counts: Array


def stack_of(parts: Sequence[tuple[Array, Array, int]]) -> Stack:
    """A stack of (losses, logarithms of masses, count); none may be empty."""
    sizes = np.array([losses.size for losses, _, _ in parts], dtype=np.int64)
    return Stack(
        np.concatenate([losses for losses, _, _ in parts]),
        np.concatenate([log_mass for _, log_mass, _ in parts]),
        np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64),
        sizes,
        np.array([count for _, _, count in parts], dtype=np.float64),
    )


def log_moment(stack: Stack, order: float) -> float:
    """Ln E e^(order · L) of the sum L of all losses."""
    logs, _ = _log_moment(stack, order) if stack.sizes.size == 1 else _log_moments(stack, order)
    return float((stack.counts * logs).sum())


def cumulants(stack: Stack, order: float) -> tuple[float, float, float]:
    """K(order) = ln E e^(order · L), K′ and K″: the mean and the variance of the tilted sum."""
    if stack.sizes.size == 1:
        return _cumulants_of_one(stack, order)
    logs, weights = _log_moments(stack, order)
    means = np.add.reduceat(weights * stack.losses, stack.starts)
    centred = stack.losses - np.repeat(means, stack.sizes)
    variances = np.add.reduceat(weights * centred * centred, stack.starts)
    totals = (stack.counts * np.stack((logs, means, variances))).sum(axis=1)
    return float(totals[0]), float(totals[1]), float(totals[2])


def _cumulants_of_one(stack: Stack, order: float) -> tuple[float, float, float]:
    """As `cumulants`, without the work that several distributions make."""
    log, weights = _log_moment(stack, order)
    mean = float((weights * stack.losses).sum())
    centred = stack.losses - mean
    count = float(stack.counts[0])
    return count * log, count * mean, count * float((weights * centred * centred).sum())


def _log_moment(stack: Stack, order: float) -> tuple[float, Array]:
    powers = stack.log_mass + order * stack.losses
    peak = float(powers.max())
    weights = np.exp(powers - peak)
    total = float(weights.sum())
    return peak + math.log(total), weights / total


def _log_moments(stack: Stack, order: float) -> tuple[Array, Array]:
    """Ln E e^(order · L) of each distribution, and all masses tilted by it."""
    powers = stack.log_mass + order * stack.losses
    peaks = np.maximum.reduceat(powers, stack.starts)
    weights = np.exp(powers - np.repeat(peaks, stack.sizes))
    sums = np.add.reduceat(weights, stack.starts)
    return peaks + np.log(sums), weights / np.repeat(sums, stack.sizes)
