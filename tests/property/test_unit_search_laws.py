"""Laws of the search where classes count persons: no node is better, and what is said holds."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.hierarchies import ALL, hierarchy_from_csv
from gatecli.anonymity.search.classes import regroup_classes
from gatecli.anonymity.search.criteria import Kept
from gatecli.anonymity.search.generalisation import apply
from gatecli.anonymity.search.lattice import count_table, search_counts
from gatecli.anonymity.search.loss import loss_by
from gatecli.model.anonymity import Thresholds
from gatecli.model.generalisation import LossMetric, SearchTerms
from tests.property.strategies import anonymity_demands
from tests.support.anonymity_tables import IBIS_WARNS, meets, rows_of, table_of
from tests.support.examples import share

pytestmark = IBIS_WARNS

FEW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = {"pid": "string", "ward": "string", "city": "string", "illness": "string", "pay": "int64"}
TREES = {
    "ward": {"a": ("a", "ab", ALL), "b": ("b", "ab", ALL), "c": ("c", "cd", ALL), "d": ("d", "cd", ALL)},
    "city": {"Bern": ("Bern", "west", ALL), "Genf": ("Genf", "west", ALL), "Wien": ("Wien", "east", ALL)},
}
HIERARCHIES = [
    hierarchy_from_csv(column, "\n".join(";".join(levels) for levels in tree.values()))
    for column, tree in TREES.items()
]
QUASI, SENSITIVE = ("ward", "city"), ("illness", "pay")

records = st.lists(
    st.tuples(
        st.none() | st.sampled_from("pqrstu"),
        st.sampled_from("abcd"),
        st.sampled_from(["Bern", "Genf", "Wien"]),
        st.sampled_from(["flu", "cold"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=16,
)
demands = anonymity_demands() | st.builds(Thresholds, k=st.integers(1, 4), l=st.integers(1, 2))


def generalise(rows: list[dict[str, Any]], node: tuple[int, ...]) -> list[dict[str, Any]]:
    levels = dict(zip(QUASI, node, strict=True))
    return [row | {name: TREES[name][row[name]][level] for name, level in levels.items()} for row in rows]


@given(records, demands, st.sampled_from([LossMetric.GENERALISED, LossMetric.DISCERNIBILITY]))
@example(
    [(None, "a", "Bern", "flu", 0)], Thresholds(k=1, enhanced_beta=Fraction(1)), LossMetric.GENERALISED
)  # a value that everybody has gains nothing
@settings(FEW, max_examples=share(60))
def test_the_best_of_all_nodes_is_found_for_persons(
    rows: list[tuple[Any, ...]], thresholds: Thresholds, metric: LossMetric
) -> None:
    source = table_of(dict(zip(KINDS, map(list, zip(*rows, strict=True)), strict=True)), KINDS)
    terms = SearchTerms(Fraction(0), metric)
    base = count_table(source, QUASI, SENSITIVE, thresholds, HIERARCHIES, terms=terms, unit="pid")
    plain = [dict(zip(KINDS, row, strict=True)) for row in rows]
    losses = {}
    for node in product(range(3), repeat=2):
        if meets(generalise(plain, node), QUASI, SENSITIVE, thresholds, "pid"):
            classes = regroup_classes(base, base.classes, node)
            everything = Kept(classes.sizes > 0, base.rows, 0)
            losses[node] = loss_by(metric, base, classes, node, everything, thresholds.k or 1)
    found = search_counts(base, thresholds, terms=terms)
    assert bool(found) == bool(losses)
    if found:
        assert found[0].node in losses
        assert abs(losses[found[0].node] - min(losses.values())) < 1e-9
        assert found[0].least


@given(records, demands, st.sampled_from([Fraction(1, 8), Fraction(1, 2)]))
@settings(FEW, max_examples=share(30))
def test_what_is_proposed_for_persons_holds_when_it_is_applied(
    rows: list[tuple[Any, ...]], thresholds: Thresholds, most: Fraction
) -> None:
    source = table_of(dict(zip(KINDS, map(list, zip(*rows, strict=True)), strict=True)), KINDS)
    terms = SearchTerms(most, cells=True, local=True)
    base = count_table(source, QUASI, SENSITIVE, thresholds, HIERARCHIES, terms=terms, unit="pid")
    for proposal in search_counts(base, thresholds, terms=terms):
        applied = rows_of(apply(source, proposal, base))
        assert len(applied) == len(rows) - proposal.suppressed
        assert proposal.suppression <= most
        assert meets(applied, QUASI, SENSITIVE, thresholds, "pid")
