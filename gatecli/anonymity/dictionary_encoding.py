"""Rows as small integers: every column's distinct values are numbered, quasi-identifiers packed.

Grouping by one integer is several times faster than by five texts, and nothing after this step sees
a value of the table again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatecli.anonymity.tables.functions import (
    WITHOUT_NAN,
    constant,
    dense_rank,
    keep_table,
    nothing,
    only_row,
    row_number,
    times,
)
from gatecli.anonymity.tables.interface import Column, OpenedTable, Table
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion, Scale

PACKED = 2**62
"""A packed key stays below it: a signed 64-bit integer on every engine."""

NUMBER = r"^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})? *$"
"""Text that every engine reads as the same finite number."""

CANONICAL_NUMBER = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?$"
"""Text that is a number and nothing else: a leading zero says that it is a code."""


@dataclass(frozen=True, slots=True)
class EncodedTable:
    """A table of `keys` (packed quasi-identifiers), `sensitive` codes and, where named, `unit`.

    `codes` are the unpacked codes of the quasi-identifiers, missing ones null.
    """

    table: Table
    keys: tuple[str, ...]
    codes: tuple[str, ...]
    sensitive: tuple[SensitiveCode, ...]
    unit: str | None


@dataclass(frozen=True, slots=True)
class SensitiveCode:
    """The codes of one sensitive attribute; on a numeric scale they are ranks, 0 the smallest.

    `dimension` holds each value (`v_…`) beside its code (`c_…`); `values` counts the codes, a missing
    value included: it comes after the largest.
    """

    attribute: str
    column: str
    scale: Scale
    values: int
    dimension: Table


def prepare_columns(opened: OpenedTable, question: AnonymityQuestion) -> Table:
    """The columns that matter under names of ours: q0 …, s0 …, u."""
    table = opened.table
    columns = {f"q{at}": name for at, name in enumerate(question.quasi_identifiers)}
    columns |= {f"s{at}": name for at, name in enumerate(question.sensitive)}
    chosen = {ours: _clean(table[name], opened, question) for ours, name in columns.items()}
    if question.unit is not None:
        chosen["u"] = table[question.unit]
    return table.select(**chosen)


def _clean(column: Column, opened: OpenedTable, question: AnonymityQuestion) -> Column:
    """NaN is a missing value and −0.0 is 0.0; `normalise` forgets case and outer blanks of text."""
    kind = column.type()
    if kind.is_floating():
        known = column if opened.engine in WITHOUT_NAN else column.isnan().ifelse(nothing(kind), column)
        return known + constant(0.0, str(kind))
    if kind.is_decimal() and opened.engine == "postgres":  # whose numeric type has a NaN of its own
        return (column.cast("string") == "NaN").ifelse(nothing(kind), column)
    return normalise_text(column) if question.normalise else column


def normalise_text(column: Column) -> Column:
    """Text without case and outer blanks; anything else as it is."""
    return column.strip().lower() if column.type().is_string() else column


def encode_table(opened: OpenedTable, question: AnonymityQuestion, source: Table) -> EncodedTable:
    """`source` (as `prepare_columns` made it) in integers; computes the distinct values of each column."""
    quasi = [_number_values(source, f"q{at}") for at in range(len(question.quasi_identifiers))]
    sensitive = [
        _sensitive(opened, question, source, name, f"s{at}") for at, name in enumerate(question.sensitive)
    ]
    dimensions = [*quasi, *((code.column, code.dimension, code.values) for code in sensitive)]
    joined = source
    for name, dimension, _ in dimensions:
        joined = joined.left_join(dimension, source[name] == dimension[f"v_{name}"])
    unit = () if question.unit is None else ("u",)
    flat = joined.select(
        **{name: joined[f"c_{name}"] for name, _, _ in quasi},
        **{code.column: _or_last(joined[f"c_{code.column}"], code.values) for code in sensitive},
        **{name: joined[name] for name in unit},
    )
    packed = _pack_keys([(name, flat[name], size) for name, _, size in quasi])
    table = flat.mutate(**packed)
    names = tuple(name for name, _, _ in quasi)
    return EncodedTable(table, tuple(packed), names, tuple(sensitive), unit[0] if unit else None)


def _or_last(code: Column, values: int) -> Column:
    return _narrow(code.fill_null(values - 1), values)


def _number_values(source: Table, name: str) -> tuple[str, Table, int]:
    values = source.select(**{f"v_{name}": source[name]}).distinct()
    present = values.filter(values[f"v_{name}"].notnull())
    dimension = keep_table(present.mutate(**{f"c_{name}": row_number(present[f"v_{name}"]).cast("int64")}))
    return name, dimension, int(only_row(dimension.aggregate(values=dimension.count()))["values"])


def _pack_keys(columns: Sequence[tuple[str, Column, int]]) -> dict[str, Column]:
    """As few 64-bit keys as hold every combination; a missing value has the code after the last."""
    keys: dict[str, Column] = {}
    spans: dict[str, int] = {}
    span = PACKED
    for _, column, size in columns:
        code, base = column.fill_null(size), size + 1
        if span * base >= PACKED:
            keys[f"k{len(keys)}"], span = code, base
        else:
            last = f"k{len(keys) - 1}"
            keys[last], span = keys[last] * base + code, span * base
        spans[f"k{len(keys) - 1}"] = span
    return {name: _narrow(key, spans[name]) for name, key in keys.items()}


def _narrow(column: Column, span: int) -> Column:
    """Half as wide where that is enough: what is counted is as many integers as there are classes."""
    return column.cast("int32" if span < 2**31 else "int64")


def _sensitive(
    opened: OpenedTable, question: AnonymityQuestion, source: Table, attribute: str, name: str
) -> SensitiveCode:
    value = f"v_{name}"
    distinct = keep_table(source.select(**{value: source[name]}).distinct())
    present = distinct.filter(distinct[value].notnull())
    scale = question.scales.get(attribute) or _scale(opened, question, present, attribute, value)
    ordered = present[value]
    if scale is Scale.NUMERIC and ordered.type().is_string():
        _require_numbers(opened, present, attribute, value)
        ordered = ordered.cast("float64")
    dimension = keep_table(present.mutate(**{f"c_{name}": dense_rank(ordered).cast("int64")}))
    known, missing = _sizes(dimension, distinct, f"c_{name}", value)
    return SensitiveCode(attribute, name, scale, known + missing, dimension)


def _sizes(dimension: Table, distinct: Table, code: str, value: str) -> tuple[int, int]:
    """The number of codes of known values, and of missing ones: 0 or 1."""
    last = only_row(dimension.aggregate(last=dimension[code].max()))["last"]
    missing = only_row(distinct.aggregate(missing=times(distinct[value].isnull())))["missing"]
    return (0 if last is None else int(last) + 1), int(missing)


def _scale(
    opened: OpenedTable, question: AnonymityQuestion, present: Table, attribute: str, value: str
) -> Scale:
    if attribute in question.hierarchies:
        return Scale.HIERARCHICAL
    kind = present[value].type()
    if kind.is_numeric() or kind.is_temporal():
        return Scale.NUMERIC
    if opened.is_typed or not kind.is_string():
        return Scale.CATEGORICAL
    written = present[value].re_search(CANONICAL_NUMBER)
    counted = present.aggregate(all=present.count(), numbers=times(written))
    row = only_row(counted)
    return Scale.NUMERIC if row["all"] and row["all"] == row["numbers"] else Scale.CATEGORICAL


def _require_numbers(opened: OpenedTable, present: Table, attribute: str, value: str) -> None:
    """Engines differ on text that is not a number: some read it as 0."""
    written = present[value].re_search(NUMBER)
    strange = int(only_row(present.aggregate(strange=times(~written)))["strange"])
    if strange:
        noun = "value" if strange == 1 else "values"
        raise UncheckableError(
            f"{opened.name}: {strange:,} distinct {noun} of {attribute!r} are not numbers",
            advice="measure it on a categorical scale, or fix the values",
        )
