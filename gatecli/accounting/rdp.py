"""Rényi differential privacy: valid where a PLD is too large or too coarse, and for RDP claims.

Sources: Mironov (2017) for composition, Laplace noise and group privacy; Mironov, Talwar, Zhang
(2019) for the Poisson-sampled Gaussian and Wang, Balle, Kasiviswanathan (2019) for fixed-size
samples, both computed by dp-accounting; Canonne, Kamath, Steinke (2020), proposition 12, for the
conversion to (ε, δ).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

from gatecli.accounting.answers import Cost, answer, without_claims
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.rounding import NumericFailure, above, below, log_of, quiet_numerics, upper
from gatecli.accounting.selection import repeated_curve
from gatecli.accounting.terms import (
    ClaimTerm,
    CurveTerm,
    FixedSizeTerm,
    LaplaceTerm,
    RepeatTerm,
    ResponseTerm,
    SampledGaussianTerm,
    Term,
    Translation,
    WorstTerm,
)
from gatecli.accounting.zcdp import rho_of
from gatecli.model.budget import Bounds

ORDERS: tuple[float, ...] = (
    *(1 + step / 100 for step in (2, 5)),
    *(1 + step / 10 for step in range(1, 100)),
    *(float(order) for order in range(11, 65)),
    *(float(80), float(96), float(128), float(192), float(256), float(384), float(512), float(1024)),
)
"""Rényi orders at which curves are added up; a bound at any of them is a bound."""

MAX_FIXED_ORDER = 128
"""Fixed-size curves cost the square of the order."""

_ABSOLUTE = 1e-13
"""Float rounding in one order of one step of a sampled curve."""

_RELATIVE, _LARGE, _LEAST = 1e-9, 700.0, 1e-300
"""Relative float rounding of a closed form, a logarithm beside which 1 does not show, and what stands for a
loss that no float holds."""


class RdpAccountant:
    name = "RDP"

    def bounds(self, question: Question) -> Bounds | NoBound:
        return answer(self.name, _cost, question)


def _cost(translation: Translation, delta: Fraction) -> tuple[Cost, Fraction]:
    stripped = without_claims(translation.terms, delta)
    if stripped is None or stripped[1] == 0:
        return None, Fraction(0)
    with quiet_numerics():
        orders = _orders(stripped[0])
        total = rdp_curve(stripped[0], orders)
        return upper(_epsilon_of_curve(orders, total, log_of(stripped[1]))), Fraction(0)


def _orders(terms: Iterable[Term]) -> tuple[float, ...]:
    claimed = {below(order) for term in terms if isinstance(term, CurveTerm) for order, _ in term.points}
    return tuple(sorted({*ORDERS, *(order for order in claimed if order > 1)}))


def rdp_curve(terms: Iterable[Term], orders: tuple[float, ...]) -> list[float]:
    """The Rényi divergences of a composition, an upper bound each; infinity where none is known.

    Raises NumericFailure where parameters are beyond what can be computed.
    """
    total = [0.0] * len(orders)
    for term in terms:
        curve = _curve(term, orders)
        total = [have + more for have, more in zip(total, curve, strict=True)]
    return total


def _epsilon_of_curve(orders: Sequence[float], curve: Sequence[float], log_delta: float) -> float:
    """Min over α of ε(α) + ln(1 − 1/α) − (ln δ + ln α)/(α − 1); nan counts as no bound."""
    best = math.inf
    for order, epsilon in zip(orders, curve, strict=True):
        cost = epsilon + math.log1p(-1 / order) - (log_delta + math.log(order)) / (order - 1)
        if math.isfinite(epsilon) and cost < best:
            best = cost
    return max(best, 0.0)


def _curve(term: Term, orders: tuple[float, ...]) -> list[float]:
    """The Rényi divergences of all compositions of a term; infinity where none is known."""
    if isinstance(term, WorstTerm):
        curves = [rdp_curve(branch, orders) for branch in term.branches]
        return _scale_curve([max(values) for values in zip(*curves, strict=True)], term.count)
    single = _single(term, orders)
    if single is not None:
        return _scale_curve(single, getattr(term, "count", 1))
    rho = rho_of(term)
    return [math.inf if rho is None else order * above(rho) for order in orders]


def _single(term: Term, orders: tuple[float, ...]) -> list[float] | None:
    """The curve of one composition; None where zCDP is all that is known."""
    curve: list[float] | None = None
    match term:
        case SampledGaussianTerm():
            curve = _sampled_gaussian_curve(term, orders)
        case FixedSizeTerm():
            curve = _fixed_size(term, orders)
        case LaplaceTerm(epsilon, rate) if rate == 1:
            curve = [_laplace(above(epsilon), order) for order in orders]
        case ResponseTerm(zeroed=False):
            curve = [_response(term, order) for order in orders]
        case ClaimTerm(delta=delta) if delta > 0:
            raise NumericFailure("a claim with a δ that was not set apart has no Rényi divergence")
        case ClaimTerm(epsilon, ranged=ranged):
            curve = [_pure(above(epsilon), order, ranged=ranged) for order in orders]
        case RepeatTerm(terms=terms):
            curve = repeated_curve(term, orders, rdp_curve(terms, orders))
        case CurveTerm(points):
            curve = [_claimed_epsilon(points, order) for order in orders]
        case _:
            pass
    return curve


def _scale_curve(curve: Iterable[float], count: int) -> list[float]:
    times = float(count)
    return [value * times for value in curve]


def _laplace(epsilon: float, order: float) -> float:
    """Mironov (2017), table II; never above the pure ε."""
    if epsilon > 300:
        return epsilon
    high = math.log(order / (2 * order - 1)) + (order - 1) * epsilon
    low = math.log((order - 1) / (2 * order - 1)) - order * epsilon
    return _side(max(high, low) + math.log1p(math.exp(-abs(high - low))), order, epsilon)


def _side(log_moment: float, order: float, epsilon: float) -> float:
    """ln(moment)/(α − 1) with what float rounding may have taken from the logarithm given back."""
    return min(epsilon, max(0.0, log_moment + _ABSOLUTE) / (order - 1))


def _pure(epsilon: float, order: float, *, ranged: bool) -> float:
    """The worst of all ε-DP mechanisms is binary randomised response; bounded range is α ε²/8."""
    if epsilon > 300:
        return epsilon
    unlikely = -epsilon - math.log1p(math.exp(-epsilon))
    likely = unlikely + epsilon
    high = order * likely + (1 - order) * unlikely
    low = order * unlikely + (1 - order) * likely
    binary = _side(high + math.log1p(math.exp(low - high)), order, epsilon)
    return min(binary, order * epsilon * epsilon / 8) if ranged else binary


def _response(term: ResponseTerm, order: float) -> float:
    noise = below(term.noise)
    told = math.log1p(-noise * (term.categories - 1) / term.categories)
    other = math.log(noise / term.categories)
    rest = noise * (term.categories - 2) / term.categories
    high = order * told + (1 - order) * other
    low = order * other + (1 - order) * told
    moment = high + math.log1p(math.exp(low - high) + rest * math.exp(-high))
    return _side(moment, order, told - other)


def _claimed_epsilon(points: tuple[tuple[Fraction, Fraction], ...], order: float) -> float:
    """RDP does not fall with the order, so the next claimed order bounds this one."""
    return min((above(epsilon) for at, epsilon in points if at >= order), default=math.inf)


def _group_orders(group: int, orders: tuple[float, ...]) -> tuple[int, tuple[float, ...]]:
    """Mironov (2017), proposition 2: 2^c records at α cost 3^c times a record at 2^c α, α ≥ 2."""
    doublings = (group - 1).bit_length()
    return doublings, tuple(order * 2**doublings for order in orders)


def _sampled_gaussian_curve(term: SampledGaussianTerm, orders: tuple[float, ...]) -> list[float]:
    doublings, higher = _group_orders(term.group * (2 if term.replaced else 1), orders)
    sigma, rate = below(term.sigma), min(above(term.rate), 1.0)
    if not 1e-6 < sigma < 1e9 or doublings > 6:
        raise NumericFailure("parameters beyond what Rényi accounting can compute")
    curve = poisson_curve(sigma, rate, higher)
    return _after(curve, doublings, orders)


def _after(curve: Iterable[float], doublings: int, orders: tuple[float, ...]) -> list[float]:
    scale = 3**doublings
    return [
        math.inf if doublings and order < 2 else scale * value
        for value, order in zip(curve, orders, strict=True)
    ]


def _fixed_size(term: FixedSizeTerm, orders: tuple[float, ...]) -> list[float]:
    """The smaller of the amplified curve, and of plain Gaussian noise against all records of a group at once:
    which records are drawn does not depend on what they hold, and divergences are quasi-convex.
    """
    doublings, higher = _group_orders(term.group, orders)
    sigma, rate = below(term.sigma), min(above(term.rate), 1.0)
    if not 1e-6 < sigma < 1e9:
        raise NumericFailure("parameters beyond what Rényi accounting can compute")
    curve = _after(fixed_size_curve(sigma, rate, higher), doublings, orders)
    reach = term.group / (2 * sigma if term.zeroed else sigma)
    plain = (order * reach * reach / 2 * (1 + _RELATIVE) for order in orders)
    return [min(pair) for pair in zip(curve, plain, strict=True)]


@lru_cache(maxsize=512)
def poisson_curve(sigma: float, rate: float, orders: tuple[float, ...]) -> tuple[float, ...]:
    """One step of the Poisson-sampled Gaussian under add-remove (and zero-out)."""
    if all(order.is_integer() for order in orders):
        return tuple(_whole_order(sigma, rate, int(order)) for order in orders)
    import dp_accounting  # noqa: PLC0415 - a second to import, and most questions are settled without

    engine = dp_accounting.rdp.RdpAccountant(orders)
    engine.compose(dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(sigma)))
    return _discard_invalid(engine.rdp)


def _whole_order(sigma: float, rate: float, order: int) -> float:
    """The closed form for whole orders (Mironov, Talwar, Zhang 2019, section 3.3), without cancelling.

    Σ C(α, k) (1 − q)^(α−k) q^k e^(k(k−1)/2σ²) is 1 and what its terms from k = 2 on have beyond weights of 1.
    """
    if rate == 1:
        return order / (2 * sigma * sigma) * (1 + _RELATIVE)
    logs = []
    for size in range(2, order + 1):
        power = size * (size - 1) / (2 * sigma * sigma)
        weight = math.log(math.comb(order, size)) + (order - size) * math.log1p(-rate) + size * math.log(rate)
        logs.append(weight + power + math.log(-math.expm1(-power)))
    most = max(logs)
    log_sum = most + math.log(math.fsum(math.exp(log - most) for log in logs))
    log_moment = log_sum if log_sum > _LARGE else max(math.log1p(math.exp(log_sum)), _LEAST)
    return log_moment / (order - 1) * (1 + _RELATIVE)


@lru_cache(maxsize=512)
def fixed_size_curve(sigma: float, rate: float, orders: tuple[float, ...]) -> tuple[float, ...]:
    """One step of the Gaussian on a fixed-size sample under replace-one; σ over its sensitivity."""
    import dp_accounting  # noqa: PLC0415 - see poisson_curve

    cheap = tuple(order for order in orders if order <= MAX_FIXED_ORDER)
    engine = dp_accounting.rdp.RdpAccountant(cheap, dp_accounting.NeighboringRelation.REPLACE_ONE)
    exact = Fraction(rate)
    noise = dp_accounting.GaussianDpEvent(sigma)
    engine.compose(dp_accounting.SampledWithoutReplacementDpEvent(exact.denominator, exact.numerator, noise))
    plain = _discard_invalid(engine.rdp)
    return tuple(
        min(plain[at], order / (2 * sigma**2)) if at < len(plain) else order / (2 * sigma**2)
        for at, order in enumerate(orders)
    )


def _discard_invalid(curve: Iterable[float]) -> tuple[float, ...]:
    """The curve with nan and negative values, signs of cancellation, counted as no bound."""
    return tuple(
        float(value) + _ABSOLUTE if math.isfinite(value) and value >= 0 else math.inf for value in curve
    )
