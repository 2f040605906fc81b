"""The charts of one sensitive attribute: how its values are distributed, and how few a class holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from gatecli.model.picture import (
    AnonymityPicture,
    ClassGroup,
    SensitivePicture,
    ValueCount,
    ValueKind,
    range_of,
)
from gatecli.reports.html.markup import Child, Markup, each, element, figure, numbers
from gatecli.reports.html.svg import Bar, Chart, bars, columns, mark, part_of, percent, rough

DISTINCT_VALUES = 8
"""Classes of this many distinct values and more stand in one column."""

_ROOM = Fraction(33, 32)
"""The longest bar ends a little before its line, so that a mark on it stays inside."""

_Key = tuple[ValueKind, str]
_NAMES = {ValueKind.MISSING: "(missing)", ValueKind.OTHER: "(all others)"}


def distribution(picture: AnonymityPicture, item: SensitivePicture, key: str) -> Markup:
    """The values in the whole table as bars, in groups of classes as marks on them."""
    whole = _shares(item.values, item.records)
    parts = [_shares(group.values, group.records) for group in item.groups]
    scale = _ROOM * (max((share for part in (whole, *parts) for share in part.values()), default=0) or 1)
    rows = [
        Bar(
            _name(value),
            whole[_key(value)] / scale,
            percent(whole[_key(value)]),
            "rest" if value.kind is ValueKind.OTHER else ("pale" if parts else "bar"),
            tuple(_dots(_key(value), item.groups, parts, whole, scale)),
        )
        for value in item.values
    ]
    said = (
        f"Bars: the whole table. Values that fewer than {picture.floor:,} {picture.counted} hold are pooled."
    )
    if parts:
        said += " Marks: classes joined by size. Far from the end of its bar, a mark gives something away."
    title = f"Values of {item.attribute}"
    chart = Chart(f"{key}-values", title, said)
    return figure(title, said, bars(chart, rows), _legend(item.groups), _table(item, whole, parts))


def _key(value: ValueCount) -> _Key:
    return value.kind, value.label


def _shares(values: Sequence[ValueCount], records: int) -> Mapping[_Key, Fraction]:
    return {_key(value): part_of(value.records, records) for value in values}


def _name(value: ValueCount) -> str:
    return _NAMES.get(value.kind, value.label)


def _dots(
    key: _Key,
    groups: Sequence[ClassGroup],
    parts: Sequence[Mapping[_Key, Fraction]],
    whole: Mapping[_Key, Fraction],
    scale: Fraction,
) -> list[tuple[Fraction, str]]:
    """Where each group stands; what is pooled is compared only where all pool the same values."""
    if not all(key in part for part in parts):
        return []
    if key[0] is ValueKind.OTHER and parts and parts[0].keys() != whole.keys():
        return []
    return [
        (part[key] / scale, f"{_group(group)}: {percent(part[key])}")
        for group, part in zip(groups, parts, strict=True)
    ]


def _table(
    item: SensitivePicture, whole: Mapping[_Key, Fraction], parts: list[Mapping[_Key, Fraction]]
) -> Markup:
    values = (*item.values, *(value for group in item.groups for value in group.values))
    every = {_key(value): _name(value) for value in values}
    rows: list[list[Child]] = [
        [name, *(percent(part[key]) if key in part else "–" for part in (whole, *parts))]
        for key, name in every.items()
    ]
    heads = ["Value", "Table", *(range_of(group.least, group.most) for group in item.groups)]
    note = "The whole table, and classes by size. (all others) are those that the same column shows as –."
    return numbers(heads, rows, note if parts else "")


def _group(group: ClassGroup) -> str:
    return f"classes of {range_of(group.least, group.most)}"


def _legend(groups: Sequence[ClassGroup]) -> Markup:
    signs = [
        element("li", element("svg", mark(at), viewBox="-6.5 -6.5 13 13", aria_hidden="true"), _group(group))
        for at, group in enumerate(groups)
    ]
    return each("ul", signs, class_="key")


def diversity(picture: AnonymityPicture, item: SensitivePicture, key: str) -> Markup:
    """Classes by the number of distinct values that they hold; nothing where that was not counted."""
    if not item.diversity:
        return Markup()
    found = _pool_counts(item.diversity)
    total, most = sum(found.values()), max(found.values())
    limit = picture.demanded_l or 2
    rows, table = [], list[list[Child]]()
    for values, classes in found.items():
        label = f"{values}+" if values == DISTINCT_VALUES else str(values)
        share = part_of(classes, total)
        rows.append(Bar(label, part_of(classes, most), rough(share), "bad" if values < limit else "bar"))
        table.append([label, f"{classes:,}", percent(share)])
    alike = percent(part_of(found.get(1, 0), total), up=True)
    said = f"In {alike} of the classes all records share one value: who knows the class knows the value."
    if 1 not in found:
        said = f"Every class holds at least {min(found)} distinct values."
    below = sum(values < limit for values in found) if picture.demanded_l else 0
    title = f"Distinct values of {item.attribute} in a class"
    chart = Chart(f"{key}-distinct", title, f"Share of the classes. {said}")
    drawn = columns(chart, rows, boundary=below, words=f"l = {limit:,}")
    return figure(title, said, drawn, numbers(["Distinct values", "Classes", "Share"], table))


def _pool_counts(diversity: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Classes by distinct values, from 1 to `DISTINCT_VALUES` and more, without a gap in between."""
    found: dict[int, int] = {}
    for values, classes in diversity:
        found[min(values, DISTINCT_VALUES)] = found.get(min(values, DISTINCT_VALUES), 0) + classes
    return {values: found.get(values, 0) for values in range(min(found), max(found) + 1)}
