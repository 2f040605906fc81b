"""A table as class counts: the only part of a search that asks the engine.

Derivation. Everything that a search measures depends on the table through two kinds of counts:

1. how many rows share each combination of raw quasi-identifiers and sensitive values: one grouping;
2. for each quasi-identifier, which distinct raw values a level joins: its ladder, one line a value. Levels
   must only ever join, or regrouping (see `search_classes`) would not be exact; that is checked.

What a generalised value covers of a column is the share of the active domain: (max − min) over the
column's range for numbers, (values − 1) over (all values − 1) else (Iyengar, "Transforming Data to Satisfy
Privacy Constraints", KDD 2002), or values over all values where there is more than one, in the
normalised certainty penalty (Xu et al., "Utility-Based Anonymization Using Local Recoding", KDD 2006).

Example. Four post codes, of which a level joins the first three: each of these covers 2/3 of the way from
one value to all of them, and 3/4 of the values; the last stays itself and loses nothing.

>>> iyengar, certainty = _extent(np.array([0, 0, 0, 1]), None)
>>> iyengar.round(3).tolist(), certainty.tolist()
([0.667, 0.667, 0.667, 0.0], [0.75, 0.75, 0.75, 0.0])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gatecli.anonymity.discovery.partitions import encode_column, integers
from gatecli.anonymity.hierarchies import (
    ALL,
    Everything,
    Exact,
    Hierarchy,
    Level,
    Mapped,
    column_of,
    generalised_column,
    is_calendar,
)
from gatecli.anonymity.search.classes import (
    Base,
    Dimension,
    Histogram,
    Integers,
    NodeClasses,
    Reals,
    Sensitive,
    combine_codes,
    merge_histogram,
    sum_by_label,
)
from gatecli.anonymity.tables.functions import whole_table
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import ConfigurationError, NothingToCheckError, UncheckableError
from gatecli.model.anonymity import Scale


def fetch(
    table: Table,
    hierarchies: Sequence[Hierarchy],
    sensitive: Sequence[str],
    scales: Mapping[str, Scale],
    unit: str | None = None,
) -> Base:
    """The counts of a table, of rows or of the distinct values of `unit`: one grouping of it in the engine,
    which is asked again for ladders it has to compute. Rows without a unit are of one together.

    Raises NothingToCheckError for no rows, ConfigurationError for a hierarchy that misses values or is
    not nested, UncheckableError where the table changes meanwhile.
    """
    names = [hierarchy.column for hierarchy in hierarchies]
    keys = {f"q{at}": column_of(table, name) for at, name in enumerate(names)}
    keys |= {f"s{at}": column_of(table, name) for at, name in enumerate(sensitive)}
    keys |= {} if unit is None else {"u": column_of(table, unit)}
    groups = whole_table(table.group_by(**keys).aggregate(n=table.count()))
    if len(groups) == 0:
        raise NothingToCheckError("the table has no rows", advice="give a table that holds records")
    counts = integers(groups["n"])
    ladders = [_ladder(table, one, groups[f"q{at}"]) for at, one in enumerate(hierarchies)]
    raws = [_position(groups[f"q{at}"], ladder["raw"].combine_chunks()) for at, ladder in enumerate(ladders)]
    dimensions = tuple(
        _dimension(hierarchy, ladder, raw, counts)
        for hierarchy, ladder, raw in zip(hierarchies, ladders, raws, strict=True)
    )
    attributes, values = _attributes(table, sensitive, scales, groups)
    people = None if unit is None else encode_column(groups["u"])
    units = 0 if people is None else int(people.max()) + 1
    if people is not None:
        attributes, values = _pair_with_units(attributes, values, people, units)
    labels, number = combine_codes(raws, [dimension.cardinalities[0] for dimension in dimensions])
    first = np.zeros(number, np.int64)
    first[labels] = np.arange(len(labels))
    own = np.arange(len(counts))
    members = tuple(raw[first] for raw in raws)
    sizes = sum_by_label(labels, counts, number)
    rare = [np.log2(one.rows_alike[0][raw]) for one, raw in zip(dimensions, members, strict=True)]
    surprise: Reals = np.sum(rare, axis=0)
    histograms = tuple(
        merge_histogram(labels, Histogram(own, codes, counts), attribute.cardinality)
        for attribute, codes in zip(attributes, values, strict=True)
    )
    held = None if people is None else merge_histogram(labels, Histogram(own, people, counts), units)
    classes = NodeClasses(members, sizes, surprise * sizes, histograms, held)
    return Base(dimensions, attributes, classes, int(sizes.sum()), units)


def _pair_with_units(
    attributes: Sequence[Sensitive], values: Sequence[Integers], people: Integers, units: int
) -> tuple[tuple[Sensitive, ...], list[Integers]]:
    """The attributes with their codes as codes of pairs of a unit and a value."""
    paired, pairs = [], []
    for attribute, codes in zip(attributes, values, strict=True):
        labels, number = combine_codes([people, codes], [units, attribute.cardinality])
        held = np.zeros(number, np.int64)
        held[labels] = codes
        paired.append(replace(attribute, cardinality=number, values=held))
        pairs.append(labels)
    return tuple(paired), pairs


def _ladder(table: Table, hierarchy: Hierarchy, grouped: Any) -> Any:
    """The distinct values of a column, which was `grouped` by it, in order, with their number at every level.

    The engine is asked where a level is an expression, or a type has texts of the engine's own. Lines of a
    file are looked up here: as an expression, each would be a case of a query.
    """
    kind = grouped.type
    asked = {
        f"l{at}": level
        for at, level in enumerate(hierarchy.levels)
        if not isinstance(level, Exact | Mapped | Everything)
    }
    if asked or not (pa.types.is_string(kind) or pa.types.is_integer(kind)):
        column: Any = column_of(table, hierarchy.column)
        values = column.name("raw").as_table().distinct()
        levels = {name: generalised_column(values.raw, level) for name, level in asked.items()}
        ladder = whole_table(values.mutate(text=values.raw.cast("string"), **levels).order_by("raw"))
    else:
        distinct = grouped.combine_chunks().unique()
        raw = distinct.take(pc.array_sort_indices(distinct))
        ladder = pa.table({"raw": raw, "text": raw.cast(pa.string())})
    return _append_written(ladder, hierarchy)


def _append_written(ladder: Any, hierarchy: Hierarchy) -> Any:
    """The ladder with the levels of a file. Raises ConfigurationError for a value that the file misses."""
    texts = ladder["text"].to_pylist()
    missed = 0
    for at, level in enumerate(hierarchy.levels):
        if isinstance(level, Mapped):
            labels: dict[str | None, str | None] = {None: None, **dict(level.labels)}
            found = pa.array([labels.get(text, ALL) for text in texts], pa.string())
            ladder = ladder.append_column(f"l{at}", pa.chunked_array([found]))
            missed = sum(text not in labels for text in texts)
    if missed:
        raise ConfigurationError(
            f"the hierarchy of {hierarchy.column} misses {missed:,} of its {len(ladder):,} values",
            advice="add a line for each value that the column holds",
        )
    return ladder


def _position(column: Any, among: Any) -> Integers:
    """Where each value stands among distinct ones."""
    found = pc.index_in(column, value_set=among)
    if found.null_count:
        raise UncheckableError(
            "the table changed while it was read", advice="run it again while nothing writes to the table"
        )
    return integers(found)


def _dimension(hierarchy: Hierarchy, ladder: Any, raw: Integers, counts: Integers) -> Dimension:
    codes = [_codes_at(ladder, at, level) for at, level in enumerate(hierarchy.levels)]
    for level, (fine, coarse) in enumerate(pairwise(codes), 1):
        if len(np.unique(fine * (int(coarse.max()) + 1) + coarse)) != len(np.unique(fine)):
            raise ConfigurationError(
                f"level {level} of the hierarchy of {hierarchy.column} splits what level {level - 1} joins",
                advice="give levels that only ever join values",
            )
    rows: Reals = np.bincount(raw, weights=counts, minlength=len(ladder)).astype(np.float64)
    numbers = finite_numbers(ladder["raw"].combine_chunks(), hierarchy)
    extents = [_extent(code, numbers) for code in codes]
    return Dimension(
        hierarchy,
        ladder["raw"].combine_chunks(),
        tuple(codes),
        tuple(int(code.max()) + 1 for code in codes),
        tuple(extent for extent, _ in extents),
        tuple(certainty for _, certainty in extents),
        tuple(np.bincount(code, weights=rows)[code].astype(np.float64) for code in codes),
    )


def _codes_at(ladder: Any, at: int, level: Level) -> Integers:
    """For each value the number of what it is at a level."""
    match level:
        case Exact():
            return np.arange(len(ladder))
        case Everything():
            return np.zeros(len(ladder), np.int64)
        case _:
            return encode_column(ladder[f"l{at}"])


def finite_numbers(values: Any, hierarchy: Hierarchy) -> Reals | None:
    """The values as finite numbers; None where they are none, or not all, or dates in digits."""
    kind = values.type
    if is_calendar(hierarchy) or not (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    ):
        return None
    # Rounded: only a loss is computed from them, and no value told from another.
    known = values.cast(pa.float64(), safe=False).fill_null(float("nan"))
    numbers = np.asarray(np.from_dlpack(known), np.float64)
    return numbers if np.isfinite(numbers).all() else None


def _extent(codes: Integers, numbers: Reals | None) -> tuple[Reals, Reals]:
    """What a generalised value covers of the active domain: for Iyengar's metric, and for NCP's."""
    held = np.bincount(codes)
    whole = len(codes)
    if numbers is None or numbers.max() == numbers.min():
        extent = (held - 1) / max(whole - 1, 1)
        return extent[codes], np.where(held > 1, held / whole, 0.0)[codes]
    low, high = np.full(len(held), np.inf), np.full(len(held), -np.inf)
    np.minimum.at(low, codes, numbers)
    np.maximum.at(high, codes, numbers)
    share = (high - low) / (numbers.max() - numbers.min())
    return share[codes], share[codes]


def _attributes(
    table: Table, names: Sequence[str], scales: Mapping[str, Scale], groups: Any
) -> tuple[tuple[Sensitive, ...], list[Integers]]:
    attributes, values = [], []
    for at, name in enumerate(names):
        scale = scales.get(name) or scale_of(table[name])
        found = groups[f"s{at}"]
        codes = _ranks(found, table[name].type()) if scale is Scale.NUMERIC else encode_column(found)
        attributes.append(Sensitive(name, scale is Scale.NUMERIC, int(codes.max()) + 1))
        values.append(codes)
    return tuple(attributes), values


def scale_of(column: Any) -> Scale:
    """Numbers, dates and times are ordered, everything else is not; a text that is a number needs telling."""
    kind = column.type()
    return Scale.NUMERIC if kind.is_numeric() or kind.is_temporal() else Scale.CATEGORICAL


def _ranks(column: Any, kind: Any) -> Integers:
    """Codes in the order of the values, a missing one last; `kind` is the engine's type, whose instants may
    have come as text.
    """
    values = (column.cast(pa.float64()) if kind.is_string() else column).combine_chunks()
    distinct = values.unique()
    places = np.empty(len(distinct), np.int64)
    places[np.asarray(pc.array_sort_indices(distinct))] = np.arange(len(distinct))
    return places[_position(values, distinct)]
