"""Which mechanisms of a library an engine draws by, as a table, and up to which scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn

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


class LibraryEngine:
    """What an engine of any library is: it draws by a table, and refuses whatever is not in it.

    A subclass says what is drawn, and has a method for each kind that is.
    """

    name: str
    reason: str
    drawings: ClassVar[Mapping[type, Drawing]]
    library: ClassVar[Callable[[], Any]]
    """Imports it. Raises MissingExtraError."""

    def __init__(self) -> None:
        type(self).library()
        self.version = version(self.name)

    def require_drawable(self, mechanism: Mechanism) -> None:
        """Raises ConfigurationError for what is not drawn, refuted, or not exact at this scale."""
        require_drawing(self.name, self.drawings, mechanism)

    def add_gaussian(self, values: Sequence[int], deviation: Fraction) -> list[int]:  # noqa: ARG002 - the interface's
        """Refused."""
        self._refuse(DiscreteGaussian(standard_deviation=deviation))

    def add_laplace_above(
        self,
        counts: Sequence[int],  # noqa: ARG002 - the interface's
        scale: Fraction,  # noqa: ARG002 - the interface's
        threshold: int,  # noqa: ARG002 - the interface's
    ) -> dict[int, int]:
        """Refused."""
        self._refuse(Approximate(epsilon=Fraction(1), delta=Fraction(0)))

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> int:  # noqa: ARG002 - the interface's
        """Refused."""
        self._refuse(ReportNoisyMax(epsilon=epsilon, noise="exponential"))

    def _refuse(self, mechanism: Mechanism) -> NoReturn:
        self.require_drawable(mechanism)
        raise TypeError
