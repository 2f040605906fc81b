"""OpenDP: all mechanisms, in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from gatecli.data.engines.drawing import Drawing, LibraryEngine
from gatecli.data.numbers import float_at_least
from gatecli.errors import MissingExtraError
from gatecli.model.engine import require_usable
from gatecli.model.mechanism import Approximate, DiscreteGaussian, DiscreteLaplace, ReportNoisyMax

KEPT = 64
"""Mechanisms that are kept: making one takes longer than drawing from it, and it holds no state."""

DRAWINGS: Mapping[type, Drawing] = MappingProxyType(
    {
        DiscreteLaplace: Drawing("discrete Laplace"),
        DiscreteGaussian: Drawing("discrete Gaussian"),
        ReportNoisyMax: Drawing("noisy max"),
        Approximate: Drawing("thresholded Laplace"),
    }
)


@cache
def _library() -> Any:
    """The modules of OpenDP; its prelude imports what belongs to other extras. Raises MissingExtraError."""
    try:
        import opendp.domains  # noqa: PLC0415 - an optional package, a second to import
        import opendp.measurements  # noqa: PLC0415
        import opendp.measures  # noqa: PLC0415
        import opendp.metrics  # noqa: PLC0415
        import opendp.mod  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("noise needs OpenDP", advice="pip install 'gatecli[data]'") from None
    opendp.mod.enable_features("contrib")
    return opendp


class OpenDp(LibraryEngine):
    """Discrete noise, and noisy maxima by exponential noise (permute and flip)."""

    name = "opendp"
    reason = "the default: it draws each kind exactly"
    drawings = DRAWINGS
    library = staticmethod(_library)

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with discrete Laplace noise."""
        require_usable(self.name, DRAWINGS[DiscreteLaplace].title)
        return [int(each) for each in _laplace(float_at_least(scale))(list(values))]

    def add_gaussian(self, values: Sequence[int], deviation: Fraction) -> list[int]:
        """Each value with discrete Gaussian noise."""
        require_usable(self.name, DRAWINGS[DiscreteGaussian].title)
        return [int(each) for each in _gaussian(float_at_least(deviation))(list(values))]

    def add_laplace_above(self, counts: Sequence[int], scale: Fraction, threshold: int) -> dict[int, int]:
        """Counts with discrete Laplace noise that reach the threshold.

        OpenDP's map to privacy is not asked: it is too small (gatecli.data.key_search). Positions stand for
        keys, each of which has noise of its own, so that their order makes no difference.
        """
        require_usable(self.name, DRAWINGS[Approximate].title)
        opendp = _library()
        whole = opendp.domains.atom_domain(T="i64")
        distance = opendp.metrics.l01inf_distance(opendp.metrics.absolute_distance(T="i64"))
        space = opendp.domains.map_domain(whole, whole), distance
        made = opendp.measurements.make_laplace_threshold(
            *space, scale=float_at_least(scale), threshold=threshold
        )
        drawn = made(dict(enumerate(counts)))
        return {int(place): int(count) for place, count in drawn.items()}

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> int:
        """The position of a score near the least: the noise of scale 2Δ/ε is ε-private."""
        require_usable(self.name, DRAWINGS[ReportNoisyMax].title)
        return int(_noisy_max(float_at_least(2 * sensitivity / epsilon))(list(scores)))


@lru_cache(KEPT)
def _laplace(scale: float) -> Any:
    opendp = _library()
    space = _vectors(opendp), opendp.metrics.l1_distance(T="i64")
    return opendp.measurements.make_laplace(*space, scale=scale)


@lru_cache(KEPT)
def _gaussian(scale: float) -> Any:
    opendp = _library()
    space = _vectors(opendp), opendp.metrics.l2_distance(T="f64")
    return opendp.measurements.make_gaussian(*space, scale=scale)


@lru_cache(KEPT)
def _noisy_max(scale: float) -> Any:
    opendp = _library()
    space = _vectors(opendp), opendp.metrics.linf_distance(T="i64")
    measure = opendp.measures.max_divergence()
    return opendp.measurements.make_noisy_max(*space, measure, scale=scale, negate=True)


def _vectors(opendp: Any) -> Any:
    return opendp.domains.vector_domain(opendp.domains.atom_domain(T="i64"))
