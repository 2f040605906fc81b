"""Columns that events speak of: the cells of an output, and what follows from them.

Atoms are exact values that come back; a noisy number does not. The smallest value that is not an atom shows
how far the noise reached down in a list of answers and refusals, as a sparse vector returns it.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatecli.audit.outputs import CellKind, Outputs, join, widen

Cells = npt.NDArray[np.float64]
MOST_CELLS = 32
"""Cells of an output that are looked at one by one: those that tell the two inputs apart best."""
_MOST_ATOMS = 64
_COMPARED = 1000
"""Runs of each input by which the cells of a wide output are compared."""
_LEVELS = (0.02, 0.25, 0.5, 0.75, 0.98)


@dataclass(frozen=True, slots=True)
class Layout:
    """How outputs become columns, fixed on training samples: the cells that are looked at one by one, and
    the numbers that are atoms.
    """

    cells: tuple[int, ...]
    is_flat: bool
    atoms: tuple[float, ...]
    is_lattice: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, as a sentence names them."""
        if self.is_lattice:
            return (
                ("the lowest set bit",)
                if self.is_flat
                else tuple(self._number_cells("the lowest set bit of"))
            )
        if self.is_flat:
            return ("the output",)
        return (*self._number_cells(""), *_DERIVED)

    def _number_cells(self, prefix: str) -> list[str]:
        return [f"{prefix} value {index + 1}".strip() for index in self.cells]

    def look_at(self, outputs: Outputs) -> Outputs:
        """The cells of outputs that are looked at one by one."""
        wide = widen(outputs, max(self.cells, default=-1) + 1)
        chosen = list(self.cells)
        return Outputs(wide.values[:, chosen], wide.kinds[:, chosen], outputs.is_flat, outputs.texts)


@dataclass(frozen=True, slots=True)
class EventColumns:
    """What events are asked about: one row a run, one column a name of the layout."""

    values: Cells
    kinds: npt.NDArray[np.int8]


_DERIVED = (
    "the number of values",
    "the largest value",
    "the smallest value",
    "the smallest value that does not come back",
    "the position of the largest value",
    "the sum",
)


def layout_of(first: Outputs, second: Outputs, *, is_lattice: bool = False) -> Layout:
    """The layout that training samples of both inputs suggest."""
    training = join([first, second])
    numbers = training.values[training.kinds == CellKind.NUMBER]
    found, times = np.unique(numbers, return_counts=True)
    often = found[times > max(1, training.runs // 500)]
    order = np.argsort(-times[times > max(1, training.runs // 500)], kind="stable")[:_MOST_ATOMS]
    atoms = tuple(float(each) for each in np.sort(often[order]))
    width = training.width
    cells = tuple(range(width)) if width <= MOST_CELLS else _telling_cells(first, second, width)
    return Layout(cells, training.is_flat, atoms, is_lattice)


def _telling_cells(first: Outputs, second: Outputs, width: int) -> tuple[int, ...]:
    """The cells whose contents differ most between the two inputs: in kind, in the commonest value, or in
    the share of numbers above a level. Among equals, the first ones.
    """
    one, other = (_cut(widen(each, width)) for each in (first, second))
    gaps = [_gap(one.kinds == kind, other.kinds == kind) for kind in CellKind]
    usual = one.values[0]
    gaps.append(_gap(one.values == usual, other.values == usual))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # cells without a number; inf - inf between levels
        levels = np.nanquantile(np.concatenate([one.values, other.values]), _LEVELS, axis=0, method="higher")
        gaps += [_gap(one.values >= level, other.values >= level) for level in levels]
    order = np.argsort(-np.max(gaps, axis=0), kind="stable")[:MOST_CELLS]
    return tuple(int(cell) for cell in np.sort(order))


def _cut(outputs: Outputs) -> Outputs:
    return Outputs(outputs.values[:_COMPARED], outputs.kinds[:_COMPARED], outputs.is_flat, outputs.texts)


def _gap(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> Cells:
    return np.asarray(np.abs(one.mean(axis=0) - other.mean(axis=0)))


def columns_of(outputs: Outputs, layout: Layout) -> EventColumns:
    """The columns of outputs, as a layout has them."""
    cut = layout.look_at(outputs)
    if layout.is_lattice:
        return _lowest_bits(cut)
    if layout.is_flat:
        return EventColumns(cut.values, cut.kinds)
    derived = _derive(outputs, layout)
    values = np.concatenate([cut.values, derived], axis=1)
    more = np.where(np.isnan(derived), CellKind.ABSENT, CellKind.NUMBER).astype(np.int8)
    return EventColumns(values, np.concatenate([cut.kinds, more], axis=1))


def _derive(outputs: Outputs, layout: Layout) -> Cells:
    is_number = outputs.kinds == CellKind.NUMBER
    low, high = np.where(is_number, outputs.values, math.inf), np.where(is_number, outputs.values, -math.inf)
    any_number = is_number.any(axis=1)
    fresh = np.where(is_number & ~np.isin(outputs.values, layout.atoms), outputs.values, math.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # inf − inf in a sum of what a mechanism returned
        total = np.where(is_number | (outputs.kinds == CellKind.TRUTH), outputs.values, 0.0).sum(axis=1)
    return np.stack(
        [
            (outputs.kinds != CellKind.ABSENT).sum(axis=1).astype(np.float64),
            _where(any_number, high.max(axis=1, initial=-math.inf)),
            _where(any_number, low.min(axis=1, initial=math.inf)),
            _where(np.asarray(np.isfinite(fresh).any(axis=1)), fresh.min(axis=1, initial=math.inf)),
            _where(any_number, high.argmax(axis=1).astype(np.float64) if outputs.width else low.sum(axis=1)),
            total,
        ],
        axis=1,
    )


def _where(condition: npt.NDArray[np.bool_], values: Cells) -> Cells:
    return np.where(condition, values, math.nan)


def lowest_set_bits(values: Cells) -> Cells:
    """The exponent k of the largest power 2^k that divides each number; NaN for 0 and what is not finite.

    Of a double with the odd integer m and value m · 2^k it is k (IEEE 754-2019, 3.4). Noise that is drawn
    in floating point and added is on a lattice that depends on the answer below it: Mironov, "On
    significance of the least significant bits for differential privacy" (CCS 2012).
    """
    usable = np.isfinite(values) & (values != 0)
    mantissas, exponents = np.frexp(np.where(usable, values, 1.0))
    whole = np.abs(np.ldexp(mantissas, 53)).astype(np.int64)
    lowest = np.log2((whole & -whole).astype(np.float64))
    return np.where(usable, exponents - 53 + lowest, math.nan)


def _lowest_bits(outputs: Outputs) -> EventColumns:
    numbers = np.where(outputs.kinds == CellKind.NUMBER, outputs.values, math.nan)
    bits = lowest_set_bits(numbers)
    kinds = np.where(np.isnan(bits), np.where(numbers == 0, CellKind.NONE, CellKind.ABSENT), CellKind.NUMBER)
    return EventColumns(bits, kinds.astype(np.int8))
