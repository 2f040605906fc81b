"""Tables of counts: known cases, and every small table against an enumeration of all tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.frequencies.atoms import LinkedTables, link
from gatecli.anonymity.frequencies.audit import audit
from gatecli.anonymity.frequencies.published import CountFormat, PublishedCell, PublishedTable, read_counts
from gatecli.anonymity.frequencies.suppression import suppress
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import CountDemands
from tests.support.examples import share

Labels = tuple[str | None, ...]
DEMANDS = CountDemands(5, 4, 2, ())


def table(header: Sequence[str], rows: Sequence[Sequence[object]], folder: Path, name: str = "t") -> Path:
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def linked(*paths: Path, form: CountFormat | None = None, absent_is_zero: bool = True) -> LinkedTables:
    tables = []
    for path in paths:
        with open_table(path) as opened:
            tables.append(read_counts(opened, form or CountFormat("count")))
    return link(tables, {}, absent_is_zero=absent_is_zero)


HEADER = ("age", "sex", "count")


def two_way(middle: object, *, total: bool = True) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        ("0-14", "M", 10),
        ("0-14", "F", 12),
        ("15+", "M", middle),
        ("15+", "F", 7),
    ]
    return [*rows, ("0-14", "Total", 22), ("15+", "Total", 9), ("Total", "Total", 31)] if total else rows


def test_a_small_count_is_counted(tmp_path: Path) -> None:
    found = audit(linked(table(HEADER, two_way(2), tmp_path)), DEMANDS)
    assert (found.small, found.minimum, found.exposed, found.derived) == (1, 2, 0, 0)


def test_a_single_suppressed_count_is_the_total_less_the_others(tmp_path: Path) -> None:
    found = audit(linked(table(HEADER, two_way("x"), tmp_path)), DEMANDS)
    assert (found.suppressed, found.exposed, found.narrowest) == (1, 1, 0)


@pytest.mark.parametrize(
    "label", ["TOTAL", "Grand total", "All ages", "Both sexes", "Insgesamt", "Ensemble", "Ogółem"]
)
def test_a_total_goes_by_many_names(label: str, tmp_path: Path) -> None:
    rows = [[label if cell == "Total" else cell for cell in row] for row in two_way("x")]
    assert audit(linked(table(HEADER, rows, tmp_path)), DEMANDS).exposed == 1


def test_without_totals_nothing_gives_it_away(tmp_path: Path) -> None:
    found = audit(linked(table(HEADER, two_way("x", total=False), tmp_path)), DEMANDS)
    assert (found.suppressed, found.exposed) == (1, 0)


def test_zero_is_published_and_no_small_count(tmp_path: Path) -> None:
    rows = [("a", 0), ("b", 9), ("Total", 9)]
    found = audit(linked(table(("region", "count"), rows, tmp_path)), DEMANDS)
    assert (found.small, found.exposed, found.minimum) == (0, 0, 9)


def test_two_tables_with_other_bands_differ_by_a_few_persons(tmp_path: Path) -> None:
    one = table(("age", "count"), [("0-14", 22), ("15+", 50)], tmp_path, "one")
    two = table(("age", "count"), [("0-15", 24), ("16+", 48)], tmp_path, "two")
    assert audit(linked(one), DEMANDS).derived == 0
    assert audit(linked(one, two), DEMANDS).derived == 1


def test_a_count_that_another_table_gives_is_exposed(tmp_path: Path) -> None:
    one = table(HEADER, two_way("x", total=False), tmp_path, "one")
    two = table(("sex", "age", "count"), [("M", "15+", 2)], tmp_path, "two")
    found = audit(linked(one, two, absent_is_zero=False), DEMANDS)
    assert (found.exposed, found.small) == (1, 1)


def test_a_mark_that_gives_a_range_must_leave_all_of_it_open(tmp_path: Path) -> None:
    rows = [("a", "<5"), ("b", "<5"), ("c", 0), ("Total", 8)]
    found = audit(linked(table(("region", "count"), rows, tmp_path)), DEMANDS)
    assert (found.exposed, found.narrowest) == (2, 0)  # both are 4
    rows[-1] = ("Total", 5)
    assert audit(linked(table(("region", "count"), rows, tmp_path)), DEMANDS).exposed == 0  # 1 + 4 … 4 + 1


def test_rounding_each_count_by_itself_can_be_undone(tmp_path: Path) -> None:
    """Four counts of 3 in a total of 12: rounded to fives they are 5, 5, 5, 5 and 10, and nothing else is."""
    rows = [*((place, 5) for place in "abcd"), ("Total", 10)]
    form = CountFormat("count", rounded=5)
    found = audit(linked(table(("region", "count"), rows, tmp_path), form=form), DEMANDS)
    assert (found.exposed, found.narrowest) == (4, 0)  # the total is 12, which is not small


def test_a_group_that_is_all_alike_is_counted(tmp_path: Path) -> None:
    rows = [("a", "hiv", 9), ("a", "flu", 0), ("b", "hiv", 7), ("b", "flu", 8)]
    path = table(("region", "diagnosis", "count"), rows, tmp_path)
    assert audit(linked(path), CountDemands(5, 4, 2, ("diagnosis",))).groups == {"diagnosis": 1}
    assert audit(linked(path), CountDemands(5, 4, 3, ("diagnosis",))).groups == {"diagnosis": 2}
    with pytest.raises(UsageError, match="no table has the sensitive dimension 'illness'"):
        audit(linked(path), CountDemands(5, 4, 2, ("illness",)))


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("a", 6), ("b", 7), ("Total", 14)], "contradict one another"),
        ([("a", 6), ("a", 7)], "two rows for one cell"),
        ([("a", "6,000")], "neither a whole number nor a mark"),
        ([("a", -1)], "neither a whole number nor a mark"),
        ([("a", 2 * 10**9), ("b", "x"), ("Total", 3 * 10**9)], "larger than"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(
    rows: list[tuple[object, ...]], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(UncheckableError, match=problem):
        audit(linked(table(("region", "count"), rows, tmp_path)), DEMANDS)


# Against an enumeration of every table of whole numbers.

Counts = dict[Labels, int]
SHAPES = [(2, 2), (2, 3), (3, 3), (2, 2, 2)]


def cells_of(shape: tuple[int, ...]) -> list[Labels]:
    return list(product(*([*map(str, range(size)), None] for size in shape)))


def counts_of(shape: tuple[int, ...], inside: Sequence[int]) -> Counts:
    """Every cell and margin of a table by its inner counts."""
    inner = dict(zip(product(*(map(str, range(size)) for size in shape)), inside, strict=True))
    return {
        cell: sum(
            count
            for labels, count in inner.items()
            if all(own in {None, label} for own, label in zip(cell, labels, strict=True))
        )
        for cell in cells_of(shape)
    }


def as_published(shape: tuple[int, ...], counts: Counts, hidden: frozenset[Labels]) -> LinkedTables:
    cells = [
        PublishedCell(labels, 0, None) if labels in hidden else PublishedCell(labels, count, count)
        for labels, count in sorted(counts.items(), key=str)
    ]
    names = tuple(f"d{at}" for at in range(len(shape)))
    return link([PublishedTable("t", names, tuple(cells))], {}, absent_is_zero=True)


def ranges(counts: Counts, hidden: frozenset[Labels], unbounded: int = 9) -> list[range]:
    """What each inner count can be by one sum alone; `unbounded` where no sum that is published holds it."""
    found = []
    for cell in (each for each in counts if None not in each):
        sums = [
            count
            for margin, count in counts.items()
            if margin not in hidden and all(m in {None, c} for m, c in zip(margin, cell, strict=True))
        ]
        found.append(
            range(counts[cell], counts[cell] + 1)
            if cell not in hidden
            else range(min(sums, default=unbounded) + 1)
        )
    return found


def consistent(shape: tuple[int, ...], counts: Counts, hidden: frozenset[Labels]) -> Iterator[Counts]:
    """All tables of whole numbers that agree with what is published."""
    for inside in product(*ranges(counts, hidden)):
        other = counts_of(shape, inside)
        if all(other[cell] == count for cell, count in counts.items() if cell not in hidden):
            yield other


@st.composite
def published(draw: st.DrawFn, largest: int = 3) -> tuple[tuple[int, ...], Counts, frozenset[Labels]]:
    shape = draw(st.sampled_from(SHAPES))
    size = prod(shape)
    counts = counts_of(shape, draw(st.lists(st.integers(0, largest), min_size=size, max_size=size)))
    inner = [cell for cell in counts if None not in cell]
    hidden = draw(st.sets(st.sampled_from(inner), max_size=5))
    margins = [cell for cell in counts if None in cell and any(cell)]
    return shape, counts, frozenset({*hidden, *draw(st.sets(st.sampled_from(margins), max_size=2))})


@settings(max_examples=share(60), deadline=None)
@given(case=published(), minimum=st.integers(2, 4), protection=st.integers(1, 3))
def test_exposed_counts_are_those_of_an_enumeration(
    case: tuple[tuple[int, ...], Counts, frozenset[Labels]], minimum: int, protection: int
) -> None:
    shape, counts, hidden = case
    found = audit(as_published(shape, counts, hidden), CountDemands(minimum, protection, 2, ()))
    assume(prod(map(len, ranges(counts, hidden))) < 3_000)
    tables = list(consistent(shape, counts, hidden))
    exposed = 0
    for cell in hidden:
        values = {other[cell] for other in tables}
        low, high = min(values), max(values)
        exposed += low < minimum and high >= 1 and high - low < protection
    assert found.exposed == exposed


@settings(max_examples=share(60), deadline=None)
@given(case=published(largest=9), minimum=st.integers(2, 5), protection=st.integers(1, 4))
def test_suppression_hides_every_small_count(
    case: tuple[tuple[int, ...], Counts, frozenset[Labels]], minimum: int, protection: int
) -> None:
    shape, counts, _ = case
    demands = CountDemands(minimum, protection, 2, ())
    chosen = suppress(as_published(shape, counts, frozenset()), demands)
    assert chosen.primary == {cell for cell, count in counts.items() if 0 < count < minimum}
    hidden = chosen.primary | chosen.secondary
    found = audit(as_published(shape, counts, hidden), demands)
    assert (found.small, found.exposed) == (0, 0)
    assert all(counts[cell] for cell in hidden)


def test_counts_that_hide_each_other_are_hidden_together() -> None:
    inner = [3, 9, 12, 8, 11, 7, 20, 6, 1]
    chosen = suppress(as_published((3, 3), counts_of((3, 3), inner), frozenset()), CountDemands(5, 1, 2, ()))
    assert len(chosen.primary) == len(chosen.secondary) == 2
    counts = counts_of((3, 3), inner)
    assert sorted(counts[cell] for cell in chosen.secondary) == [12, 20]


def test_suppression_needs_true_counts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="suppressed or rounded counts already"):
        suppress(linked(table(HEADER, two_way("x"), tmp_path)), DEMANDS)


def test_a_table_that_would_take_hours_is_refused() -> None:
    cells = tuple(PublishedCell((str(at),), 9, 9) for at in range(5_001))
    with pytest.raises(UncheckableError, match="5,001 cells, more than the 5,000"):
        suppress(link([PublishedTable("t", ("d",), cells)], {}, absent_is_zero=True), DEMANDS)
