"""Bounds on proportions where the sample size was fixed beforehand (Clopper and Pearson, Biometrika 26, 1934).

They hold for one look at a size that no draw chose. A test that stops when it has seen enough must use
`gatecli.audit.betting` instead: looked at again and again, these bounds are wrong more often than they say.
"""

from __future__ import annotations

import math


def lower_proportion(hits: int, samples: int, error: float) -> float:
    """The exact lower bound on a probability, wrong with probability `error` at most."""
    from scipy.special import betaincinv  # noqa: PLC0415 - a heavy package that only this question needs

    return float(betaincinv(hits, samples - hits + 1, error)) if hits else 0.0


def upper_proportion(hits: int, samples: int, error: float) -> float:
    """The exact upper bound on a probability, wrong with probability `error` at most."""
    return 1 - lower_proportion(samples - hits, samples, error)


def fixed_size_bound(first: int, second: int, samples: int, delta: float, error: float) -> float:
    """A lower bound on ε at δ from `samples` draws of each input, of which so many were in one event.

    ε ≥ ln((p − δ) / q) with p bounded below and q above, each wrong with probability `error`/2. 0 where that is
    negative or undefined.
    """
    over = lower_proportion(first, samples, error / 2) - delta
    under = upper_proportion(second, samples, error / 2)
    return max(0.0, math.log(over / under)) if over > 0 else 0.0
