"""Tables that are published together: what their differences give away, though each by itself does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gatecli.anonymity.frequencies.atoms import link
from gatecli.anonymity.frequencies.audit import audit
from gatecli.anonymity.frequencies.published import PublishedCell, PublishedTable
from gatecli.model.disclosure import CountDemands, CountMeasures

DEMANDS = CountDemands(5, 4, 2, ())
Counts = Mapping[tuple[str | None, ...], int | None]
"""A cell's labels (None: the total), and its count (None: suppressed)."""


def table(dimensions: Sequence[str], counts: Counts) -> PublishedTable:
    cells = (PublishedCell(labels, count or 0, count) for labels, count in counts.items())
    return PublishedTable("t", tuple(dimensions), tuple(cells))


def by_age(**counts: int | None) -> PublishedTable:
    """A table of bands, `a0_14` for 0-14."""
    return table(["age"], {(name[1:].replace("_", "-"),): count for name, count in counts.items()})


def audit_tables(
    *tables: PublishedTable, absent_is_zero: bool = True, **trees: Mapping[str, frozenset[str]]
) -> CountMeasures:
    return audit(link(tables, trees, absent_is_zero=absent_is_zero), DEMANDS)


NESTED = by_age(a0_14=15, a15_29=20), by_age(a0_9=12, a10_29=23)
THREE = by_age(a0_19=30, a20_99=40), by_age(a0_9=14, a10_99=56), by_age(a10_14=13)


def test_a_band_inside_a_band_is_subtracted() -> None:
    assert audit_tables(*NESTED).derived == 1  # 10-14: three


@pytest.mark.parametrize("only", NESTED)
def test_either_table_by_itself_tells_nothing(only: PublishedTable) -> None:
    assert (audit_tables(only).derived, audit_tables(only).unsettled) == (0, 0)


def test_three_tables_give_what_no_two_give() -> None:
    """15-19 is 0-19 less 0-9 less 10-14: three."""
    assert audit_tables(*THREE, absent_is_zero=False).derived == 1
    for left_out in range(3):
        two = [each for at, each in enumerate(THREE) if at != left_out]
        assert audit_tables(*two, absent_is_zero=False).derived == 0


def test_a_category_that_a_hierarchy_holds_is_subtracted() -> None:
    tree = {
        "North": frozenset({"A", "B", "D"}),
        "South": frozenset({"C"}),
        **{city: frozenset({city}) for city in "ABCD"},
    }
    wide = table(["region"], {("North",): 30, ("South",): 20})
    narrow = table(["region"], {("A",): 12, ("B",): 15, ("C",): 20})
    found = audit_tables(wide, narrow, absent_is_zero=False, region=tree)
    assert found.derived == 1  # D: three


def test_a_suppressed_count_is_the_sum_of_a_finer_table() -> None:
    coarse = table(["age"], {("young",): None, ("old",): 30})
    fine = table(["age", "sex"], {("young", "M"): 1, ("young", "F"): 2, ("old", "M"): 14, ("old", "F"): 16})
    assert (audit_tables(coarse).exposed, audit_tables(coarse, fine).exposed) == (0, 1)


def test_margins_of_other_dimensions_close_in_on_a_cell() -> None:
    """Neither margin gives the cells; both, with one cell published, give the other three."""
    sexes = table(["sex"], {("M",): 12, ("F",): 9})
    ages = table(["age"], {("young",): 13, ("old",): 8})
    cell = table(["age", "sex"], {("young", "M"): 10})
    found = audit_tables(sexes, ages, cell, absent_is_zero=False)
    assert found.derived == 2  # old M: 2, young F: 3; old F is 6


def test_the_same_bands_in_all_tables_tell_nothing_new() -> None:
    by_sex = table(["age", "sex"], {(age, sex): 9 for age in ("0-14", "15-29") for sex in "MF"})
    assert audit_tables(by_sex, by_age(a0_14=18, a15_29=18)).derived == 0
