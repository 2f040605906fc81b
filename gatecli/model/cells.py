"""Cells of a table, as a search for personal data takes them: by column, some rows at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from gatecli.model.divided import divided_lists
from gatecli.model.text import Leaf, LeafKind, hint_for, number_text, object_leaves

HEAD = 5_000
"""Rows at the beginning of a table that a sample holds."""

SAMPLE = 10_000
"""Rows of a sample: its beginning, and as many that are spread evenly over the rest."""

REACH = 2_000_000
"""Rows of a table that a sample is spread over: as many are unpacked for it at most."""

ANY = "*"
"""Stands in the path of a column for any place in a list."""

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9][0-9]*(?:[eE]-?[0-9]{1,3})?")
_VALUE_COLUMNS = frozenset({"value", "val", "default", "stringvalue"})


class Cell(NamedTuple):
    """A value under its column: the leaf's keys are the column's path, without a row. Rows count from 1."""

    leaf: Leaf
    row: int


@dataclass(frozen=True, slots=True)
class CellBatch:
    """Some rows of one table.

    `rows` is how many, `passed` how many more there are that were passed over, and `more` says that there
    are others that nobody counted. `columns` are the paths of all columns; `unread` how many values of a
    column hold bytes that are no text.
    """

    cells: tuple[Cell, ...] = ()
    rows: int = 0
    passed: int = 0
    more: bool = False
    columns: tuple[tuple[str, ...], ...] = ()
    unread: Mapping[tuple[str, ...], int] | None = None


@dataclass(frozen=True, slots=True)
class UnreadTable:
    """A table, or a part of one, that could not be read, and why."""

    reason: str
    part: str = ""


class RowBatch(NamedTuple):
    """Rows as an engine gives them: their numbers, and each column's values in the same order."""

    numbers: list[int]
    columns: list[tuple[str, list[object]]]


def sample_rows(total: int, *, all_rows: bool) -> range | tuple[int, ...]:
    """Which of `total` rows are read, from 0, ascending: the same for the same number."""
    if all_rows or total <= SAMPLE:
        return range(total)
    spread = SAMPLE - HEAD
    rest = total - HEAD
    return (*range(HEAD), *(HEAD + rest * at // spread + rest // (2 * spread) for at in range(spread)))


def cells_of(batch: RowBatch, part: str = "") -> CellBatch:
    """The cells of some rows; `part` is the sheet or the table in a file of several."""
    above = (part,) if part else ()
    cells: list[Cell] = []
    unread: dict[tuple[str, ...], int] = {}
    beside = _names_beside(batch)
    for name, values in batch.columns:
        path = (*above, name)
        hints = beside.get(name)
        for at, value in enumerate(values):
            if value is None or isinstance(value, bool) or is_quantity(value):
                continue
            hint = hints[at] if hints else ""
            missed: list[bytes] = []
            cells += (Cell(leaf, batch.numbers[at]) for leaf in _leaves(value, path, hint, missed))
            if missed:
                unread[path] = unread.get(path, 0) + len(missed)
    columns = tuple((*above, name) for name, _ in batch.columns)
    return CellBatch(tuple(cells), len(batch.numbers), columns=columns, unread=unread)


def beside_rows(values: Sequence[tuple[str, object]], part: str) -> CellBatch:
    """What stands in a table and in none of its rows, by its name there: at `part`, in no row."""
    batch = cells_of(RowBatch([0], [(name, [value]) for name, value in values]), part)
    return replace(batch, rows=0)


def is_quantity(value: object) -> bool:
    """Whether a value is a number that is not whole: no identifier is one, and its digits are chance."""
    if isinstance(value, float):
        return not value.is_integer()
    return isinstance(value, Decimal) and not (value.is_finite() and value == value.to_integral_value())


def without_quantities(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells of text, without numbers that are not whole where they are most of a column."""
    decimals = {cell for cell in cells if _DECIMAL.fullmatch(cell.leaf.text)}
    seen = Counter(cell.leaf.keys for cell in cells)
    numbers = Counter(cell.leaf.keys for cell in decimals)
    measured = {keys for keys, count in numbers.items() if 2 * count >= seen[keys]}
    return tuple(cell for cell in cells if cell not in decimals or cell.leaf.keys not in measured)


def _names_beside(batch: RowBatch) -> dict[str, list[str]]:
    """The names that another column gives each value of a column: `field, value`, as documents have it."""
    wanted = [name for name, _ in batch.columns if name.lower() in _VALUE_COLUMNS]
    if not wanted:
        return {}
    names = [name for name, _ in batch.columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(v for _, v in batch.columns), strict=True)]
    return {name: [hint_for(name, row) for row in rows] for name in wanted}


def _leaves(value: object, path: tuple[str, ...], hint: str, unread: list[bytes]) -> tuple[Leaf, ...]:
    """The leaves of one value, a list of short numbers also as one; bytes that are no text go to `unread`."""
    if isinstance(value, bytes | bytearray | memoryview):
        value = _decoded_text(bytes(value), unread)
    if value is None:
        return ()
    if isinstance(value, str):
        return (Leaf(value, path, hint=hint),) if value and not value.isspace() else ()
    if isinstance(value, dict | list | tuple):
        leaves = object_leaves(_plain(value, unread))
        return tuple(
            leaf._replace(keys=(*path, *(ANY if isinstance(key, int) else str(key) for key in leaf.keys)))
            for leaf in (*leaves, *divided_lists(leaves))
        )
    return (Leaf(number_text(_digits(value)), path, LeafKind.NUMBER, hint=hint),)


def text_of(content: bytes) -> str:
    """Bytes as the text that they are. Raises UnicodeDecodeError where they are none."""
    text = content.decode()
    if "\0" in text:
        raise UnicodeDecodeError("utf-8", content, content.index(b"\0"), content.index(b"\0") + 1, "a NUL")
    return text


def _decoded_text(content: bytes, unread: list[bytes]) -> str | None:
    try:
        return text_of(content)
    except UnicodeDecodeError:
        unread.append(content)
        return None


def _digits(value: object) -> str:
    # A whole number that a missing value beside it made a float of.
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _plain(value: object, unread: list[bytes]) -> object:
    """A nested value of what `object_leaves` knows: texts, whole numbers, lists, mappings."""
    match value:
        case dict():
            return {str(key): _plain(item, unread) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, unread) for item in value]
        case bytes() | bytearray() | memoryview():
            return _decoded_text(bytes(value), unread)
        case float() | Decimal():
            return None if is_quantity(value) else value
        case None | str() | int():
            return value
        case _:
            return str(value)
