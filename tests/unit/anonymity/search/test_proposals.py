"""Proposals for the question that a table was measured by."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.search.generalisation import apply, describe
from gatecli.anonymity.search.lattice import search
from gatecli.anonymity.search.proposals import propose
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing, Scale, Thresholds
from tests.support.tables import opened

SHOUTED: dict[str, list[str | None]] = {
    "ward": ["n", "N ", "s", " S"],
    "illness": ["flu", "cold", "Flu", "cold"],
}
TREE = {"flu": ("infection",), "cold": ("infection",), "gout": ("metabolic",)}


def question(**known: Any) -> AnonymityQuestion:
    return AnonymityQuestion(("ward",), ("illness",), **known)


def test_text_that_was_normalised_is_searched_normalised() -> None:
    (first, *_) = propose(opened(SHOUTED), question(normalise=True), Thresholds(k=2)).proposals
    assert (describe(first), first.normalise, first.k) == ("change nothing", True, 2)
    (plain, *_) = propose(opened(SHOUTED), question(), Thresholds(k=2)).proposals
    assert describe(plain) == "generalise ward to * (k becomes 4, nothing suppressed)"


def test_what_is_written_is_normalised_too_so_that_it_keeps_its_thresholds() -> None:
    (first, *_) = propose(opened(SHOUTED), question(normalise=True), Thresholds(k=2)).proposals
    written = apply(opened(SHOUTED).table, first).to_pyarrow().to_pydict()
    assert written == {"ward": ["n", "n", "s", "s"], "illness": ["flu", "cold", "flu", "cold"]}
    assert measure(opened(written), question()).k == 2


def test_classes_of_units_count_units() -> None:
    table = opened({"who": [*"ppqr"], "ward": [*"nnss"], "illness": ["flu"] * 4})
    (rows, *_) = propose(table, question(), Thresholds(k=2)).proposals
    assert describe(rows) == "change nothing"
    (units, *_) = propose(table, question(unit="who"), Thresholds(k=2)).proposals
    assert (units.k, describe(units)) == (3, "generalise ward to * (k becomes 3, nothing suppressed)")
    assert units.unit == "who"
    another = opened({"who": [*"aabbcc"], "ward": [*"nnssss"], "illness": ["flu"] * 6})
    with pytest.raises(UncheckableError, match="no longer meets its thresholds"):
        apply(another.table, replace(units, thresholds=Thresholds(k=4)))


def test_rows_without_a_unit_are_of_one_together() -> None:
    table = opened({"who": [None, None, "q"], "ward": [*"nns"], "illness": ["flu"] * 3})
    (only,) = propose(table, question(unit="who"), Thresholds(k=2)).proposals
    assert describe(only) == "generalise ward to * (k becomes 2, nothing suppressed)"


def test_classes_that_overlap_are_not_searched() -> None:
    gaps: dict[str, list[str | None]] = {**SHOUTED, "ward": ["n", None, "s", "s"]}
    with pytest.raises(UsageError, match="such classes overlap"):
        propose(opened(gaps), question(missing=Missing.WILDCARD), Thresholds(k=2))


def test_wildcards_without_a_missing_value_are_no_hindrance() -> None:
    assert propose(opened(SHOUTED), question(missing=Missing.WILDCARD), Thresholds(k=2)).proposals


def test_t_with_a_hierarchy_is_not_searched() -> None:
    with pytest.raises(UsageError, match="t with a hierarchical distance"):
        propose(opened(SHOUTED), question(hierarchies={"illness": TREE}), Thresholds(k=2, t=Fraction(1, 2)))


def test_a_hierarchy_matters_to_t_alone() -> None:
    assert propose(opened(SHOUTED), question(hierarchies={"illness": TREE}), Thresholds(k=2, l=2)).proposals


def test_a_chosen_scale_overrides_the_hierarchy() -> None:
    asked = question(hierarchies={"illness": TREE}, scales={"illness": Scale.CATEGORICAL})
    assert propose(opened(SHOUTED), asked, Thresholds(k=2, t=Fraction(1, 2))).proposals


@pytest.mark.parametrize(
    "demanded",
    [
        {"k_map": 2},
        {"delta_presence": Fraction(1, 2)},
        {"max_population_uniqueness": Fraction(1, 100)},
    ],
)
def test_what_depends_on_a_population_is_not_searched(demanded: dict[str, Any]) -> None:
    table: OpenedTable = opened(SHOUTED)
    with pytest.raises(UsageError, match="does not follow from the table's classes"):
        search(table.table, ["ward"], [], Thresholds(k=2, **demanded))


@pytest.mark.parametrize(("usual", "kind"), [(110105194912310021, "int64"), (2**64 - 1, "uint64")])
def test_numbers_that_no_float_holds_can_be_mended(usual: int, kind: str) -> None:
    table = opened({"id": [*[usual] * 200, usual - 1]}, {"id": kind})
    (first, *_) = propose(table, AnonymityQuestion(("id",)), Thresholds(k=3)).proposals
    assert int(apply(table.table, first).count().execute()) == 200
