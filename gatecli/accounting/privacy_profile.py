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

from gatecli.accounting.grid import Array
from gatecli.accounting.rounding import NumericFailure
from gatecli.accounting.tilt import UNIT, TiltedComposition

_EXPONENT = 650.0
"""Powers of e beyond this are not formed: no float holds their products."""
_FADED = 250.0


def epsilon_at(composed: TiltedComposition, delta: float, *, above: bool) -> float:
    """An ε ≥ 0 that is enough for `delta` where `above`, else one that is not (0: none is known).

    Infinity where `above` and no ε is enough, or where not `above` and none ever is.
    """
    left = delta - composed.infinite
    if left < 0 or (above and left == 0):
        return math.inf
    curve = _curve(composed, left, 1.0 if above else -1.0)
    return max(0.0, _first_enough(curve) if above else _last_missing(curve))


@dataclass(frozen=True, slots=True)
class _Curve:
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

    def between(self, at: int, slip: float) -> float:
        """The ε between the grid points before and at `at` where δ is the budget."""
        value = float(self.near[at]) + slip - self.budget
        last, first = float(self.losses[at]), float(self.losses[at - 1])
        if value <= 0:
            return first
        if self.far[at] <= 0:
            return last
        return min(max(self.centre + math.log(value / float(self.far[at])), first), last)


def _curve(composed: TiltedComposition, left: float, sign: float) -> _Curve:
    """The curve around where all of a tail would be δ: ε lies little below it.

    Losses so far below that no float holds their weights are left out: δ is large there.
    """
    losses: Array = np.asarray(composed.low + composed.step * np.arange(composed.mass.size), np.float64)
    if not float(composed.mass.sum()) > 0:
        raise NumericFailure("a composition without mass")
    mean = float((composed.mass * losses).sum()) / float(composed.mass.sum())
    losses, mass, weights = _weigh_losses(losses, composed.mass, composed.tilt, mean)
    tails = np.cumsum((mass * weights)[::-1])[::-1]
    crossed = int(np.argmax(tails <= _budget(composed, left, sign, mean)))
    centre = float(losses[crossed]) if crossed else mean
    losses, mass, weights = _weigh_losses(losses, mass, composed.tilt, centre)
    rounding = sign * 4 * composed.mass.size * UNIT
    near = np.cumsum((mass * weights)[::-1])[::-1] * (1 + rounding)
    faded = mass * weights * np.exp(np.maximum(centre - losses, -_EXPONENT))
    far = np.cumsum(faded[::-1])[::-1] * (1 - rounding)
    slip = sign * composed.slip * weights
    return _Curve(losses, centre, near, far, slip, _budget(composed, left, sign, centre), sign > 0)


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


def _excess(curve: _Curve) -> Array:
    """δ at the grid points, slip included; what no float holds makes it larger above, smaller below."""
    risen = curve.losses - curve.centre
    repaid = np.exp(np.minimum(risen, _EXPONENT)) * curve.far
    if curve.above:
        repaid[risen > _EXPONENT] = 0.0
    return np.asarray(curve.near - repaid + curve.slip)


def _first_enough(curve: _Curve) -> float:
    enough = _excess(curve) <= curve.budget
    if not enough.any():
        return math.inf
    at = int(np.argmax(enough))
    return curve.between(at, float(curve.slip[at - 1])) if at else float(curve.losses[0])


def _last_missing(curve: _Curve) -> float:
    missing = np.flatnonzero(_excess(curve) > curve.budget)
    if not missing.size:
        return 0.0
    at = int(missing[-1]) + 1
    return curve.between(at, float(curve.slip[at - 1])) if at < curve.losses.size else float(curve.losses[-1])
