"""Composition of losses by a tilted Fourier transform, with every numeric error bounded.

Derivation. Let m be the masses of the composed loss L under P on the grid. With M = E e^(θL), the
tilted masses m̃(l) = m(l) e^(θl) / M sum to 1, and

    δ(ε) = m(∞) + Σ_{l>ε} m(l) (1 − e^(ε−l)) = m(∞) + M Σ_{l>ε} m̃(l) e^(−θl) (1 − e^(ε−l)).

Tilting commutes with convolution, so each part is tilted on its own and M is the product of the
parts' own. With θ chosen such that the mean of m̃ lies near ε, an error of the transform is an error
relative to δ, which may be far below the 1e-16 that a float can tell from 1 (Alghamdi, Gomez,
Asoodeh, Calmon, Kosut, Sankar 2023, use the same tilt; composition by FFT is due to Koskela, Jälkö,
Honkela 2020, and Gopi, Lee, Wutschitz 2021).

Errors, all of the form M e^(−θε) κ (u = 2^−53 is the unit of float rounding, N the length, h the step):

1. Window. By Chernoff's bound at most e^`log_tail` of m̃ lies beyond either end, each for some λ:
   ln m̃(L > high) ≤ ln E~ e^(λL) − λ high. What lies outside is lost from the sum or wrapped into it:
   κ ≥ 2 e^`log_tail` covers both.
2. Transform. Every output of a fast transform is a sum over its inputs, each of which passes log₂ N
   butterflies (a product of complex numbers, a twiddle factor, a sum): it is off by at most
   γ = 5 u log₂ N times the sum of their absolute values, here 1. So a factor φ of the spectrum, |φ| ≤ 1,
   is known up to γ + 3u, its powering included, and a product of powers S = Π φ^T up to
   Π (|φ| + γ + 3u)^T · min(1, Σ (γ + 3u) T / (|φ| + γ + 3u)). Where few frequencies are not faint, φ − 1 =
   Σ m̃ (e^(iωl) − 1) is summed up there instead, right to 64 u of the sum of its absolute terms: then
   ln φ^T is off by no more than 64 u T Σ m̃ (|sin ωl| + 2 sin² (ωl/2)) / |φ|, about √T instead of T.
   The mean of these bounds over all frequencies, and γ times the mean of |S|, bound the error η of any
   single mass. Summed over the grid points above ε with their weights that is
   κ ≥ η (1 + min(width, 1/(θ(1 + θ))) / h), since ∫ e^(−θr) (1 − e^(−r)) dr over r > 0 is 1/(θ(1 + θ)).
3. Rounding. A part's masses, weights and M are right to a relative `UNIT` · (64 + |θl|) each, and
   sums of N terms to N u: relative errors of δ.

Example. Two coins told with odds 3 : 1 each: their losses add up to ± 2 ln 3 or 0.

>>> import numpy as np
>>> from gatecli.accounting.grid import Losses
>>> coin = Losses(np.array([-1, 1]), np.array([0.25, 0.75]), 0.0, float(np.log(3)), 2)
>>> composed = compose((coin,), Saddle(1.0, 1.0, 4.0))
>>> likely = composed.mass > 1e-9
>>> tilted = composed.mass[likely] * np.exp(composed.log_moment - composed.step * np.array([-2, 0, 2]))
>>> tilted.round(6).tolist()
[0.0625, 0.375, 0.5625]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatecli.accounting.grid import Indices, Losses
from gatecli.accounting.moments import Array, Stack, log_moment, stack_of
from gatecli.accounting.rounding import NumericFailure

MAX_LENGTH = 1 << 23
"""Points of a composed distribution: about 2 s and 500 MB at worst."""

LOG_TAIL = -12 * math.log(10)
"""The logarithm of the tilted mass that may lie outside a window on either side, where none is given."""

UNIT = 2.0**-53
"""How far one float operation rounds, relatively."""
_FAINT = -64.0
"""Frequencies whose amplitude has a logarithm below this are left out, and paid for."""
_TRIFLE = 1e-7
"""An error of δ, relatively, that is not worth summing a spectrum up for."""
_DIRECT = 1 << 24
"""Frequencies times losses up to which a spectrum is summed up directly: about 0.5 s."""
_CHUNK = 1 << 18
"""Products of a frequency and a loss that are held at once: 2 MB an array."""
_SUMMED = 64 * UNIT
"""Relative rounding of a pairwise sum of up to 100,000 terms, of its terms and of their logarithm."""
SPANS = tuple(2.0**octave for octave in range(-7, 4))
"""Multiples of a normal loss's best λ that are tried in Chernoff's bound."""
_SIZES = (4, 5, 6, 7)
"""Lengths are one of these times a power of two: transforms of such lengths are fast."""

Spectrum = npt.NDArray[np.complex128]


class TooWide(NumericFailure):
    """A composed distribution would need `factor` times more points than are affordable."""

    def __init__(self, factor: float) -> None:
        super().__init__("the composed distribution is too wide")
        self.factor = factor


@dataclass(frozen=True, slots=True)
class Saddle:
    """Where a composed loss is looked at: the tilt, near which ε, and how wide a window is.

    `log_tail` is the logarithm of the tilted mass that may lie outside the window on either side,
    `log_weight` that of M e^(−θε)/δ: how much an error κ weighs beside δ.
    """

    tilt: float
    epsilon: float
    span: float
    log_tail: float = LOG_TAIL
    log_weight: float = 0.0


@dataclass(frozen=True, slots=True)
class TiltedComposition:
    """A composition, tilted: `mass[i]` at loss low + i · step stands for mass · M · e^(−θ loss).

    `slip` is κ and `relative` the relative error of the module's docstring; `points` is what it cost.
    """

    low: float
    step: float
    mass: Array
    infinite: float
    tilt: float
    log_moment: float
    slip: float
    relative: float
    points: int


@dataclass(frozen=True, slots=True)
class _Tilted:
    """One part: its finite losses, their tilted masses, ln M, and mean and deviation of one tilted loss."""

    part: Losses
    losses: Array
    mass: Array
    log_mass: Array
    log_moment: float
    deviation: float
    mean: float


def compose(parts: tuple[Losses, ...], saddle: Saddle, limit: int = MAX_LENGTH) -> TiltedComposition:
    """The distribution of the sum of all losses. Raises TooWide where the grid is too fine for it."""
    step, tilt = parts[0].step, saddle.tilt
    tilted = [_tilt_losses(part, tilt) for part in parts]
    low, high = _window(tilted, saddle.log_tail)
    length = _length(math.ceil((high - low) / step) + 3)
    if length > limit:
        raise TooWide(length / limit)
    offset = sum(part.offset * part.count for part in parts)
    start = math.floor((low - offset) / step)
    count = sum(part.count for part in parts)
    most = max(float(np.abs(one.losses).max()) for one in tilted)
    finite = sum(part.count * math.log1p(-min(part.infinite, 1 - 1e-16)) for part in parts)
    reached = 1 + min((high - low) + step, 1 / (tilt * (1 + tilt))) / step
    trifle = _TRIFLE * math.exp(-max(saddle.log_weight, 0.0)) / reached
    mass, eta = _sum(tilted, length, start, trifle) if count > 1 else (_single(tilted[0], length, start), 0.0)
    return TiltedComposition(
        low=start * step + offset,
        step=step,
        mass=mass,
        infinite=-math.expm1(finite),
        tilt=tilt,
        log_moment=math.fsum(one.part.count * one.log_moment for one in tilted),
        slip=2 * math.exp(saddle.log_tail) + eta * reached,
        relative=UNIT * (count * (64 + tilt * most) + 4 * length),
        points=length * len(parts),
    )


def _tilt_losses(part: Losses, tilt: float) -> _Tilted:
    losses = part.losses
    if not float(part.mass.sum()) > 0:
        raise NumericFailure("a distribution without mass")
    powers = tilt * losses
    peak = float(powers.max())
    weighted = part.mass * np.exp(powers - peak)
    moment = float(weighted.sum())
    # A moment near 1 would lose its digits as a sum: ln M is then the logarithm of 1 + (M − 1).
    log_moment = peak + math.log(moment)
    if peak < 1 and abs(log_moment) < 0.1:
        missing = math.fsum(part.mass) - 1.0
        log_moment = math.log1p(float((part.mass * np.expm1(powers)).sum()) + missing)
    mass = weighted / moment
    mean = float((mass * losses).sum())
    deviation = math.sqrt(float((mass * (losses - mean) ** 2).sum()))
    log_mass = np.log(part.mass) + powers - log_moment
    return _Tilted(part, losses, mass, log_mass, log_moment, deviation, mean)


def _window(tilted: list[_Tilted], log_tail: float) -> tuple[float, float]:
    """Losses beyond which at most e^log_tail of the tilted mass lies on either side, by Chernoff's bound."""
    step = tilted[0].part.step
    least = sum(one.part.count * float(one.losses.min()) for one in tilted)
    most = sum(one.part.count * float(one.losses.max()) for one in tilted)
    spread = math.sqrt(sum(one.part.count * one.deviation**2 for one in tilted))
    if spread == 0:
        return least - step, most + step
    mean = math.fsum(one.part.count * one.mean for one in tilted)
    stack = stack_of([(one.losses - one.mean, one.log_mass, one.part.count) for one in tilted])
    base = math.sqrt(-2 * log_tail) / spread
    up, down = (_reach(stack, sign * base, -log_tail) for sign in (1.0, -1.0))
    return max(mean - down, least) - step, min(mean + up, most) + step


