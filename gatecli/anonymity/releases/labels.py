"""Which generalised values of a column can be the same person's: intervals, periods, masks, sets, trees.

A label stands for a set of values; two labels overlap where a value is in both. Where a label can be read
in two ways, the reading with more values counts.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatecli.errors import UncheckableError

Label: TypeAlias = str | None
Overlap: TypeAlias = NDArray[np.bool_]
"""A row for each label of one release, a column for each of the other."""

Tree: TypeAlias = Mapping[str, frozenset[str]]
"""A label, and the values of the original table that it stands for."""

EVERYTHING = frozenset({None, "", "*"})
"""Labels that may be any value: a suppressed cell may be anybody's."""

_INTERVAL = re.compile(r"([\[\](])\s*([^,;]+?)\s*[,;]\s*([^,;]+?)\s*([\[\])])")
_RANGE = re.compile(r"(.+?)\s*(?:(?<=\d)\s*-\s*(?=[-\d])|–|—|~|\.{2,}|\bto\b)\s*(.+)")
_BELOW = re.compile(r"(<=|≤|<|under|below)\s*(.+)")
_ABOVE = re.compile(r"(>=|≥|>|over|above)\s*(.+)")
_AT_LEAST = re.compile(r"(.+?)\s*(?:\+|and over|or more|and older|or older)")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})?")
_ENDLESS = {"inf": inf, "+inf": inf, "∞": inf, "-inf": -inf, "-∞": -inf}
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?(?:[T ].*)?)?", re.ASCII)
_DIGITS = re.compile(r"((?:18|19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_LOCAL = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T ].*)?", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.ASCII)
_DECADE = re.compile(r"(\d{3})0s", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """The values from `low` to `high`; an end may be open."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False

    @property
    def is_empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))


Point: TypeAlias = Callable[[str], Span | None]
"""A single value as the span that it fills: a month is thirty days wide, a number is not wide."""


def number_point(text: str) -> Span | None:
    """A number, or an end of the line."""
    known = _ENDLESS.get(text.lower())
    if known is None and not _NUMBER.fullmatch(text):
        return None
    value = float(text) if known is None else known
    return Span(value, value)


def date_point(text: str) -> Span | None:
    """A day, month, quarter, year or decade in ISO 8601, or a local day that is in no doubt, as days."""
    return number_point(text) if text.lower() in _ENDLESS else _period(text) or _day(text)


def _period(text: str) -> Span | None:
    """A month, quarter, year or decade."""
    if (decade := _DECADE.fullmatch(text)) is not None:
        return _days(int(decade[1]) * 10, 1, int(decade[1]) * 10 + 9, 12)
    if (quarter := _QUARTER.fullmatch(text)) is not None:
        return _days(int(quarter[1]), 3 * int(quarter[2]) - 2, int(quarter[1]), 3 * int(quarter[2]))
    found = _DATE.fullmatch(text)
    if found is None or found[3] is not None:
        return None
    year, month = int(found[1]), found[2]
    return _days(year, int(month or 1), year, int(month or 12))


def _day(text: str) -> Span | None:
    if (found := _DATE.fullmatch(text) or _DIGITS.fullmatch(text)) is not None and found[3] is not None:
        return _date_span(int(found[1]), int(found[2]), int(found[3]))
    if (local := _LOCAL.fullmatch(text)) is None:
        return None
    first, second, year = int(local[1]), int(local[3]), int(local[4])
    if local[2] == "." or first > _MONTHS:
        return _date_span(year, second, first)
    return _date_span(year, first, second) if second > _MONTHS else None


_MONTHS = 12


def _date_span(year: int, month: int, day: int) -> Span | None:
    try:
        at = float(date(year, month, day).toordinal())
    except ValueError:
        return None
    return Span(at, at)


def _days(first: int, month: int, last: int, last_month: int) -> Span | None:
    try:
        end = date(last, last_month, monthrange(last, last_month)[1])
        return Span(float(date(first, month, 1).toordinal()), float(end.toordinal()))
    except ValueError:
        return None


def spans_of(label: str, point: Point) -> tuple[Span, ...] | None:
    """The spans that a label stands for on a scale; None where it is not a label of that scale."""
    text = label.strip()
    if text.startswith("{") and text.endswith("}"):
        parts = [spans_of(part, point) for part in text[1:-1].split(",")]
        known = [part for part in parts if part is not None]
        return tuple(span for part in known for span in part) if len(known) == len(parts) else None
    span = point(text) or _interval(text, point) or _half_line(text, point) or _range(text, point)
    return None if span is None or span.is_empty else (span,)


def _interval(text: str, point: Point) -> Span | None:
    """`[20, 30)`, also as `[20, 30[`."""
    found = _INTERVAL.fullmatch(text)
    if found is None:
        return None
    low, high = point(found[2]), point(found[3])
    if low is None or high is None:
        return None
    opens, closes = found[1] != "[", found[4] != "]"
    return Span(low.high if opens else low.low, high.low if closes else high.high, opens, closes)


def _half_line(text: str, point: Point) -> Span | None:
    if (below := _BELOW.fullmatch(text)) is not None and (at := point(below[2])) is not None:
        return Span(-inf, at.high, open_high=True) if below[1] not in {"<=", "≤"} else Span(-inf, at.high)
    if (above := _ABOVE.fullmatch(text)) is not None and (at := point(above[2])) is not None:
        return Span(at.low, inf, open_low=True) if above[1] not in {">=", "≥"} else Span(at.low, inf)
    if (least := _AT_LEAST.fullmatch(text)) is not None and (at := point(least[1])) is not None:
        return Span(at.low, inf)
    return None


def _range(text: str, point: Point) -> Span | None:
    """`20-29`: of whole numbers up to 29.99…, since a person of 29 and a half is 29."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    low, high = point(found[1]), point(found[2])
    if low is None or high is None:
        return None
    is_whole = high.low == high.high and high.high.is_integer() and point is number_point
    return Span(low.low, high.high + 1, open_high=True) if is_whole else Span(low.low, high.high)


def overlap_of(column: str, left: Sequence[Label], right: Sequence[Label], tree: Tree | None) -> Overlap:
    """Which of the distinct labels of a column in two releases overlap.

    Raises UncheckableError where it cannot be known what a label stands for.
    """
    found = _by_kind(column, left, right, tree)
    found[[label in EVERYTHING for label in left], :] = True
    found[:, [label in EVERYTHING for label in right]] = True
    return found


def _by_kind(column: str, left: Sequence[Label], right: Sequence[Label], tree: Tree | None) -> Overlap:
    if tree is not None:
        return _by_leaves(_leaves(column, left, tree), _leaves(column, right, tree))
    for point in (number_point, date_point):
        spans = [[_spans(label, point) for label in labels] for labels in (left, right)]
        if all(each is not None for side in spans for each in side):
            return _by_spans([each or () for each in spans[0]], [each or () for each in spans[1]])
    texts = {label for label in (*left, *right) if label not in EVERYTHING and label is not None}
    if any("*" in text for text in texts):
        return _by_prefix(left, right)
    sets = [[_members(label) for label in labels] for labels in (left, right)]
    values = [frozenset().union(*side) for side in sets]
    bare = [frozenset().union(*(each for each in side if len(each) == 1)) for side in sets]
    strangers = (bare[0] - values[1]) | (bare[1] - values[0]) if all(values) else frozenset[str]()
    if strangers:
        raise UncheckableError(
            f"{column}: {len(strangers):,} of its labels are in one release alone, and nothing says which "
            "labels of the other they cover",
            advice=f"give the column's hierarchy: --hierarchy {column}=FILE",
        )
    return _by_leaves(*sets)


def _spans(label: Label, point: Point) -> tuple[Span, ...] | None:
    return () if label in EVERYTHING or label is None else spans_of(label, point)


def _members(label: Label) -> frozenset[str]:
    """`{single, divorced}` as its values; any other text is its own."""
    if label is None or label in EVERYTHING:
        return frozenset()
    text = label.strip()
    is_set = text.startswith("{") and text.endswith("}")
    return frozenset(part.strip() for part in text[1:-1].split(",")) if is_set else frozenset({text})


def _leaves(column: str, labels: Sequence[Label], tree: Tree) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []
    for label in labels:
        parts = _members(label)
        if strange := [part for part in parts if part not in tree]:
            raise UncheckableError(
                f"{column}: its hierarchy does not know {len(strange):,} of its labels",
                advice="give the hierarchy that both releases were made with: value;level;…;*",
            )
        found.append(frozenset().union(*(tree[part] for part in parts)))
    return found


def _by_leaves(left: Sequence[frozenset[str]], right: Sequence[frozenset[str]]) -> Overlap:
    numbers = {leaf: at for at, leaf in enumerate(sorted(frozenset().union(*left, *right)))}
    one, two = (_incidence(side, numbers) for side in (left, right))
    return (one @ two.T) > 0


def _incidence(labels: Sequence[frozenset[str]], numbers: Mapping[str, int]) -> NDArray[np.float32]:
    table = np.zeros((len(labels), len(numbers)), np.float32)
    for at, leaves in enumerate(labels):
        table[at, [numbers[leaf] for leaf in leaves]] = 1
    return table


def _by_spans(left: Sequence[tuple[Span, ...]], right: Sequence[tuple[Span, ...]]) -> Overlap:
    found = np.zeros((len(left), len(right)), np.bool_)
    owners = np.array([at for at, spans in enumerate(right) for _ in spans], np.int64)
    spans = [span for spans in right for span in spans]
    low, high = (np.array([getattr(span, end) for span in spans]) for end in ("low", "high"))
    open_low, open_high = (
        np.array([getattr(span, end) for span in spans], np.bool_) for end in ("open_low", "open_high")
    )
    for at, own in enumerate(left):
        for span in own:
            below = (span.low < high) | ((span.low == high) & ~(open_high | span.open_low))
            above = (span.high > low) | ((span.high == low) & ~(open_low | span.open_high))
            found[at, owners[below & above]] = True
    return found


def _by_prefix(left: Sequence[Label], right: Sequence[Label]) -> Overlap:
    """`476**`: the text before the first star, and as long as written where there are several stars."""
    masks = [_mask(label) for label in right]
    inside: dict[str, list[int]] = defaultdict(list)
    exact: dict[str, list[int]] = defaultdict(list)
    for at, (prefix, _) in enumerate(masks):
        exact[prefix].append(at)
        for end in range(len(prefix) + 1):
            inside[prefix[:end]].append(at)
    found = np.zeros((len(left), len(right)), np.bool_)
    for at, label in enumerate(left):
        prefix, length = _mask(label)
        shorter = [one for end in range(len(prefix)) for one in exact.get(prefix[:end], ())]
        for candidate in (*inside.get(prefix, ()), *shorter):
            found[at, candidate] = _fits((prefix, length), masks[candidate])
    return found


def _mask(label: Label) -> tuple[str, int | None]:
    text = "*" if label is None or label in EVERYTHING else label.strip()
    prefix, star, _ = text.partition("*")
    return prefix, None if star and text.count("*") == 1 else len(text)


def _fits(one: tuple[str, int | None], other: tuple[str, int | None]) -> bool:
    lengths = {length for _, length in (one, other) if length is not None}
    longest = max(len(one[0]), len(other[0]))
    return len(lengths) < 2 and all(length >= longest for length in lengths)
