"""Which mechanisms of a library an engine draws by, as a table, and up to which scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from gatecli.errors import ConfigurationError
from gatecli.model.engine import require_usable
from gatecli.model.mechanism import Approximate, DiscreteGaussian, DiscreteLaplace, Mechanism, ReportNoisyMax
from gatecli.model.number import show

_KINDS: Mapping[type, str] = MappingProxyType(
    {
        DiscreteLaplace: "Laplace noise",
        DiscreteGaussian: "Gaussian noise",
        ReportNoisyMax: "quantiles",
        Approximate: "keys that nobody declared",
    }
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A mechanism of a library, as `gatecli audit engines` names it; its noise is exact up to a scale."""

    title: str
    most_scale: Fraction | None = None


def require_drawing(library: str, drawings: Mapping[type, Drawing], mechanism: Mechanism) -> None:
    """Raises ConfigurationError where no usable mechanism of the library draws this one."""
    kind = _KINDS.get(type(mechanism), mechanism.kind)
    drawing = drawings.get(type(mechanism))
    if drawing is None:
        raise ConfigurationError(
            f"{library} draws no {kind} here",
            advice='use engine="opendp"',
        )
    require_usable(library, drawing.title)
    scale = mechanism.scale if isinstance(mechanism, DiscreteLaplace) else None
    if scale is not None and drawing.most_scale is not None and scale > drawing.most_scale:
        raise ConfigurationError(
            f"{library}'s {drawing.title} is exact up to a scale of {show(drawing.most_scale)}, and "
            f"{show(scale)} is asked",
            advice='use engine="opendp"; sums and means are of steps of a millionth of the bounds',
        )
