"""What a mechanism returned, as two arrays of one row a run: numbers, and what kind each cell is.

Numbers, truth values, None, NaN, texts, lists, tuples, arrays and mappings are told apart; nothing else is
an output that this package can compare. A mapping counts by its sorted keys. Where a list holds lists, the
first cell says how they are nested. A whole number that no double holds takes two cells: the double that is
nearest, and the rest.
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
from gatecli.model.quoting import quote_name

WIDEST = 4096
"""The most cells of one output."""
_COMPARABLE = "return numbers, texts, None, or lists and arrays of them"
_NUMBERS = {float, int, np.float64, np.int64}
_EXACT = 2**53
"""Up to here each whole number is a double."""


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
    value in one cell, not a list of them. A text is known by a number; `texts` has what some of them say.
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
    try:
        is_mixed = len({_shape(each) for each in given} & {".", "[.]"}) > 1
        rows = [[*_nesting(each, texts, is_mixed=is_mixed), *_cells(each, texts)] for each in given]
    except RecursionError:
        raise UncheckableError("an output is nested too deeply to be compared", advice=_COMPARABLE) from None
    width = max((len(row) for row in rows), default=0)
    if width > WIDEST:
        raise UncheckableError(f"an output has {width} values; at most {WIDEST} can be compared")
    absent = (math.nan, CellKind.ABSENT)
    table = [row + [absent] * (width - len(row)) for row in rows]
    values = np.array([[value for value, _ in row] for row in table], dtype=np.float64)
    kinds = np.array([[kind for _, kind in row] for row in table], dtype=np.int8)
    shape = (len(rows), width)
    return Outputs(
        values.reshape(shape), kinds.reshape(shape), width == 1 and not any(map(_is_nested, given)), texts
    )


def join(parts: Sequence[Outputs]) -> Outputs:
    """Outputs one after another, the narrower ones filled up with ABSENT."""
    width = max(part.width for part in parts)
    wide = [widen(part, width) for part in parts]
    texts = {key: text for part in parts for key, text in part.texts.items()}
    return Outputs(
        np.concatenate([part.values for part in wide]),
        np.concatenate([part.kinds for part in wide]),
        width == 1 and all(part.is_flat for part in parts),
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
    """The outputs where all are numbers, or lists of numbers of one length: most are, and it is fast."""
    kinds = {type(each) for each in given}
    is_listed = kinds <= {list, tuple} or kinds == {np.ndarray}
    if not (is_listed or kinds <= _NUMBERS) or (is_listed and not _are_even(given, kinds)):
        return None
    try:
        values = np.array(given, dtype=np.float64).reshape(len(given), -1)
    except OverflowError:  # a whole number that no float holds
        return None
    may_be_rounded = values.size and np.abs(values).max() >= _EXACT
    if values.shape[1] > WIDEST or may_be_rounded:
        return None
    found = np.where(np.isnan(values), CellKind.NAN, CellKind.NUMBER).astype(np.int8)
    return Outputs(values + 0.0, found, not is_listed, {})


def _are_even(given: Sequence[Any], kinds: set[type]) -> bool:
    """Whether each is a list of equally many numbers, or an array of one axis of them."""
    if kinds == {np.ndarray}:
        shapes = {(each.shape, each.dtype.kind in "fiu") for each in given}
        return len(shapes) == 1 and all(is_number and len(shape) == 1 for shape, is_number in shapes)
    return (
        len({len(each) for each in given}) == 1 and {type(cell) for row in given for cell in row} <= _NUMBERS
    )


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _nesting(value: Any, texts: dict[float, str], *, is_mixed: bool) -> Iterator[tuple[float, CellKind]]:
    """How lists and mappings are nested, as one cell; no cell for a list of values, nor for a value that
    cannot be mixed up with a list of it.
    """
    is_plain = not isinstance(value, Mapping) and not any(map(_is_nested, _items(value)))
    if not is_plain or (is_mixed and not _is_nested(value)):
        yield _text(_shape(value), texts), CellKind.TEXT


def _items(value: Any) -> Sequence[Any]:
    match value:
        case Mapping():
            return list(value.values())
        case np.ndarray() if value.ndim > 0:
            return list(value)
        case list() | tuple():
            return value
        case _:
            return ()


def _shape(value: Any) -> str:
    """Lists as brackets, mappings as braces, values as dots: `[.[..]]`."""
    if not _is_nested(value):
        return "."
    inside = "".join(map(_shape, _items(value)))
    return f"{{{inside}}}" if isinstance(value, Mapping) else f"[{inside}]"


def _cells(value: Any, texts: dict[float, str]) -> Iterator[tuple[float, CellKind]]:
    match value:
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
            yield from _value_cells(value, texts)


def _value_cells(value: Any, texts: dict[float, str]) -> Iterator[tuple[float, CellKind]]:
    match value:
        case None:
            yield math.nan, CellKind.NONE
        case bool() | np.bool_():
            yield float(value), CellKind.TRUTH
        case str() | bytes():
            yield _text(value, texts), CellKind.TEXT
        case int() | np.integer():
            yield from _whole_number(int(value), texts)
        case float() | np.floating():
            yield _number(float(value))
        case _:
            raise UncheckableError(
                f"an output holds an object of type {type(value).__name__}, which cannot be compared",
                advice=_COMPARABLE,
            )


def _whole_number(value: int, texts: dict[float, str]) -> Iterator[tuple[float, CellKind]]:
    """One cell; the double that is nearest and the rest where that is another number."""
    if abs(value) <= _EXACT:
        yield float(value), CellKind.NUMBER
        return
    try:
        nearest = float(value)
    except OverflowError:
        yield (math.inf if value > 0 else -math.inf), CellKind.NUMBER
        yield _text(hex(value), texts), CellKind.TEXT
        return
    rest = value - int(nearest)
    yield nearest, CellKind.NUMBER
    yield (float(rest), CellKind.NUMBER) if abs(rest) <= _EXACT else (_text(hex(rest), texts), CellKind.TEXT)


def _number(value: float) -> tuple[float, CellKind]:
    return value + 0.0, CellKind.NAN if math.isnan(value) else CellKind.NUMBER  # -0.0 is 0.0


def _text(value: str | bytes, texts: dict[float, str]) -> float:
    content = value.encode("utf-8", "backslashreplace") if isinstance(value, str) else b"bytes " + value
    code = float(int.from_bytes(hashlib.sha256(content).digest()[:6]))
    if len(texts) < 1000:
        texts[code] = quote_name(str(value)[:200], 40)  # inputs may be of persons, and outputs repeat them
    return code
