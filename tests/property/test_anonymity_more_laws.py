"""Special uniques, reference tables and attributes agree with their definitions, and with their laws."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.attributes import attribute_risk
from gatecli.anonymity.measure import measure
from gatecli.anonymity.population.uniqueness import population_uniqueness
from gatecli.anonymity.reference import compare
from gatecli.anonymity.suda import suda
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.model.anonymity import AnonymityQuestion, ClassSize
from gatecli.model.anonymity_risks import ReferenceMeasures, SudaScores
from tests.support import anonymity_risk_oracle as oracle
from tests.support.examples import share
from tests.support.tables import opened

ENGINE = settings(max_examples=share(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = ("age", "zip", "sex", "job", "car")
KINDS = {"age": "int64"}
UNITS = st.sampled_from([None, "person"])
ROWS = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(30, 32),
        "zip": st.none() | st.sampled_from(["01", "1", "02"]),
        "sex": st.sampled_from(["f", "m"]),
        "job": st.sampled_from(["x", "y", "z"]),
        "car": st.sampled_from(["u", "v"]),
        "person": st.sampled_from(["p", "q", "r"]),
    }
)
TABLES = st.lists(ROWS, min_size=1, max_size=16)
Rows = list[dict[str, Any]]


def table(rows: Rows, name: str = "data") -> OpenedTable:
    return opened({column: [row[column] for row in rows] for column in rows[0]}, KINDS, name=name)


def compared(rows: Rows, known: Rows, question: AnonymityQuestion) -> ReferenceMeasures:
    return compare(table(rows), table(known, "register"), question)


def scored(rows: Rows, names: tuple[str, ...], size: int, **question: Any) -> SudaScores:
    return suda(table(rows), AnonymityQuestion(names, **question), size)


@ENGINE
@given(TABLES, st.integers(1, 4), st.integers(1, 5))
def test_special_uniques_are_those_of_the_definition(rows: Rows, size: int, width: int) -> None:
    names = NAMES[:width]
    found = scored(rows, names, size)
    largest = min(size, width)
    each = [oracle.minimal_uniques(row, rows, names, largest) for row in rows]
    scores = [oracle.score(one, width, largest) for one in each]
    sizes = Counter(len(one) for uniques in each for one in uniques)
    assert found.scores == tuple(sorted(Counter(scores).items()))
    assert found.minimal_uniques == tuple(sizes[many] for many in range(1, largest + 1))
    for attribute in found.attributes:
        holding = [[one for one in uniques if attribute.attribute in one] for uniques in each]
        assert attribute.minimal_uniques == sum(map(len, holding))
        share = sum(oracle.score(one, width, largest) for one in holding)
        assert attribute.contribution == Fraction(share, sum(scores) or 1)


@ENGINE
@given(TABLES, st.integers(1, 3))
def test_another_attribute_takes_no_special_unique_away(rows: Rows, size: int) -> None:
    fewer, more = scored(rows, NAMES[:4], size), scored(rows, NAMES, size)
    assert all(one <= two for one, two in zip(fewer.minimal_uniques, more.minimal_uniques, strict=True))
    assert fewer.special_uniques <= more.special_uniques
    assert (fewer.max_score, fewer.mean_score) <= (more.max_score, more.mean_score)


@ENGINE
@given(TABLES)
def test_special_uniques_are_unique_in_the_sample(rows: Rows) -> None:
    found = scored(rows, NAMES[:4], 4)
    assert found.special_uniques == found.sample_uniques
    assert found.sample_uniques == measure(table(rows), AnonymityQuestion(NAMES[:4])).unique_records


@ENGINE
@given(TABLES, st.fractions(Fraction(1, 1000), 1))
def test_dis_suda_is_a_probability_of_every_sample_unique(rows: Rows, fraction: Fraction) -> None:
    found = scored(rows, NAMES[:4], 3, sampling_fraction=fraction)
    assert found.dis is not None
    assert found.dis_scores is not None
    assert found.dis_max is not None
    assert 0 <= found.dis <= 1
    assert 0 <= found.dis_max <= 1
    assert sum(found.dis_scores) == found.sample_uniques


@ENGINE
@given(TABLES, TABLES, UNITS)
def test_a_reference_is_compared_by_definition(rows: Rows, known: Rows, unit: str | None) -> None:
    names = NAMES[:3]
    question = AnonymityQuestion(names, unit=unit)
    found = compared(rows, known, question)
    assert found.k_map == oracle.k_map(rows, known, names, unit)
    assert (found.delta_presence_min, found.delta_presence_max) == oracle.presence(rows, known, names, unit)
    assert found.marketer_risk == oracle.marketer(rows, known, names, unit)
    lacking = oracle.classes(rows, names, unit) - oracle.classes(known, names, unit)
    assert found.excess_records == sum(lacking.values())


@ENGINE
@given(TABLES, TABLES)
def test_k_map_is_at_least_k_where_the_reference_holds_the_table(rows: Rows, others: Rows) -> None:
    question = AnonymityQuestion(NAMES[:3])
    found = compared(rows, [*rows, *others], question)
    measures = measure(table(rows), question)
    assert found.k_map >= measures.k
    assert found.journalist_risk <= measures.max_risk
    assert found.marketer_risk <= measures.average_risk
    assert (found.uncovered_records, found.excess_records) == (0, 0)
    assert 0 <= found.delta_presence_min <= found.delta_presence_max <= 1


@ENGINE
@given(TABLES)
def test_a_table_against_itself_is_all_present(rows: Rows) -> None:
    found = compared(rows, rows, AnonymityQuestion(NAMES[:3]))
    assert {found.delta_presence_min, found.delta_presence_max} == {Fraction(1)}
    assert found.k_map == measure(table(rows), AnonymityQuestion(NAMES[:3])).k


@ENGINE
@given(TABLES)
def test_attributes_tell_rows_apart_by_definition(rows: Rows) -> None:
    names = NAMES[:3]
    found = attribute_risk(table(rows), AnonymityQuestion(names))
    for one in (found.together, *found.each):
        assert one.distinction == oracle.distinction(rows, one.attributes)
        assert one.separation == oracle.separation(rows, one.attributes)
        assert one.separation <= found.together.separation
        assert one.distinction <= found.together.distinction


@given(
    st.dictionaries(st.integers(1, 40), st.integers(1, 500), min_size=1, max_size=6),
    st.fractions(Fraction(1, 10_000), 1),
)
def test_population_uniques_are_between_none_and_those_of_the_sample(
    classes: dict[int, int], fraction: Fraction
) -> None:
    sizes = tuple(ClassSize(size, many, size * many) for size, many in sorted(classes.items()))
    found = population_uniqueness(sizes, fraction)
    if found.uniqueness is not None:
        assert 0 <= found.uniqueness <= Fraction(classes.get(1, 0), sum(item.records for item in sizes))
