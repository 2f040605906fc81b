"""ε from δ: the privacy profile of a tilted composition, read on either safe side.

Derivation. With the tilted masses m̃ of `tilt`,

    δ(ε) = m(∞) + M Σ_{l>ε} (m̃(l) e^(−θl) − e^ε m̃(l) e^(−(1+θ)l)):

two sums from the top. Between grid points both are constant, so δ = a − b e^ε is solved for ε. The slip κ
and the relative errors of `tilt` are added for an upper bound and taken off for a lower one; so is 4 N u of
either sum for its own rounding.

Example. Two coins told with odds 3 : 1 each: the loss 2 ln 3 has mass 9/16, and ε = ln 3 leaves
δ = (9/16) (1 − e^(ε − 2 ln 3)) = (9/16) (1 − 1/3) = 3/8.

>>> import numpy as np
>>> from gatecli.accounting.grid import Losses
>>> from gatecli.accounting.tilt import Saddle, compose
>>> coin = Losses(np.array([-1, 1]), np.array([0.25, 0.75]), 0.0, float(np.log(3)), 2)
>>> composed = compose((coin,), Saddle(1.0, 1.0, 4.0))
>>> round(epsilon_at(composed, 3 / 8, above=True) - float(np.log(3)), 9)
0.0
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gatecli.accounting.moments import Array
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.tilt import UNIT, TiltedComposition

_EXPONENT = 650.0
"""Powers of e beyond this are not formed: no float holds their products."""
_FADED = 250.0
"""Weights smaller than e to minus this are held there."""


def epsilon_at(composed: TiltedComposition, delta: float, *, above: bool) -> float:
    """An ε ≥ 0 that is enough for `delta` where `above`, else one that is not (0: none is known).

    Infinity where `above` and no ε is enough, or where not `above` and none ever is.
    """
    left = delta - composed.infinite
    if left < 0 or (above and left == 0):
        return math.inf
    profile = _profile(composed, left, 1.0 if above else -1.0)
    return max(0.0, _first_enough(profile) if above else _last_missing(profile))


@dataclass(frozen=True, slots=True)
class _Profile:
    """δ at grid points, on the asked side and in units of M e^(−θ centre): near − e^ε far ± slip.

    `near` and `far` are Σ m̃ e^(−θr) and Σ m̃ e^(−(1+θ)r) over the losses from each point on, where
    r is a loss less `centre`; `budget` is δ in the same units.
    """

    losses: Array
    centre: float
    near: Array
    far: Array
    slip: Array
    budget: float
    above: bool

    def between(self, at: int) -> float:
        """The ε between the grid points before and at `at` where δ is the budget."""
        value = float(self.near[at] + self.slip[at - 1]) - self.budget
        last, first = float(self.losses[at]), float(self.losses[at - 1])
        if value <= 0:
            return first
        if self.far[at] <= 0:
            return last
        return min(max(self.centre + math.log(value / float(self.far[at])), first), last)


def _profile(composed: TiltedComposition, left: float, sign: float) -> _Profile:
    """The profile around where all of a tail would be δ: ε lies little below it.

    Far below, δ is large: with a tail of 1000 budgets within a loss of 1 above, it is more than 600.
    """
    losses, mass, centre = _around(composed, left, sign)
    losses, mass, weights = _weigh_losses(losses, mass, composed.tilt, centre)
    rounding = sign * 4 * composed.mass.size * UNIT
    mass = mass * weights
    near = np.cumsum(mass[::-1])[::-1] * (1 + rounding)
    far = np.cumsum((mass * np.exp(np.maximum(centre - losses, -_EXPONENT)))[::-1])[::-1] * (1 - rounding)
    slip = sign * composed.slip * weights
    return _Profile(losses, centre, near, far, slip, _budget(composed, left, sign, centre), sign > 0)


def _around(composed: TiltedComposition, left: float, sign: float) -> tuple[Array, Array, float]:
    """Losses and masses from below ε on, and the loss above which a tail is δ."""
    losses: Array = np.asarray(composed.low + composed.step * np.arange(composed.mass.size), np.float64)
    total = float(composed.mass.sum())
    if not total > 0:
        raise NumericFailure("a composition without mass")
    mean = float((composed.mass * losses).sum()) / total
    losses, mass, weights = _weigh_losses(losses, composed.mass, composed.tilt, mean)
    tails = np.cumsum((mass * weights)[::-1])
    budget = _budget(composed, left, sign, mean)
    crossed, ample = (losses.size - int(np.searchsorted(tails, share * budget)) for share in (1.0, 1000.0))
    first = max(0, ample - 1 - math.ceil(2 / composed.step))
    return losses[first:], mass[first:], float(losses[crossed]) if crossed < losses.size else mean


def _weigh_losses(losses: Array, mass: Array, tilt: float, centre: float) -> tuple[Array, Array, Array]:
    """Losses whose weights e^(−(1+θ)r) a float holds, their masses, and e^(−θr).

    Weights below e^−`_FADED` stay there: more than they are by nothing that matters, and never slow
    subnormal numbers.
    """
    first = int(np.searchsorted(losses, centre - _EXPONENT / (1 + tilt)))
    losses = losses[first:]
    return losses, mass[first:], np.exp(np.maximum(-tilt * (losses - centre), -_FADED))


def _budget(composed: TiltedComposition, left: float, sign: float, centre: float) -> float:
    log = _log(left) - composed.log_moment + composed.tilt * centre - sign * composed.relative
    return math.exp(min(log, _EXPONENT))


def _log(number: float) -> float:
    return math.log(number) if number > 0 else -math.inf


def _excess(profile: _Profile) -> Array:
    """δ at the grid points, slip included; what no float holds makes it larger above, smaller below."""
    risen = profile.losses - profile.centre
    repaid = np.exp(np.minimum(risen, _EXPONENT)) * profile.far
    if profile.above:
        repaid[risen > _EXPONENT] = 0.0
    return np.asarray(profile.near - repaid + profile.slip)


def _first_enough(profile: _Profile) -> float:
    enough = _excess(profile) <= profile.budget
    if not enough.any():
        return math.inf
    at = int(np.argmax(enough))
    return profile.between(at) if at else float(profile.losses[0])


def _last_missing(profile: _Profile) -> float:
    missing = np.flatnonzero(_excess(profile) > profile.budget)
    if not missing.size:
        return 0.0
    at = int(missing[-1]) + 1
    return profile.between(at) if at < profile.losses.size else float(profile.losses[-1])
