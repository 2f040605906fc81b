"""A lower bound on ε where the number of samples was fixed beforehand: Clopper and Pearson (1934) on both
rates.

It holds for one look at a size that no draw chose. A test that stops when it has seen enough must use
`gatecli.audit.betting`: looked at again and again, this bound is wrong more often than it says.
"""

from __future__ import annotations

import math

from gatecli.audit.binomial import highest_rate, lowest_rate


def fixed_size_bound(first: int, second: int, samples: int, delta: float, alpha: float) -> float:
    """ε ≥ this at δ, from `samples` draws of each input, of which so many were in one event fixed
    beforehand.

    ln((p − δ) / q) with p bounded below and q above, each wrong with probability α/2; 0 where that is
    negative.
    """
    over = lowest_rate(first, samples, alpha / 2) - delta
    return max(0.0, math.log(over / highest_rate(second, samples, alpha / 2))) if over > 0 else 0.0
