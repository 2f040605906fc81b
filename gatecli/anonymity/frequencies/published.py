"""A published table of counts as it is read: cells with what their figure says of the true count."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.text_rows import distinct_rows
from gatecli.errors import UncheckableError, UsageError

TOTALS = (
    *("total", "totals", "all", "sum", "*", "grand total", "overall", "both sexes", "all ages"),
    *("all persons", "total population", "gesamt", "insgesamt", "summe", "ensemble", "totale", "totaal"),
    *("totalt", "ogółem", "razem", "celkem", "toplam", "yhteensä", "i alt", "σύνολο", "всего", "итого"),
)
"""Labels of a margin, case aside; so is a missing label, as SQL's ROLLUP writes it."""

MARKS = ("x", "c", "s", "d", "(d)", "*", "**", "..", "...", ":", "na", "n/a")
"""What stands for a suppressed count, case aside; so does an empty cell. A dash is a zero to many offices."""

_COUNT = re.compile(r"\d{1,15}(?:\.0*)?", re.ASCII)
_FEWER = re.compile(r"(<=|≤|<)\s*(\d{1,15})", re.ASCII)

Label = str | None
"""A category; None is the total."""


@dataclass(frozen=True, slots=True)
class CountFormat:
    """How the tables are written. `rounded` is the base that counts were rounded to, to the nearest."""

    count: str
    dimensions: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    rounded: int | None = None


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """A cell by its labels; the count is from `low` to `high`, None where nothing says how large it is."""

    labels: tuple[Label, ...]
    low: int
    high: int | None

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def width(self) -> int | None:
        """What the cell's own figure leaves open."""
        return None if self.high is None else self.high - self.low


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """The cells of a table over its dimensions."""

    name: str
    dimensions: tuple[str, ...]
    cells: tuple[PublishedCell, ...]

    def labels_of(self, dimension: int) -> tuple[str, ...]:
        """The categories of a dimension, without the total."""
        found = {cell.labels[dimension] for cell in self.cells}
        return tuple(sorted(label for label in found if label is not None))

    def without(self, hidden: Collection[tuple[Label, ...]]) -> PublishedTable:
        """The table with some cells suppressed."""
        cells = (
            PublishedCell(cell.labels, 0, None) if cell.labels in hidden else cell for cell in self.cells
        )
        return PublishedTable(self.name, self.dimensions, tuple(cells))


def read_counts(opened: OpenedTable, written: CountFormat) -> PublishedTable:
    """A table of counts. Raises UsageError for a missing column, UncheckableError for a cell without one."""
    require_columns(opened.name, opened.columns, (written.count,))
    dimensions = tuple(name for name in opened.columns if name != written.count)
    if written.dimensions:
        dimensions = tuple(name for name in written.dimensions if name in opened.columns)
    if not dimensions:
        raise UsageError(
            f"{opened.name} has no dimension beside {written.count!r}",
            advice="give a table with a row for each cell: its categories and its count",
        )
    rows = distinct_rows(opened, (*dimensions, written.count))
    has_zero = any(row[-1] is not None and row[-1].strip() in {"0", "0.0"} for row, _ in rows)
    cells, seen = [], set[tuple[Label, ...]]()
    for row, times in rows:
        labels = tuple(label_of(text, written.totals) for text in row[:-1])
        if times > 1 or labels in seen:
            raise UncheckableError(
                f"{opened.name} has two rows for one cell",
                advice="give each cell one row, or name the columns that make a cell with --dimension",
            )
        seen.add(labels)
        low, high = _range(opened.name, row[-1], written, has_zero=has_zero)
        cells.append(PublishedCell(labels, low, high))
    return PublishedTable(opened.name, dimensions, tuple(cells))


def label_of(value: object, totals: Collection[str]) -> Label:
    """A cell's category; None for the total, whose labels beside the usual ones are `totals`."""
    label = "" if value is None else str(value).strip()
    known = {*TOTALS, *(total.casefold() for total in totals)}
    return None if not label or label.casefold() in known else label


def _range(name: str, text: str | None, written: CountFormat, *, has_zero: bool) -> tuple[int, int | None]:
    """What a figure says of its count; `<5` is at least 1 in a table that publishes zeros as such."""
    figure = "" if text is None else text.strip()
    if _COUNT.fullmatch(figure):
        return _rounded_range(name, int(figure.partition(".")[0]), written.rounded)
    if (fewer := _FEWER.fullmatch(figure)) is not None:
        high = int(fewer[2]) - (fewer[1] == "<")
        return min(int(has_zero), high), high
    marks = {"", *MARKS, *(mark.casefold() for mark in written.suppressed)}
    if figure.casefold() in marks:
        return 0, None
    raise UncheckableError(
        f"{name}: a cell of {written.count!r} is neither a whole number nor a mark of suppression",
        advice="name the mark with --suppressed; counts have no thousands separator, sign or decimals",
    )


def _rounded_range(name: str, count: int, base: int | None) -> tuple[int, int]:
    if base is None:
        return count, count
    if count % base:
        raise UncheckableError(
            f"{name}: a count is not a multiple of {base}",
            advice="give the base that all counts are rounded to",
        )
    return max(0, count - base // 2), count + base // 2


def categories(tables: Sequence[PublishedTable], dimension: str) -> tuple[str, ...]:
    """Every category that a dimension has in some table, sorted."""
    found = {
        label
        for table in tables
        if dimension in table.dimensions
        for label in table.labels_of(table.dimensions.index(dimension))
    }
    return tuple(sorted(found))
