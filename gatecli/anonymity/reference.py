"""A table against a reference table: what those who know the population can tell.

The classes of both are counted in their own engines, then matched here by value, so that a file can be
compared with a database. Columns of different types are compared as numbers where both are, else as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from gatecli.anonymity.contingency import fetch_cells
from gatecli.anonymity.dictionary_encoding import prepare_columns
from gatecli.anonymity.discovery.partitions import Codes, encode_column, integers
from gatecli.anonymity.search.classes import combine_codes, sum_by_label
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing
from gatecli.model.anonymity_risks import ReferenceMeasures


def compare(opened: OpenedTable, reference: OpenedTable, question: AnonymityQuestion) -> ReferenceMeasures:
    """k-map, δ-presence and the risks that follow, `reference` standing for the population.

    Where the reference lacks a class of the table, or holds less of it, it is not the population: k-map
    is 0 for such a class, δ-presence and the risk are 1, so that no threshold is met by ignorance, and
    the records are counted. A missing value counts as a value. Raises UsageError for a column that either
    does not have, and for missing values that may be anything; NothingToCheckError for no rows.
    """
    if question.missing is Missing.WILDCARD:
        raise UsageError(
            "a reference table is not compared where a missing value may be anything",
            advice="choose own-value for missing values",
        )
    if not question.quasi_identifiers:
        raise UsageError("no quasi-identifier is named", advice="name the columns that others may know")
    unit = () if question.unit is None else (question.unit,)
    for each in (opened, reference):
        require_columns(each.name, each.columns, (*question.quasi_identifiers, *unit))
    classes = replace(question, sensitive=(), household=None, weights=None)
    here, there = prepare_columns(opened, classes), prepare_columns(reference, classes)
    columns = [f"q{at}" for at in range(len(question.quasi_identifiers))]
    kinds = {name: kind for name in columns if (kind := _common(here[name].type(), there[name].type()))}
    ours = _counts(opened, here, columns, kinds)
    theirs = _counts(reference, there, columns, kinds)
    return _measure_match(reference, *_match_classes(ours, theirs, columns))


def _common(one: Any, other: Any) -> str | None:
    """The type that two columns are compared in; None for the one that both have."""
    if one == other:
        return None
    return "float64" if one.is_numeric() and other.is_numeric() else "string"


def _counts(opened: OpenedTable, source: Table, columns: Sequence[str], kinds: Mapping[str, str]) -> Any:
    """`n` by class, of records or units."""
    cast = {name: source[name].cast(kind) for name, kind in kinds.items()}
    with computing(opened):
        return fetch_cells(opened, source.mutate(**cast), columns, "u" if "u" in source.columns else None)


def _match_classes(ours: Any, theirs: Any, columns: Sequence[str]) -> tuple[Codes, Codes]:
    """For every class of either table, its records in the table and in the reference."""
    codes = [encode_column(pa.chunked_array([*ours[name].chunks, *theirs[name].chunks])) for name in columns]
    keys, number = combine_codes(codes, [int(column.max()) + 1 for column in codes])
    sizes = [integers(table["n"]) for table in (ours, theirs)]
    return (
        sum_by_label(keys[: len(ours)], sizes[0], number),
        sum_by_label(keys[len(ours) :], sizes[1], number),
    )


def _measure_match(reference: OpenedTable, ours: Codes, theirs: Codes) -> ReferenceMeasures:
    held = ours > 0
    lacking = held & (theirs == 0)
    records = int(ours.sum())
    hits = {int(size): int(ours[held & (theirs == size)].sum()) for size in np.unique(theirs[held])}
    risk = sum((Fraction(many, max(size, 1)) for size, many in hits.items()), Fraction(0)) / records
    least, most = _presence(ours, theirs)
    return ReferenceMeasures(
        reference.name,
        records=int(theirs.sum()),
        classes=int((theirs > 0).sum()),
        k_map=int(theirs[held].min()),
        delta_presence_min=least,
        delta_presence_max=most,
        marketer_risk=risk,
        uncovered_classes=int(lacking.sum()),
        uncovered_records=int(ours[lacking].sum()),
        excess_records=int(np.maximum(ours - theirs, 0).sum()),
        digest=reference.digest,
    )


def _presence(ours: Codes, theirs: Codes) -> tuple[Fraction, Fraction]:
    """The least and the largest share of a class that is in the table, at most 1, exactly."""
    whole = np.maximum(theirs, ours)
    pairs = {(int(one), int(all_)) for one, all_ in np.unique(np.column_stack((ours, whole)), axis=0)}
    shares = [Fraction(one, all_) for one, all_ in pairs]
    return min(shares), max(shares)