def _reach(stack: Stack, base: float, needed: float) -> float:
    """The least (ln E e^(λ L) + needed) / |λ| found over multiples λ of `base`: octaves, then between."""

    def bound_at(span: float) -> float:
        order = base * span
        return (log_moment(stack, order) + needed) / abs(order)

    best = min(SPANS, key=bound_at)
    return min(bound_at(best * nearby) for nearby in (math.sqrt(0.5), 1.0, math.sqrt(2)))


def _length(needed: int) -> int:
    return min(size << max(2, math.ceil(math.log2(needed / size))) for size in _SIZES)


def _single(one: _Tilted, length: int, start: int) -> Array:
    """The tilted masses from `start` on, as they are; the window holds them all or nearly."""
    at = one.part.index - start
    inside = (at >= 0) & (at < length)
    return np.bincount(at[inside], one.mass[inside], length).astype(np.float64)


def _sum(tilted: list[_Tilted], length: int, start: int, trifle: float) -> tuple[Array, float]:
    """The masses of the sum from `start` on, and how far one of them may be off.

    Up to `trifle` that does not matter, and transforms will do.
    """
    gamma = 5 * UNIT * math.log2(length)
    alive, product, log_size, doubt = _spectrum(tilted, length, gamma)
    eta = _error(product, log_size, doubt, gamma, length)
    if eta > trifle and alive.size * sum(one.mass.size for one in tilted) <= _DIRECT:
        product, doubt = _exact_spectrum(tilted, length, alive)
        eta = _error(product, log_size, doubt, gamma, length)
    spectrum: Spectrum = np.zeros(length // 2 + 1, dtype=np.complex128)
    spectrum[alive] = product
    origin = sum(int(one.part.index[0]) * one.part.count for one in tilted)
    mass = np.roll(np.fft.irfft(spectrum, length), -((start - origin) % length))
    return np.maximum(mass, 0.0), eta


def _error(product: Spectrum, log_size: Array, doubt: Array, gamma: float, length: int) -> float:
    """How far a mass may be off whose spectrum is `product`, in doubt by a share of e^log_size."""
    errors = np.exp(np.minimum(log_size, 1.0)) * np.minimum(doubt * np.exp(np.minimum(doubt, 1.0)), 3.0)
    return float(2 * (errors.sum() + np.abs(product).sum() * gamma) / length + math.exp(_FAINT))


def _spectrum(tilted: list[_Tilted], length: int, gamma: float) -> tuple[Indices, Spectrum, Array, Array]:
    """The frequencies that are not faint, the spectrum there, ln of a bound on it, its relative doubt.

    Amplitudes only fall, so frequencies are dropped for good once they are faint.
    """
    each = gamma + 3 * UNIT
    alive: Indices = np.arange(length // 2 + 1)
    log_size, doubt = np.zeros(alive.size), np.zeros(alive.size)
    product: Spectrum = np.ones(alive.size, dtype=np.complex128)
    for one in sorted(tilted, key=lambda one: -one.part.count * one.deviation**2):
        turn = (one.part.index - int(one.part.index[0])) % length
        factor = np.fft.rfft(np.bincount(turn, one.mass, length))[alive]
        size = np.abs(factor) + each
        log_size += one.part.count * np.log(size)
        doubt += one.part.count * each / size
        strong = log_size > _FAINT
        if not strong.all():
            alive, log_size, doubt = alive[strong], log_size[strong], doubt[strong]
            product, factor = product[strong], factor[strong]
        product *= _power(factor, one.part.count)
    return alive, product, log_size, doubt


def _exact_spectrum(tilted: list[_Tilted], length: int, alive: Indices) -> tuple[Spectrum, Array]:
    """The spectrum at some frequencies as a sum over losses, and its relative doubt."""
    exponent: Spectrum = np.zeros(alive.size, dtype=np.complex128)
    doubt = np.zeros(alive.size)
    for one in tilted:
        steps = one.part.index - int(one.part.index[0])
        rows = max(1, _CHUNK // steps.size)
        for first in range(0, alive.size, rows):
            here = slice(first, first + rows)
            turns = np.multiply.outer(alive[here], steps) % length
            angles = np.where(2 * turns > length, turns - length, turns) * (2 * math.pi / length)
            sines, halves = np.sin(angles), np.sin(angles / 2)
            lost = -2 * (one.mass * halves * halves).sum(axis=1)
            moved = -(one.mass * sines).sum(axis=1)
            size = (1 + lost) ** 2 + moved**2
            log = 0.5 * np.log1p(2 * lost + lost * lost + moved * moved) + 1j * np.arctan2(moved, 1 + lost)
            exponent[here] += one.part.count * log
            error = (one.mass * np.abs(sines)).sum(axis=1) - lost
            doubt[here] += one.part.count * _SUMMED * error / np.sqrt(size)
    return np.exp(exponent), doubt + 64 * UNIT


def _power(base: Spectrum, count: int) -> Spectrum:
    """The power by squaring; its rounding stays within the 3 u that each factor is granted."""
    result: Spectrum = np.ones(base.size, dtype=np.complex128)
    square = base.copy()
    while count:
        if count & 1:
            result *= square
        count >>= 1
        if count:
            square *= square
    return result
