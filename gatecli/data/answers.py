"""What a question is answered with. Everything here is noisy, and may be shown to anybody."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias

from gatecli.errors import UsageError
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace, Mechanism
from gatecli.model.number import show
from gatecli.reports.escaping import visible

Number: TypeAlias = int | float | None

_NO_ERRORS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an answer cost, and how it was made.

    `epsilon` and `delta` are of one unit added or removed. `reason` says why this kind of noise was taken.
    `errors` are half the widths of 95 % intervals of the noise, for counts and sums.
    """

    subject: str
    epsilon: Fraction
    delta: Fraction
    reason: str
    engine: str
    mechanisms: tuple[Mechanism, ...] = ()
    errors: Mapping[str, float] = field(default_factory=lambda: _NO_ERRORS)

    def __str__(self) -> str:
        cost = f"ε = {show(self.epsilon)}" + (f", δ = {show(self.delta)}" if self.delta else "")
        return f"{cost}; {self.reason}; drawn by {self.engine}; {self.subject}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Statistics by group: `rows` has a mapping for each, the keys first.

    A statistic is None where too few rows are left to say it.
    """

    groups: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    receipt: Receipt

    @property
    def value(self) -> Number:
        """The only number of the answer. Raises UsageError where there are several."""
        if len(self.rows) != 1 or len(self.names) != 1:
            raise UsageError("the answer is not a single number", advice="see .rows, or answer[NAME]")
        found: Number = self.rows[0][self.names[0]]
        return found

    def __getitem__(self, name: str) -> Number:
        """The statistic of that name, of an answer without groups."""
        if len(self.rows) != 1 or name not in self.names:
            raise UsageError(
                f"the answer has no single {name!r}", advice=f"see .rows; it has {', '.join(self.names)}"
            )
        found: Number = self.rows[0][name]
        return found

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __float__(self) -> float:
        value = self.value
        return math.nan if value is None else float(value)

    def __int__(self) -> int:
        if self.value is None:
            raise UsageError("the answer is None: too few rows are left to say it", advice="see .value")
        return int(float(self))

    def __str__(self) -> str:
        header = (*self.groups, *self.names)
        lines = [tuple(show_value(row[name]) for name in header) for row in self.rows]
        return f"{align_columns([header, *lines])}\n({self.receipt})"

    __repr__ = __str__


def align_columns(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells, each column as wide as its widest cell and to the right.

    Names and keys are a stranger's: no terminal obeys them.
    """
    shown = [[visible(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in shown
    )


def show_value(value: Any) -> str:
    """A key or a statistic: six digits of a float, a question mark where there is none."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "?" if value is None else str(value)


def noise_width(mechanism: Mechanism) -> float | None:
    """Half of the 95 % interval of a mechanism's noise, in its own steps; None for a choice."""
    match mechanism:
        case DiscreteLaplace(scale=scale):
            return float(scale) * math.log(20)
        case DiscreteGaussian(standard_deviation=deviation):
            return float(deviation) * 1.959963985
    return None
