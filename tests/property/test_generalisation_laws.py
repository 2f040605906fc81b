"""Laws of discovery and of generalisation, against brute force on small tables."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.discovery import minimal_combinations as walk
from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.discovery.minimal_combinations import minimal_combinations
from gatecli.anonymity.discovery.partitions import count_combination
from gatecli.anonymity.hierarchies import Hierarchy, band_hierarchy, generalised_column, hierarchy_from_csv
from gatecli.anonymity.search.classes import regroup_classes
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.generalisation import apply
from gatecli.anonymity.search.lattice import search
from gatecli.anonymity.tables.writing import write
from gatecli.model.anonymity import Thresholds
from gatecli.model.generalisation import SearchTerms
from tests.property.strategies import anonymity_demands
from tests.support.anonymity_tables import IBIS_WARNS, meets, rows_of, table_of
from tests.support.examples import share

pytestmark = IBIS_WARNS

FEW = settings(max_examples=share(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])

codes = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.integers(0, 3) for _ in range(width)]).map(list), min_size=1, max_size=12
    )
)

KINDS = {"age": "int64", "city": "string", "illness": "string", "pay": "int64"}
CITIES = "Bern;west;*\nGenf;west;*\nWien;east;*\nLinz;east;*\n"
HIERARCHIES = (
    band_hierarchy("age", [Fraction(5), Fraction(10), Fraction(20)]),
    hierarchy_from_csv("city", CITIES),
)

records = st.lists(
    st.tuples(
        st.none() | st.integers(-3, 40),
        st.none() | st.sampled_from(["Bern", "Genf", "Wien", "Linz"]),
        st.none() | st.sampled_from(["flu", "cold", "gout"]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=30,
)

limits = anonymity_demands()


def table(rows: list[tuple[Any, ...]]) -> Any:
    return table_of(dict(zip(KINDS, zip(*rows, strict=True), strict=True)), KINDS)


def pairs(rows: list[list[int]], columns: tuple[int, ...]) -> int:
    sizes = Counter(tuple(row[column] for column in columns) for row in rows).values()
    return sum(size * (size - 1) // 2 for size in sizes)


@given(codes, st.integers(1, 4), st.integers(0, 8))
@settings(max_examples=share(200), deadline=None)
def test_minimal_combinations_are_those_of_brute_force(
    rows: list[list[int]], widest: int, allowed: int
) -> None:
    width = len(rows[0])
    columns = [np.array([row[at] for row in rows], np.int64) for at in range(width)]
    found = minimal_combinations(columns, len(rows), widest, allowed)
    for limit, answer in ((0, found.unique), (allowed, found.almost)):
        meeting = [
            chosen
            for size in range(1, widest + 1)
            for chosen in combinations(range(width), size)
            if pairs(rows, chosen) <= limit
        ]
        minimal = [one for one in meeting if not any({*other} < {*one} for other in meeting)]
        assert list(answer) == minimal


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(0, 400))
@settings(max_examples=share(60), deadline=None)
def test_minimal_combinations_tried_on_the_largest_classes_first_are_those_of_brute_force(
    seed: int, widest: int, allowed: int
) -> None:
    random = np.random.default_rng(seed)
    number, width = int(random.integers(40, 160)), int(random.integers(2, 7))
    skews, spans = random.integers(1, 5, width), random.choice([2, 5, 20, 60], width)
    columns = [
        (random.random(number) ** skew * span).astype(np.int64)
        for skew, span in zip(skews.tolist(), spans.tolist(), strict=True)
    ]
    rows = np.stack(columns, axis=1).tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "FEWEST_ROWS", 8)
        found = minimal_combinations(columns, number, widest, allowed)
    every = [chosen for size in range(1, widest + 1) for chosen in combinations(range(width), size)]
    together = {chosen: pairs(rows, chosen) for chosen in every}
    for limit, answer in ((0, found.unique), (allowed, found.almost)):
        meeting = [chosen for chosen in every if together[chosen] <= limit]
        assert list(answer) == [one for one in meeting if not any({*other} < {*one} for other in meeting)]
    assert {chosen: counts.pairs for chosen, counts in found.counts.items()} == {
        chosen: together[chosen] for chosen in {*found.unique, *found.almost}
    }


@given(codes)
def test_a_combination_is_counted_as_by_brute_force(rows: list[list[int]]) -> None:
    every = tuple(range(len(rows[0])))
    columns = [np.array([row[at] for row in rows], np.int64) for at in every]
    sizes = Counter(map(tuple, rows)).values()
    counts = count_combination(columns, every, len(rows))
    alone = sum(size == 1 for size in sizes)
    assert (counts.distinct, counts.unique_rows, counts.pairs) == (len(sizes), alone, pairs(rows, every))


@given(records)
@FEW
def test_discovery_finds_the_same_whatever_the_order_of_the_rows(rows: list[tuple[Any, ...]]) -> None:
    assert discover(table(rows)) == discover(table(rows[::-1]))


@given(
    records,
    limits | st.builds(Thresholds, k=st.integers(2, 5)),
    st.sampled_from([Fraction(0), Fraction(1, 5), Fraction(1, 2)]),
    st.booleans(),
)
@settings(FEW, max_examples=share(80))
def test_a_proposal_meets_the_thresholds_when_it_is_applied(
    rows: list[tuple[Any, ...]],
    thresholds: Thresholds,
    most: Fraction,
    cells: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    source = table(rows)
    quasi, sensitive = ("age", "city"), ("illness", "pay")
    proposals = search(
        source, quasi, sensitive, thresholds, HIERARCHIES, terms=SearchTerms(most, cells=cells)
    )
    for proposal in proposals:
        applied = rows_of(apply(source, proposal, max_suppression=most))
        assert len(applied) == len(rows) - proposal.suppressed
        assert proposal.suppression <= most
        assert meets(applied, quasi, sensitive, thresholds)
        sizes = Counter((row["age"], row["city"]) for row in applied)
        assert (proposal.k, proposal.classes) == (min(sizes.values()), len(sizes))


@given(records, st.integers(1, 5), st.integers(1, 2))
@FEW
def test_the_first_proposal_loses_least_of_all_nodes(rows: list[tuple[Any, ...]], k: int, l: int) -> None:  # noqa: E741 - the field's name
    """Every node of the lattice is tried by hand, with k and l alone."""
    source = table(rows)
    most = Fraction(1, 4)
    found = search(
        source, ("age", "city"), ("illness",), Thresholds(k=k, l=l), HIERARCHIES, terms=SearchTerms(most)
    )
    base = fetch(source, HIERARCHIES, ("illness",), {})
    losses = []
    for node in product(*(range(len(hierarchy.levels)) for hierarchy in HIERARCHIES)):
        classes = regroup_classes(base, base.classes, node)
        distinct = np.bincount(classes.sensitive[0].classes, minlength=len(classes.sizes))
        kept = (classes.sizes >= k) & (distinct >= l)
        left = int(classes.sizes[kept].sum())
        if left and len(rows) - left <= most * len(rows):
            cells = sum(
                float((classes.sizes * kept * dimension.extent[level][raw]).sum())
                for dimension, level, raw in zip(base.dimensions, node, classes.members, strict=True)
            )
            losses.append((cells + 2 * (len(rows) - left)) / (2 * len(rows)))
    assert bool(found) == bool(losses)
    if found:
        assert abs(found[0].loss.generalised - min(losses)) < 1e-12
        assert found[0].least


@given(records)
@FEW
def test_a_coarser_level_never_has_a_smaller_k(rows: list[tuple[Any, ...]]) -> None:
    source = table(rows)
    base = fetch(source, HIERARCHIES, (), {})
    for node in product(range(4), range(2)):
        fine = regroup_classes(base, base.classes, node).sizes.min()
        for coarser in ((node[0] + 1, node[1]), (node[0], node[1] + 1)):
            assert regroup_classes(base, base.classes, coarser).sizes.min() >= fine


@given(records, st.tuples(st.integers(0, 4), st.integers(0, 2)))
@FEW
def test_classes_at_a_node_are_those_that_the_engine_counts(
    rows: list[tuple[Any, ...]], node: tuple[int, int]
) -> None:
    source = table(rows)
    base = fetch(source, HIERARCHIES, ("illness",), {})
    direct = regroup_classes(base, base.classes, node)
    halfway = regroup_classes(base, base.classes, (node[0] // 2, node[1] // 2))
    coarse = source.mutate(
        **{
            one.column: generalised_column(source[one.column], one.levels[level])
            for one, level in zip(HIERARCHIES, node, strict=True)
        }
    )
    counted_by_engine = Counter((row["age"], row["city"]) for row in rows_of(coarse))
    assert sorted(direct.sizes.tolist()) == sorted(counted_by_engine.values())
    assert sorted(regroup_classes(base, halfway, node).sizes.tolist()) == sorted(counted_by_engine.values())


@given(records)
@settings(FEW, max_examples=share(8))
def test_the_same_question_has_the_same_answer_in_the_same_order(rows: list[tuple[Any, ...]]) -> None:
    first, second = (
        search(
            table(order),
            ("age", "city"),
            ("pay",),
            Thresholds(k=2),
            HIERARCHIES,
            terms=SearchTerms(Fraction(1, 2)),
        )
        for order in (rows, rows[::-1])
    )
    assert first == second


@given(records)
@settings(FEW, max_examples=share(8))
def test_a_written_table_meets_the_thresholds(rows: list[tuple[Any, ...]]) -> None:
    thresholds = Thresholds(k=2, l=2, t=Fraction(1, 2))
    source = table(rows)
    quasi, sensitive = ("age", "city"), ("illness",)
    for proposal in search(
        source, quasi, sensitive, thresholds, HIERARCHIES, terms=SearchTerms(Fraction(1, 4))
    ):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "out.parquet"
            write(apply(source, proposal), path)
            assert meets(pyarrow.parquet.read_table(path).to_pylist(), quasi, sensitive, thresholds)


def levels_of(values: list[float], hierarchy: Hierarchy) -> list[list[Any]]:
    source = table_of({"x": values}, {"x": "float64"})
    wanted = {f"l{at}": generalised_column(source.x, level) for at, level in enumerate(hierarchy.levels)}
    return [list(row.values()) for row in rows_of(source.select(**wanted))]


@given(
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=20),
    st.sampled_from(["0.1", "0.5", "1", "5", "250"]),
)
@FEW
def test_bands_of_any_floats_are_nested(values: list[float], width: str) -> None:
    base = Fraction(width)
    rows = levels_of(values, band_hierarchy("x", [base, base * 5, base * 10, base * 100]))
    for fine in range(1, 5):
        parents: dict[Any, Any] = {}
        assert all(parents.setdefault(row[fine], row[fine + 1]) == row[fine + 1] for row in rows)
