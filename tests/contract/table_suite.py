"""What every engine promises: the same table has the same measures. A subclass opens it in its engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from traceback import format_exception
from typing import Any

import pytest

from gatecli.anonymity.attributes import attribute_risk
from gatecli.anonymity.hierarchies import Bands, column_of, generalised_column
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.measure import measure
from gatecli.anonymity.reference import compare
from gatecli.anonymity.search.generalisation import apply
from gatecli.anonymity.search.proposals import propose
from gatecli.anonymity.suda import suda
from gatecli.anonymity.tables.functions import constant, nothing, rows
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import (
    AnonymityQuestion,
    Doubt,
    Measures,
    Missing,
    Scale,
    Thresholds,
    ValueCode,
)
from gatecli.model.generalisation import SearchTerms
from tests.support.anonymity_oracle import ALL, Oracle
from tests.support.anonymity_risk_oracle import distinction, minimal_uniques, separation
from tests.support.anonymity_weight_oracle import WeightOracle
from tests.support.tables import endless, rows_of

NASTY = 'di"sease; DROP TABLE data; --'
COLUMNS: dict[str, list[Any]] = {
    "age": [34, 34, 34, 51, 51, 51, 51, None, 34, 8],
    "zip": ["01234", "01234", "01234", "9", "9", "9", "9", "9", None, "01234"],
    NASTY: ["flu", "flu", "cold", "flu", "gout", "cold", "cold", "flu", "cold", None],
    "income": [1.5, 20.0, 20.0, -3.0, 1.5, 1000.0, 7.0, 7.0, None, 1.5],
    "person": ["a", "b", "c", "d", "e", "e", "f", "g", "h", "i"],
}
KINDS = {"age": "int64", "income": "float64"}
TREE = {"flu": ("infection",), "cold": ("infection",), "gout": ("metabolic",)}


class TableSuite:
    @pytest.fixture(name="opened")
    def table(self) -> OpenedTable:
        """`COLUMNS` in the engine."""
        raise NotImplementedError

    @staticmethod
    def endless(table: Any) -> Any:
        """A table with the column `age` that the engine does not count in a test's time."""
        return endless(table, "age")

    @staticmethod
    def ask(opened: OpenedTable, sensitive: str, **question: Any) -> Measures:
        return measure(opened, AnonymityQuestion(("age", "zip"), (sensitive,), **question))

    @staticmethod
    def oracle(sensitive: str, **known: Any) -> Oracle:
        return Oracle(rows_of(COLUMNS), ("age", "zip"), sensitive, **known)

    def test_the_columns_and_the_engine_are_known(self, opened: OpenedTable) -> None:
        assert set(opened.columns) == set(COLUMNS)
        assert len(opened.digest) == 64

    def test_classes_are_counted(self, opened: OpenedTable) -> None:
        found = measure(opened, AnonymityQuestion(("age", "zip")))
        assert (found.records, found.classes, found.k, found.unique_records) == (10, 5, 1, 3)
        assert found.missing == {"age": 1, "zip": 1}

    def test_a_categorical_attribute_is_measured(self, opened: OpenedTable) -> None:
        (found,) = self.ask(opened, NASTY).by_sensitive
        oracle = self.oracle(NASTY)
        assert found.scale is Scale.CATEGORICAL
        assert (found.l, found.alpha, found.t) == (
            oracle.distinct_l(),
            oracle.alpha(),
            oracle.total_variation(),
        )
        assert (found.basic_beta, found.recursive_c) == (oracle.basic_beta(), oracle.recursive_c(2))

    def test_a_numeric_attribute_is_measured_over_its_ranks(self, opened: OpenedTable) -> None:
        (found,) = self.ask(opened, "income").by_sensitive
        assert found.scale is Scale.NUMERIC
        assert found.t == self.oracle("income").ordered_t()

    def test_classes_of_several_values_are_compared(self, opened: OpenedTable) -> None:
        known = [row for row in rows_of(COLUMNS) if row["age"] in (34, 51) and row["zip"]]
        kept = opened.table.filter(opened.table["age"].isin([34, 51]) & opened.table["zip"].notnull())
        part = OpenedTable(opened.name, kept, opened.engine, opened.columns, opened.digest, opened.digest_of)
        for sensitive in (NASTY, "income"):
            (found,) = self.ask(part, sensitive, recursive_l=3 if sensitive == "income" else 2).by_sensitive
            oracle = Oracle(known, ("age", "zip"), sensitive)
            assert found.t == (oracle.ordered_t() if sensitive == "income" else oracle.total_variation())
            assert float(found.entropy_l) == pytest.approx(oracle.entropy_l(), rel=1e-9)
            assert float(found.delta_disclosure) == pytest.approx(oracle.delta_disclosure(), rel=1e-9)
            assert found.recursive_c == oracle.recursive_c(found.recursive_l)

    def test_a_hierarchical_attribute_is_measured_over_its_tree(self, opened: OpenedTable) -> None:
        (found,) = self.ask(opened, NASTY, hierarchies={NASTY: TREE}).by_sensitive
        assert found.t == self.oracle(NASTY, tree=TREE).hierarchical_t()

    def test_a_missing_value_may_be_anything_where_that_is_the_policy(self, opened: OpenedTable) -> None:
        found = self.ask(opened, NASTY, missing=Missing.WILDCARD)
        oracle = self.oracle(NASTY, wildcard=True)
        assert min(size for size, _ in oracle.sizes()) == found.k
        assert found.by_sensitive[0].t == oracle.total_variation()

    def test_people_are_counted_instead_of_rows(self, opened: OpenedTable) -> None:
        found = self.ask(opened, NASTY, unit="person")
        sizes = self.oracle(NASTY, unit="person").sizes()
        assert (found.records, found.units) == (10, 9)
        assert found.average_risk == Fraction(len(sizes), sum(size for size, _ in sizes))

    @pytest.mark.parametrize(("asked", "known"), [({"trajectory": True}, ALL), ({"known": 2}, 2)])
    def test_rows_of_a_person_are_known_together(
        self, opened: OpenedTable, asked: dict[str, Any], known: int
    ) -> None:
        found = self.ask(opened, NASTY, unit="person", household="income", **asked)
        oracle = self.oracle(NASTY, unit="person", known=known)
        assert {item.size: item.records for item in found.sizes if item.records} == Counter(
            oracle.exposed("person").values()
        )
        assert (found.by_sensitive[0].l, found.by_sensitive[0].t) == (
            oracle.distinct_l(),
            oracle.total_variation(),
        )
        assert found.household_risk is not None

    @pytest.mark.parametrize(
        ("low", "middle", "high", "doubt"),
        [
            ("08.10.1999", "13.1.2000 9:15", "13.1.2000 10:30", None),
            ("99", "123,25", "1.234,5", None),
            ("1999-10-08T10:30:00.25Z", "1999-10-08T10:30:00.5Z", "2000-01-01", None),
            ("01/10/1999", "10/08/1999", "11/09/1999", Doubt.AMBIGUOUS_DATES),
            ("4", "12.100", "999", Doubt.AMBIGUOUS_NUMBERS),
        ],
    )
    def test_text_is_read_as_it_is_written(
        self, opened: OpenedTable, low: str, middle: str, high: str, doubt: Doubt | None
    ) -> None:
        """Two persons hold the ends; ordered by the text, the middle would be one of them."""
        person = opened.table["person"]
        text = (person == "a").ifelse(low, (person == "h").ifelse(high, middle))
        part = replace(
            opened, table=opened.table.mutate(written=text), columns={**opened.columns, "written": ""}
        )
        (found,) = measure(part, AnonymityQuestion(("person",), ("written",))).by_sensitive
        rows_ = [{**row, "written": {"a": 0, "h": 2}.get(str(row["person"]), 1)} for row in rows_of(COLUMNS)]
        oracle = Oracle(rows_, ("person",), "written")
        assert (found.doubt, found.t) == (doubt, oracle.total_variation() if doubt else oracle.ordered_t())

    @pytest.mark.parametrize(
        ("one", "other", "shown"),
        [
            ("08.10.1999", "13.1.2000 9:15", ("08.10.1999", "1999-10", "1999-Q4", "1999", "1990s")),
            ("10/28/1999", "1/2/2000 PM", ("10/28/1999", "1999-10", "1999-Q4", "1999", "1990s")),
            ("19991008", "20000102", ("19991008", "1999-10", "1999-Q4", "1999", "1990s")),
            ("10/08/1999", "01/02/2000", ("1999", "1990s")),
        ],
    )
    def test_local_dates_are_generalised_alike(
        self, opened: OpenedTable, one: str, other: str, shown: tuple[str, ...]
    ) -> None:
        table = opened.table.mutate(born=(opened.table["person"] == "a").ifelse(one, other))
        (hierarchy,) = proposed_hierarchies(table, ["born"])
        levels = {
            f"l{at}": generalised_column(table["born"], level)
            for at, level in enumerate(hierarchy.levels[1:-1])
        }
        found = rows(table.filter(table["born"] == one).select(**levels).distinct())
        assert found == [{f"l{at}": text for at, text in enumerate(shown)}]

    @pytest.mark.parametrize("kind", ["float64", "string"])
    def test_sampling_weights_give_the_risks_of_a_sample(self, opened: OpenedTable, kind: str) -> None:
        """A person's weight follows from who it is: 541.3 people, or 18.25."""
        person = opened.table["person"]
        weight = person.isin(["a", "d", "g"]).ifelse("541.3", "18.25")
        table = opened.table.mutate(weight=weight.cast(kind))
        part = replace(opened, table=table, columns={**opened.columns, "weight": ""})
        known = [
            {**row, "w": "541.3" if row["person"] in {"a", "d", "g"} else "18.25"} for row in rows_of(COLUMNS)
        ]
        for unit, missing in (
            (None, Missing.OWN_VALUE),
            ("person", Missing.OWN_VALUE),
            (None, Missing.WILDCARD),
        ):
            question = AnonymityQuestion(
                ("age", "zip"), (NASTY,), missing, unit=unit, household="income", weights="weight"
            )
            found = measure(part, question).weighted
            oracle = WeightOracle(
                known,
                ("age", "zip"),
                unit=unit,
                household="income",
                is_wildcard=missing is Missing.WILDCARD,
            )
            assert found is not None
            assert float(found.expected) == pytest.approx(float(oracle.expected()), rel=2e-11)
            assert float(found.max_risk) == pytest.approx(float(oracle.highest()), rel=2e-11)
            assert float(found.max_household_risk or 0) == pytest.approx(
                float(max(oracle.households())), rel=2e-11
            )

    @pytest.mark.parametrize(
        ("weight", "problem"),
        [
            ("0", "1 weight in 'weight' is not above 0"),
            ("-3", "1 weight in 'weight' is not above 0"),
            ("1e11", "1 weight in 'weight' is above 10,000,000,000"),
            ("two", "1 weight in 'weight' is not numeric"),
            (None, "1 weight in 'weight' is missing"),
        ],
    )
    def test_a_weight_that_says_nothing_is_uncheckable(
        self, opened: OpenedTable, weight: str | None, problem: str
    ) -> None:
        person = opened.table["person"]
        wrong = nothing("string") if weight is None else constant(weight, "string")
        table = opened.table.mutate(weight=(person == "a").ifelse(wrong, "2.5"))
        part = replace(opened, table=table, columns={**opened.columns, "weight": ""})
        with pytest.raises(UncheckableError, match=problem):
            measure(part, AnonymityQuestion(("age", "zip"), weights="weight"))

    def test_few_integers_are_categories_unless_a_scale_is_stated(self, opened: OpenedTable) -> None:
        person = opened.table["person"]
        coded = (person == "a").ifelse(1, (person == "h").ifelse(3, 2))
        part = replace(
            opened, table=opened.table.mutate(coded=coded), columns={**opened.columns, "coded": ""}
        )
        (found,) = measure(part, AnonymityQuestion(("person",), ("coded",))).by_sensitive
        assert (found.scale, found.doubt) == (Scale.CATEGORICAL, Doubt.FEW_INTEGERS)

    def test_a_code_stands_for_a_missing_value(self, opened: OpenedTable) -> None:
        named = (ValueCode("9", "zip"), ValueCode("8"))
        found = measure(opened, AnonymityQuestion(("age", "zip"), (NASTY,), missing_codes=named))
        assert found.missing == {"age": 2, "zip": 6, NASTY: 1}

    def test_a_row_that_is_suppressed_is_in_no_class(self, opened: OpenedTable) -> None:
        named = (ValueCode("51"), ValueCode("9"))
        found = measure(opened, AnonymityQuestion(("age", "zip"), suppressed_codes=named))
        assert (found.records, found.suppressed) == (5, 5)

    def test_a_value_that_looks_like_a_code_is_suggested(self, opened: OpenedTable) -> None:
        person = opened.table["person"]
        table = opened.table.mutate(zip=(person == "a").ifelse("?", "9"), age=(person == "b").ifelse(-9, 8))
        found = measure(replace(opened, table=table), AnonymityQuestion(("age", "zip"), (NASTY,)))
        assert found.suspected_codes == {"age": ("-9",), "zip": ("?",)}

    def test_case_and_blanks_count_unless_normalised(self, opened: OpenedTable) -> None:
        table = opened.table.mutate(zip=(opened.table["person"] == "a").ifelse(" 9 X", "9 x "))
        mixed = OpenedTable("mixed", table, opened.engine, opened.columns, "", "")
        exact = measure(mixed, AnonymityQuestion(("zip",)))
        loose = measure(mixed, AnonymityQuestion(("zip",), normalise=True))
        assert (exact.classes, loose.classes) == (2, 1)

    def test_a_table_is_its_own_reference(self, opened: OpenedTable) -> None:
        found = compare(opened, opened, AnonymityQuestion(("age", "zip")))
        assert (found.k_map, found.records, found.classes, found.uncovered_records) == (1, 10, 5, 0)
        assert {found.delta_presence_min, found.delta_presence_max} == {Fraction(1)}

    def test_attributes_are_told_apart(self, opened: OpenedTable) -> None:
        found = attribute_risk(opened, AnonymityQuestion(("age", "zip")))
        for one in (found.together, *found.each):
            assert one.distinction == distinction(rows_of(COLUMNS), one.attributes)
            assert one.separation == separation(rows_of(COLUMNS), one.attributes)

    def test_special_uniques_are_scored(self, opened: OpenedTable) -> None:
        found = suda(opened, AnonymityQuestion(("age", "zip", "income")))
        uniques = [
            minimal_uniques(row, rows_of(COLUMNS), ("age", "zip", "income"), 3) for row in rows_of(COLUMNS)
        ]
        assert sum(found.minimal_uniques) == sum(map(len, uniques))

    @pytest.mark.filterwarnings("ignore:The copy keyword")  # of pyspark, about pandas 4
    def test_what_would_mend_it_is_found_and_holds(self, opened: OpenedTable) -> None:
        asked = AnonymityQuestion(("age", "income"))
        (first, *_) = propose(opened, asked, Thresholds(k=2), terms=SearchTerms(Fraction(1, 2))).proposals
        mended = rows(apply(opened.table, first, max_suppression=Fraction(1, 2)))
        assert min(Counter((row["age"], row["income"]) for row in mended).values()) >= 2

    @pytest.mark.parametrize(
        ("column", "band"), [("age", "[30, 35)"), ("income", "[0, 5)")], ids=["integer", "float"]
    )
    def test_a_band_is_written_alike(self, opened: OpenedTable, column: str, band: str) -> None:
        bands = generalised_column(column_of(opened.table, column), Bands(Fraction(5), Fraction(5)))
        written = rows(opened.table.select(person=opened.table["person"], band=bands))
        assert {one["person"]: one["band"] for one in written}["a"] == band

    def test_a_column_that_is_not_there_is_a_usage_error(self, opened: OpenedTable) -> None:
        with pytest.raises(UsageError, match="has no column 'zipp'") as caught:
            measure(opened, AnonymityQuestion(("zipp",)))
        assert caught.value.advice == "did you mean 'zip'?"

    def test_what_runs_past_its_time_is_stopped_and_the_engine_lives(self, opened: OpenedTable) -> None:
        late = replace(opened, table=self.endless(opened.table), timeout=0.3)
        with pytest.raises(UncheckableError, match=r"not measured within 0\.3 s"):
            measure(late, AnonymityQuestion(("age",)))
        assert measure(opened, AnonymityQuestion(("age",))).records == 10

    def test_a_cell_that_an_engine_stumbles_on_is_not_quoted(self, opened: OpenedTable) -> None:
        table = opened.table
        broken = table.mutate(age=("Zweistein " + table["person"]).cast("int64"))
        with pytest.raises(UncheckableError) as caught:
            measure(replace(opened, table=broken), AnonymityQuestion(("age",)))
        assert "Zweistein" not in "".join(format_exception(caught.value)) + caught.value.advice
