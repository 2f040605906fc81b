"""What a mechanism returned, as two arrays of one row a run: numbers, and what kind each cell is.

Numbers, truth values, None, NaN, texts, lists, tuples, arrays and mappings are told apart; nothing else is
an output that this package can compare. A mapping counts by its sorted keys.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gatecli.errors import UncheckableError

WIDEST = 4096
"""The most cells of one output."""


class CellKind(IntEnum):
    """What stands in a cell."""

    NUMBER = 0
    ABSENT = 1
    NONE = 2
    NAN = 3
    TRUTH = 4
    TEXT = 5


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of several runs: `values` and `kinds` have one row a run and one column a cell.

    A row that is shorter than the longest ends in ABSENT cells. `is_flat` says that each output was one
    value, not a list of them. A text is known by a number; `texts` has what some of them say.
    """

    values: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.int8]
    is_flat: bool
    texts: Mapping[float, str]

    @property
    def runs(self) -> int:
        """How many outputs there are."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Cells of the longest output."""
        return int(self.values.shape[1])


def read_outputs(given: Sequence[Any]) -> Outputs:
    """Outputs of runs, one an item. Raises UncheckableError for a type that cannot be compared."""
    if fast := _numbers(given):
        return fast
    texts: dict[float, str] = {}
    rows = [list(_cells(each, texts)) for each in given]
    width = max((len(row) for row in rows), default=0)
    if width > WIDEST:
        raise UncheckableError(f"an output has {width} values; at most {WIDEST} can be compared")
    absent = (math.nan, CellKind.ABSENT)
    table = [row + [absent] * (width - len(row)) for row in rows]
    values = np.array([[value for value, _ in row] for row in table], dtype=np.float64)
    kinds = np.array([[kind for _, kind in row] for row in table], dtype=np.int8)
    shape = (len(rows), width)
    return Outputs(values.reshape(shape), kinds.reshape(shape), not any(map(_is_nested, given)), texts)


def join(parts: Sequence[Outputs]) -> Outputs:
    """Outputs one after another, the narrower ones filled up with ABSENT."""
    width = max(part.width for part in parts)
    wide = [widen(part, width) for part in parts]
    texts = {key: text for part in parts for key, text in part.texts.items()}
    return Outputs(
        np.concatenate([part.values for part in wide]),
        np.concatenate([part.kinds for part in wide]),
        all(part.is_flat for part in parts),
        texts,
    )


def widen(part: Outputs, width: int) -> Outputs:
    """The outputs with exactly so many cells: cut, or filled up with ABSENT."""
    missing = max(0, width - part.width)
    values = np.pad(part.values[:, :width], ((0, 0), (0, missing)), constant_values=math.nan)
    kinds = np.pad(part.kinds[:, :width], ((0, 0), (0, missing)), constant_values=CellKind.ABSENT)
    return Outputs(values, kinds, part.is_flat, part.texts)


def is_constant(parts: Sequence[Outputs]) -> bool:
    """Whether every run of every part gave the same."""
    first = parts[0]
    return all(
        part.width == first.width
        and bool((part.kinds == first.kinds[0]).all())
        and np.array_equal(part.values, np.broadcast_to(first.values[0], part.values.shape), equal_nan=True)
        for part in parts
    )


def _numbers(given: Sequence[Any]) -> Outputs | None:
    """The outputs where all are numbers, or arrays of numbers of one length: most are, and it is fast."""
    kinds = {type(each) for each in given}
    is_array = len(kinds) == 1 and isinstance(given[0], np.ndarray)
    if not ((is_array and given[0].dtype.kind in "fiu") or kinds <= {float, int, np.float64, np.int64}):
        return None
    if is_array and len({each.shape for each in given}) != 1:
        return None
    try:
        values = np.array(given, dtype=np.float64).reshape(len(given), -1)
    except OverflowError:  # a whole number that no float holds
        return None
    if values.shape[1] > WIDEST:
        return None
    found = np.where(np.isnan(values), CellKind.NAN, CellKind.NUMBER).astype(np.int8)
    return Outputs(values + 0.0, found, not is_array or given[0].ndim == 0, {})


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _cells(value: Any, texts: dict[float, str]) -> Iterator[tuple[float, CellKind]]:
    match value:
        case None:
            yield math.nan, CellKind.NONE
        case bool() | np.bool_():
            yield float(value), CellKind.TRUTH
        case str() | bytes():
            yield _text(value, texts), CellKind.TEXT
        case int() | float() | np.integer() | np.floating():
            yield _number(value)
        case np.ndarray():
            yield from _cells(value.tolist(), texts)
        case Mapping():
            for key in sorted(value, key=repr):
                yield _text(repr(key), texts), CellKind.TEXT
                yield from _cells(value[key], texts)
        case list() | tuple():
            for item in value:
                yield from _cells(item, texts)
        case _:
            raise UncheckableError(
                f"an output holds an object of type {type(value).__name__}, which cannot be compared",
                advice="return numbers, texts, None, or lists and arrays of them",
            )


def _number(value: Any) -> tuple[float, CellKind]:
    try:
        number = float(value) + 0.0  # -0.0 is 0.0
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    return number, CellKind.NAN if math.isnan(number) else CellKind.NUMBER


def _text(value: str | bytes, texts: dict[float, str]) -> float:
    content = value.encode("utf-8", "backslashreplace") if isinstance(value, str) else value
    code = float(int.from_bytes(hashlib.sha256(content).digest()[:6]))
    if len(texts) < 1000:
        texts[code] = str(value)[:40]
    return code
