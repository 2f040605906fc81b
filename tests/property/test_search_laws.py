"""Laws of the search for a generalisation: judged one by one, no node of a small lattice is better."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.hierarchies import Everything, Exact, Hierarchy
from gatecli.anonymity.search.bounds import least_suppressed
from gatecli.anonymity.search.branches import JudgedNode, explore
from gatecli.anonymity.search.classes import (
    Base,
    Dimension,
    Histogram,
    NodeClasses,
    Sensitive,
    combine_codes,
    merge_histogram,
    regroup_classes,
    sum_by_label,
)
from gatecli.anonymity.search.criteria import keep, least_size
from gatecli.anonymity.search.loss import loss_by
from gatecli.model.anonymity import RecursiveDiversity, Thresholds
from gatecli.model.generalisation import LossMetric
from tests.support.examples import share

FEW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENOUGH = 10**12

LADDERS = ((0, 0, 1, 1, 2, 2), (0, 0, 0, 0, 1, 1))
"""Six values, joined two by two, then four and two, then all."""

rows = st.integers(1, 3).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.integers(0, 5)] * width, st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=24
    )
)
shares = st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 4), Fraction(3, 4)])
demands = st.builds(
    Thresholds,
    k=st.none() | st.integers(1, 6),
    l=st.none() | st.integers(1, 3),
    entropy_l=st.none() | st.sampled_from([Fraction(3, 2), Fraction(2), Fraction(5, 2)]),
    recursive=st.none()
    | st.builds(RecursiveDiversity, st.sampled_from([Fraction(1), Fraction(3)]), st.integers(1, 2)),
    t=st.none() | st.fractions(0, 1, max_denominator=8),
    alpha=st.none() | st.fractions(Fraction(1, 3), 1, max_denominator=6),
    beta=st.none() | st.fractions(0, 3, max_denominator=4),
    enhanced_beta=st.none() | st.fractions(Fraction(1, 2), 3, max_denominator=4),
    delta=st.none() | st.fractions(Fraction(1, 2), 3, max_denominator=4),
    average_risk=st.none() | st.sampled_from([Fraction(1, 3), Fraction(1, 2)]),
)


def dimension(name: str, column: Sequence[int]) -> Dimension:
    codes = (np.arange(6), *map(np.array, LADDERS), np.zeros(6, np.int64))
    held = np.bincount(column, minlength=6)
    sizes = [np.bincount(code)[code] for code in codes]
    return Dimension(
        Hierarchy(name, (Exact(), Exact(), Exact(), Everything())),
        None,
        codes,
        tuple(int(code.max()) + 1 for code in codes),
        tuple((size - 1) / 5 for size in sizes),
        tuple(np.where(size > 1, size / 6, 0.0) for size in sizes),
        tuple(np.maximum(np.bincount(code, weights=held)[code], 1.0) for code in codes),
    )


def base_of(table: Sequence[tuple[int, ...]]) -> Base:
    """The counts of a table whose last two columns are sensitive: one that is not ordered, one that is."""
    *columns, kind, rank = (np.array(column, np.int64) for column in zip(*table, strict=True))
    dimensions = tuple(dimension(f"q{at}", column.tolist()) for at, column in enumerate(columns))
    labels, number = combine_codes(columns, [6] * len(columns))
    first = np.zeros(number, np.int64)
    first[labels] = np.arange(len(labels))
    sizes = sum_by_label(labels, np.ones(len(table), np.int64), number)
    members = tuple(column[first] for column in columns)
    rare = [np.log2(one.rows_alike[0][raw]) for one, raw in zip(dimensions, members, strict=True)]
    attributes = (
        Sensitive("kind", ordered=False, cardinality=3),
        Sensitive("rank", ordered=True, cardinality=5),
    )
    ones = np.ones(len(table), np.int64)
    histograms = tuple(
        merge_histogram(labels, Histogram(np.arange(len(table)), codes, ones), attribute.cardinality)
        for codes, attribute in ((kind, attributes[0]), (rank, attributes[1]))
    )
    surprise = np.sum(rare, axis=0) * sizes
    return Base(dimensions, attributes, NodeClasses(members, sizes, surprise, histograms), len(table))


def nodes_of(base: Base) -> Sequence[tuple[int, ...]]:
    return list(product(range(4), repeat=len(base.dimensions)))


def every_candidate(base: Base, thresholds: Thresholds, metric: LossMetric, most: int) -> list[JudgedNode]:
    """All nodes that keep the demands, each judged by itself."""
    found = []
    for node in nodes_of(base):
        classes = regroup_classes(base, base.classes, node)
        kept = keep(base, classes, thresholds, most)
        if kept is not None:
            loss = loss_by(metric, base, classes, node, kept, least_size(thresholds))
            k = int(classes.sizes[kept.classes].min())
            found.append(JudgedNode(loss, kept.suppressed, k, node))
    return found


def near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(other))


@given(rows, demands, shares, st.sampled_from(list(LossMetric)))
@settings(FEW, max_examples=share(300))
def test_the_best_of_all_nodes_is_found(
    table: list[tuple[int, ...]], thresholds: Thresholds, most: Fraction, metric: LossMetric
) -> None:
    base = base_of(table)
    allowed = int(most * base.rows)
    found = explore(base, thresholds, metric, allowed, ENOUGH)
    every = every_candidate(base, thresholds, metric, allowed)
    assert found.is_complete
    assert bool(found.candidates) == bool(every)
    if every:
        assert near(found.candidates[0].loss, min(each.loss for each in every))
        assert all(each.suppressed <= allowed for each in found.candidates)
    unsuppressed = [each.loss for each in every if each.suppressed == 0]
    if unsuppressed:
        ours = [each.loss for each in found.candidates if each.suppressed == 0]
        assert near(min(ours), min(unsuppressed))


@given(rows, demands, shares, st.sampled_from(list(LossMetric)), st.integers(0, 60), st.integers(0, 60))
@settings(FEW, max_examples=share(200))
def test_more_work_never_has_a_worse_answer(
    table: list[tuple[int, ...]],
    thresholds: Thresholds,
    most: Fraction,
    metric: LossMetric,
    little: int,
    more: int,
) -> None:
    base = base_of(table)
    allowed = int(most * base.rows)
    less, greater = (
        explore(base, thresholds, metric, allowed, work * 5_000).candidates[:1]
        for work in (little, little + more)
    )
    assert bool(greater) >= bool(less)
    if less:
        assert greater[0].loss <= less[0].loss + 1e-9 * max(1.0, less[0].loss)


@given(rows, demands, shares)
@settings(FEW, max_examples=share(100))
def test_however_little_work_the_top_is_an_answer(
    table: list[tuple[int, ...]], thresholds: Thresholds, most: Fraction
) -> None:
    base = base_of(table)
    allowed = int(most * base.rows)
    top = tuple(3 for _ in base.dimensions)
    holds = keep(base, regroup_classes(base, base.classes, top), thresholds, allowed) is not None
    assert bool(explore(base, thresholds, LossMetric.GENERALISED, allowed, 0).candidates) >= holds


@given(rows, demands, shares)
@settings(FEW, max_examples=share(100))
def test_a_node_never_suppresses_less_than_its_bound_from_above(
    table: list[tuple[int, ...]], thresholds: Thresholds, most: Fraction
) -> None:
    base = base_of(table)
    allowed = int(most * base.rows)
    for each in every_candidate(base, thresholds, LossMetric.GENERALISED, allowed):
        for coarser in nodes_of(base):
            if all(level <= above for level, above in zip(each.node, coarser, strict=True)):
                classes = regroup_classes(base, base.classes, coarser)
                assert least_suppressed(base, classes, thresholds, allowed) <= each.suppressed


def test_digits_that_only_agree_where_nothing_is_said_are_hidden() -> None:
    """Five rows, nine columns: a lattice of which a few of four million nodes have k = 5."""
    table: list[tuple[Any, ...]] = [
        (*((7 * row + 3 * column + row * column) % 6 for column in range(9)), 0, 0) for row in range(5)
    ]
    found = explore(base_of(table), Thresholds(k=5), LossMetric.GENERALISED, 0, 10**7)
    assert found.candidates[0].k == 5
    assert found.is_complete
