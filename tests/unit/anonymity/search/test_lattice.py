"""What is proposed, and the table that follows."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from gatecli.anonymity.hierarchies import Everything, Exact, Hierarchy, Prefix, hierarchy_from_csv
from gatecli.anonymity.measure import measure
from gatecli.anonymity.search import lattice as searching
from gatecli.anonymity.search.generalisation import apply, describe
from gatecli.anonymity.search.lattice import search
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.writing import write
from gatecli.errors import ConfigurationError, NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Scale, Thresholds
from gatecli.model.generalisation import SearchTerms
from tests.support.adult import adult
from tests.support.anonymity_tables import IBIS_WARNS, meets, rows_of, table_of

pytestmark = IBIS_WARNS

ZIPS = {
    "zip": ["02138", "02139", "02141", "02142", "10115", "10117", "10119", "99999"],
    "illness": ["flu", "cold", "flu", "cold", "flu", "cold", "gout", "flu"],
}
KINDS = dict.fromkeys(ZIPS, "string")


def zips() -> Any:
    return table_of(ZIPS, KINDS)


def test_the_least_generalisation_comes_first_and_says_what_it_does() -> None:
    found = search(zips(), ["zip"], ["illness"], Thresholds(k=2, l=2), terms=SearchTerms(Fraction(1, 8)))
    assert describe(found[0]) == "generalise zip to 4 digits (k becomes 2, 12.5 % suppressed)"
    assert describe(found[-1]) == "generalise zip to * (k becomes 8, nothing suppressed)"
    assert [one.least for one in found] == [True, False]


def test_a_table_that_needs_nothing_is_left_alone() -> None:
    (only,) = search(zips(), ["zip"], ["illness"], Thresholds(k=1))
    assert describe(only) == "change nothing"
    assert rows_of(apply(zips(), only)) == rows_of(zips())


def test_suppression_alone_may_be_enough() -> None:
    table = table_of({"sex": ["f", "f", "f", "m"]})
    first, *_ = search(table, ["sex"], [], Thresholds(k=3), terms=SearchTerms(Fraction(1, 4)))
    assert describe(first) == "suppress small classes alone (k becomes 3, 25 % suppressed)"


def test_what_cannot_be_reached_has_no_proposal() -> None:
    assert search(zips(), ["zip"], ["illness"], Thresholds(k=9)) == ()
    assert search(zips(), ["zip"], ["illness"], Thresholds(l=4)) == ()


def test_no_proposal_is_beaten_by_another_in_loss_and_suppression() -> None:
    thresholds = Thresholds(k=5, l=2)
    found = search(table_of(adult(3_000)), ["age", "race", "sex", "education-num"], ["income"], thresholds)
    losses = [one.loss.generalised for one in found]
    assert losses == sorted(losses)
    assert all(one.suppressed > other.suppressed for one, other in pairwise(found))


@pytest.mark.parametrize(
    "thresholds",
    [
        Thresholds(k=5, t=Fraction(1, 4)),
        Thresholds(entropy_l=Fraction(3), alpha=Fraction(1, 2)),
        Thresholds(max_risk=Fraction(1, 20), average_risk=Fraction(1, 50)),
    ],
)
def test_what_a_proposal_promises_holds_in_the_table_that_follows(thresholds: Thresholds) -> None:
    table, quasi = table_of(adult(2_000)), ["age", "sex", "race"]
    found = search(table, quasi, ["occupation", "hours-per-week"], thresholds)
    assert found
    for proposal in found:
        rows = rows_of(apply(table, proposal))
        assert meets(rows, quasi, ["occupation", "hours-per-week"], thresholds)
        sizes = Counter(tuple(row[name] for name in quasi) for row in rows)
        assert min(sizes.values()) == proposal.k >= 1 / (thresholds.max_risk or 1)
        assert Fraction(len(sizes), len(rows)) <= (thresholds.average_risk or 1)


WILD = [
    *[("Bern", "nurse")] * 15,
    *[("Genf", "cook")] * 15,
    ("Oslo", "nurse"),
    ("Rome", "nurse"),
    ("Kyiv", "cook"),
    ("Lima", "cook"),
]


def wild() -> Any:
    return table_of(dict(zip(("city", "job"), map(list, zip(*WILD, strict=True)), strict=True)))


def test_four_wild_cells_do_not_cost_a_column() -> None:
    first, second, *_ = search(wild(), ["city", "job"], [], Thresholds(k=3), terms=SearchTerms(cells=True))
    assert describe(first) == "suppress 6 cells of city (k becomes 3, nothing suppressed)"
    assert second.cells == ()
    assert first.loss.generalised == pytest.approx(6 / 68)
    written = rows_of(apply(wild(), first))
    held = Counter((row["city"], row["job"]) for row in written)
    assert held == {("Bern", "nurse"): 14, ("Genf", "cook"): 14, ("*", "nurse"): 3, ("*", "cook"): 3}


def test_cells_stay_where_they_may_not_be_suppressed() -> None:
    assert not any(any(one.cells) for one in search(wild(), ["city", "job"], [], Thresholds(k=3)))


def test_a_row_of_which_nothing_would_be_shown_is_a_suppressed_row() -> None:
    table = table_of({"city": ["Bern"] * 9 + ["Oslo", "Rome"]})
    (only,) = search(table, ["city"], [], Thresholds(k=2), terms=SearchTerms(Fraction(0), cells=True))
    assert describe(only) == "generalise city to * (k becomes 11, nothing suppressed)"


def test_whole_classes_have_their_cells_suppressed_where_values_matter() -> None:
    table = table_of(
        {
            "city": [city for city, _ in WILD],
            "job": [job for _, job in WILD],
            "ill": [("flu", "cold", "gout")[at % 3] for at in range(len(WILD))],
        }
    )
    limits = Thresholds(k=2, l=2)
    found = search(table, ["city", "job"], ["ill"], limits, terms=SearchTerms(Fraction(0), cells=True))
    for each in found:
        assert meets(rows_of(apply(table, each)), ["city", "job"], ["ill"], limits)


def test_losses_are_those_of_the_papers() -> None:
    """Worked by hand: 8 values of zip, bands of 4 digits, one row of eight suppressed."""
    first, *_ = search(zips(), ["zip"], [], Thresholds(k=2), terms=SearchTerms(Fraction(1, 8)))
    # 02138 02139 | 02141 02142 | 10115 10117 10119 | 99999 suppressed
    assert first.loss.generalised == pytest.approx((4 * (1 / 7) + 3 * (2 / 7) + 1) / 8)
    assert first.loss.certainty == pytest.approx((4 * (2 / 8) + 3 * (3 / 8) + 1) / 8)
    assert first.loss.entropy == pytest.approx((4 * 1 + 3 * 1.584962500721156 + 3) / 24)
    assert first.loss.discernibility == 4 + 4 + 9 + 1 * 8
    assert first.loss.average_class == Fraction(7, 3 * 2)


def test_a_range_of_numbers_is_lost_by_its_share_of_the_whole() -> None:
    table = table_of({"age": [20, 24, 50, 60]})
    first, *_ = search(table, ["age"], [], Thresholds(k=2), terms=SearchTerms(Fraction(0)))
    # [20, 40) covers 4 of 40 years, [40, 60) none, 60 stands alone: only 40-year bands hold two and two
    assert describe(first) == "generalise age to 40-year bands (k becomes 2, nothing suppressed)"
    assert first.loss.certainty == first.loss.generalised == pytest.approx((2 * 4 + 2 * 10) / 40 / 4)


def test_hierarchies_of_a_user_are_taken_before_proposed_ones() -> None:
    hierarchy = hierarchy_from_csv("illness", "flu;airways\ncold;airways\ngout;joints\n")
    first, *_ = search(
        zips(), ["illness"], [], Thresholds(k=7), [hierarchy], terms=SearchTerms(Fraction(1, 8))
    )
    assert describe(first).startswith("generalise illness to level 1 of its hierarchy (k becomes 7")


def test_a_hierarchy_that_misses_values_is_refused_without_naming_them() -> None:
    hierarchy = hierarchy_from_csv("illness", "flu;airways\n")
    with pytest.raises(ConfigurationError, match="misses 2 of its 3 values") as refused:
        search(zips(), ["illness"], [], Thresholds(k=2), [hierarchy])
    assert "gout" not in str(refused.value)


def test_levels_that_do_not_nest_are_refused() -> None:
    wrong = Hierarchy("zip", (Exact(), Prefix(3), Prefix(4), Everything()))
    with pytest.raises(ConfigurationError, match="level 2 of the hierarchy of zip splits what level 1 joins"):
        search(zips(), ["zip"], [], Thresholds(k=2), [wrong])


@pytest.mark.parametrize(
    ("quasi", "sensitive", "thresholds", "most", "scales"),
    [
        ([], ["illness"], Thresholds(k=2), Fraction(0), {}),
        (["zip", "zip"], [], Thresholds(k=2), Fraction(0), {}),
        (["zip"], ["zip"], Thresholds(k=2), Fraction(0), {}),
        (["zip"], [], Thresholds(l=2), Fraction(0), {}),
        (["zip"], [], Thresholds(k=2), Fraction(1), {}),
        (["zip"], ["illness"], Thresholds(t=Fraction(1)), Fraction(0), {"illness": Scale.HIERARCHICAL}),
    ],
)
def test_a_question_that_means_nothing_is_refused(
    quasi: list[str], sensitive: list[str], thresholds: Thresholds, most: Fraction, scales: dict[str, Scale]
) -> None:
    with pytest.raises(UsageError):
        search(zips(), quasi, sensitive, thresholds, terms=SearchTerms(most), scales=scales)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(NothingToCheckError, match="no rows"):
        search(table_of({"a": []}, {"a": "int64"}), ["a"], [], Thresholds(k=2))


def test_a_text_is_ordered_where_it_was_measured_as_numbers() -> None:
    table = table_of({"q": ["a", "a", "b", "b"], "pay": ["9", "100", "10", "8"]})
    far = Thresholds(t=Fraction(1, 3))
    ordered = search(
        table, ["q"], ["pay"], far, terms=SearchTerms(Fraction(0)), scales={"pay": Scale.NUMERIC}
    )
    unordered = search(table, ["q"], ["pay"], far, terms=SearchTerms(Fraction(0)))
    assert (ordered[0].node, unordered[0].node) == ((0,), (1,))


def test_a_search_that_gives_up_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "WORK", 2)
    found = search(table_of(adult(500)), ["age", "race", "education-num"], [], Thresholds(k=5))
    assert not any(one.least for one in found)


def test_names_with_quotes_and_sql_are_columns_like_any_other() -> None:
    name = "a\"'; drop table t; --"
    table = table_of({name: ["x", "x", "y"]})
    first, *_ = search(table, [name], [], Thresholds(k=2), terms=SearchTerms(Fraction(1, 3)))
    assert rows_of(apply(table, first)) == [{name: "x"}, {name: "x"}]


def test_missing_values_are_a_value_of_their_own_and_can_be_suppressed() -> None:
    table = table_of({"a": [None, *[1.5] * 6, float("nan")], "b": ["x", *[None] * 6, "y"]})
    first, *_ = search(table, ["a", "b"], [], Thresholds(k=2), terms=SearchTerms(Fraction(1, 4)))
    assert rows_of(apply(table, first)) == [{"a": 1.5, "b": None}] * 6


def test_another_table_is_suppressed_by_its_own_counts_or_refused() -> None:
    first, *_ = search(zips(), ["zip"], [], Thresholds(k=2), terms=SearchTerms(Fraction(1, 8)))
    other = table_of({"zip": ["02138", "02139", "55555", "66666"], "illness": ["flu"] * 4}, KINDS)
    with pytest.raises(UncheckableError, match="no longer meets its thresholds"):
        apply(other, first)
    assert len(rows_of(apply(other, first, max_suppression=Fraction(1, 2)))) == 2


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_written_file_replaces_another_and_leaves_nothing_beside_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("before")
    write(zips(), path)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    if name.endswith(".csv"):
        assert path.read_text().splitlines()[0] == "zip,illness"
    else:
        assert pyarrow.parquet.read_table(path).to_pydict() == ZIPS


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"out\.docx does not name a format"):
        write(zips(), tmp_path / "out.docx")
    with pytest.raises(UncheckableError, match="cannot be written"):
        write(zips(), tmp_path / "nowhere" / "out.csv")


def test_the_gate_measures_what_was_proposed() -> None:
    table, quasi = table_of(adult(1_500)), ("age", "sex", "race")
    limits = Thresholds(k=4, l=3, t=Fraction(2, 5))
    first, *_ = search(table, quasi, ["occupation", "hours-per-week"], limits)
    applied = apply(table, first)
    columns = {name: str(kind) for name, kind in applied.schema().items()}
    opened = OpenedTable("t", applied, "duckdb", columns, "", "")
    found = measure(opened, AnonymityQuestion(quasi, ("occupation", "hours-per-week")))
    assert (found.k, found.classes, found.records) == (first.k, first.classes, first.rows - first.suppressed)
    assert all(each.l >= 3 and each.t <= Fraction(2, 5) for each in found.by_sensitive)


def locally(table: Any, columns: list[str], k: int, **known: Any) -> Any:
    (*_, last) = search(table, columns, [], Thresholds(k=k), terms=SearchTerms(local=True, **known))
    return last


def test_local_recoding_is_the_last_proposal_where_it_loses_less() -> None:
    pays = table_of({"pay": [20, 20, 21, 21, 40, 60]})
    chosen = locally(pays, ["pay"], 2)
    assert describe(chosen) == "recode locally pay (k becomes 2, nothing suppressed)"
    assert (chosen.k, chosen.suppressed, chosen.classes) == (2, 0, 3)
    others = search(pays, ["pay"], [], Thresholds(k=2))
    assert all(chosen.loss.generalised < each.loss.generalised for each in others)
    assert Counter(row["pay"] for row in rows_of(apply(pays, chosen))) == {"20": 2, "21": 2, ">=40": 2}


def test_local_recoding_of_many_classes_takes_more_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "RECODED_CLASSES", 2)
    pays = table_of({"pay": [20, 20, 21, 21, 40, 60]})
    assert not locally(pays, ["pay"], 2).ladders
    assert locally(pays, ["pay"], 2, effort=Fraction(2)).ladders


def test_local_recoding_is_left_out_where_nothing_has_to_change() -> None:
    assert describe(locally(table_of({"age": [20, 20, 30, 30]}), ["age"], 2)) == "change nothing"


def test_missing_values_that_are_enough_are_a_class_of_their_own() -> None:
    ages = table_of({"age": [None, None, 20, 21, 22, 23, 24, 25]})
    chosen = locally(ages, ["age"], 2)
    assert Counter(row["age"] for row in rows_of(apply(ages, chosen))) == {
        None: 2,
        "<22": 2,
        "[22, 24)": 2,
        ">=24": 2,
    }


def test_one_missing_value_is_hidden_among_others() -> None:
    ages = table_of({"age": [None, 20, 21, 22, 23]})
    chosen = locally(ages, ["age"], 2)
    assert Counter(row["age"] for row in rows_of(apply(ages, chosen))) == {"*": 2, ">=21": 3}
