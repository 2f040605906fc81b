"""The rules for magnitudes: by hand, and against a plain reading of their definitions."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.anonymity.magnitudes import contributions, given_cells, measure_magnitudes
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import MagnitudeDemands, MagnitudeMeasures
from tests.support.examples import share

HUNDRED = Fraction(100)


def measured(
    folder: Path,
    rows: list[tuple[str, str, str]],
    demands: MagnitudeDemands,
    contributor: str | None = "firm",
) -> MagnitudeMeasures:
    path = folder / "t.csv"
    path.write_text("\n".join(["branch,firm,value", *(",".join(row) for row in rows)]) + "\n")
    with open_table(path) as opened:
        return measure_magnitudes(contributions(opened, ("branch",), "value", contributor), demands, None)


EDGE = [("a", "x", "100"), ("a", "y", "60"), ("a", "z", "10")]


def test_p_percent_is_strict_at_its_edge(tmp_path: Path) -> None:
    """The rest is 10 and x₁ is 100: with p = 10 the estimate is off by exactly 10 %."""
    assert measured(tmp_path, EDGE, MagnitudeDemands(p=Fraction(10))).sensitive == 0
    assert measured(tmp_path, EDGE, MagnitudeDemands(p=Fraction("10.001"))).sensitive == 2  # and the margin


def test_pq_is_p_percent_with_the_ratio(tmp_path: Path) -> None:
    demands = MagnitudeDemands(p=Fraction(6), q=Fraction(50))
    assert measured(tmp_path, EDGE, demands).sensitive == 2
    assert measured(tmp_path, EDGE, MagnitudeDemands(p=Fraction(5), q=Fraction(50))).sensitive == 0


def test_dominance_is_strict_at_its_edge(tmp_path: Path) -> None:
    rows = [("a", "x", "75"), ("a", "y", "25")]
    assert measured(tmp_path, rows, MagnitudeDemands(n=1, k=Fraction(75))).sensitive == 0
    assert measured(tmp_path, rows, MagnitudeDemands(n=1, k=Fraction("74.9"))).sensitive == 2


def test_a_margin_is_a_cell_and_adds_up_what_one_firm_gave(tmp_path: Path) -> None:
    rows = [("a", "x", "5"), ("a", "y", "5"), ("b", "x", "5"), ("b", "z", "5")]
    found = measured(tmp_path, rows, MagnitudeDemands(contributors=3))
    assert (found.cells, found.few) == (3, 2)
    assert measured(tmp_path, rows, MagnitudeDemands(contributors=4), contributor=None).few == 2


def test_the_largest_contributions_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("branch,total,first,second\na,170,100,60\nb,90,30,30\n")
    with open_table(path) as opened:
        cells = given_cells(opened, ("branch",), "total", ("first", "second"))
    assert measure_magnitudes(cells, MagnitudeDemands(p=Fraction(11)), 2).sensitive == 1
    with pytest.raises(UsageError, match="need the 3 largest"):
        measure_magnitudes(cells, MagnitudeDemands(n=3, k=HUNDRED), 2)


@pytest.mark.parametrize(
    ("value", "problem"), [("-1", "negative"), ("", "not a number"), ("a", "not a number")]
)
def test_what_is_not_a_magnitude_is_refused(value: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(UncheckableError, match=problem):
        measured(tmp_path, [("a", "x", value)], MagnitudeDemands(p=Fraction(10)))


@settings(max_examples=share(40), deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9)), min_size=1, max_size=8
    ),
    p=st.integers(1, 99),
    n=st.integers(1, 3),
    k=st.integers(1, 99),
)
def test_the_rules_are_their_definitions(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]], p: int, n: int, k: int
) -> None:
    demands = MagnitudeDemands(p=Fraction(p), n=n, k=Fraction(k))
    typed = [(branch, firm, str(value)) for branch, firm, value in rows]
    found = measured(tmp_path_factory.mktemp("t"), typed, demands)
    cells: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for branch, firm, value in rows:
        cells[branch][firm] += value
        cells["total"][firm] += value
    sensitive = 0
    for each in cells.values():
        values = [*sorted(each.values(), reverse=True), 0, 0]
        total = sum(values)
        sensitive += (
            100 * (total - values[0] - values[1]) < p * values[0] or 100 * sum(values[:n]) > k * total
        )
    assert found.sensitive == sensitive
