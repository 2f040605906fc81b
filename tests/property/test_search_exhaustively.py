"""The answers of a search of a made-up Adult, each against every node of its lattice."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest

from gatecli.anonymity.hierarchies import hierarchy_from_csv
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.search.branches import explore
from gatecli.anonymity.search.classes import Base, NodeClasses, regroup_classes
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.criteria import keep, least_size
from gatecli.anonymity.search.loss import loss_by
from gatecli.model.anonymity import Thresholds
from gatecli.model.generalisation import LossMetric
from tests.support.adult import SHARES, adult
from tests.support.anonymity_tables import IBIS_WARNS, table_of

pytestmark = IBIS_WARNS

ENOUGH = 10**12
SCHOOLS = ("th", "school", "HS", "ool")
DEMANDS: dict[str, dict[str, Any]] = {
    "k": {},
    "l": {"l": 4},
    "t": {"t": Fraction(2, 5)},
    "strict t": {"t": Fraction(1, 5)},
    "β": {"beta": Fraction(2)},
    "enhanced β": {"enhanced_beta": Fraction(2)},
    "δ": {"delta": Fraction(3, 2)},
    "entropy": {"entropy_l": Fraction(4)},
    "α": {"alpha": Fraction(3, 5)},
    "t and β": {"t": Fraction(1, 2), "beta": Fraction(3)},
}


def schools() -> str:
    lines = []
    for value, _ in SHARES["education"]:
        kind = "school" if any(part in value for part in SCHOOLS) else "college"
        lines.append(f"{value};{kind if kind == 'school' else 'degree'};{kind};*")
    return "\n".join(lines)


@cache
def count_adult() -> tuple[Base, dict[tuple[int, ...], NodeClasses]]:
    source = table_of(adult(1_200))
    ladders = [
        *proposed_hierarchies(source, ["age", "sex", "race"]),
        hierarchy_from_csv("education", schools()),
    ]
    base = fetch(source, ladders, ["occupation", "hours-per-week"], {})
    levels = (range(len(one.codes)) for one in base.dimensions)
    return base, {node: regroup_classes(base, base.classes, node) for node in product(*levels)}


@pytest.mark.parametrize("share", ["0", "0.05"])
@pytest.mark.parametrize("demanded", DEMANDS)
def test_no_node_of_the_whole_lattice_is_better(demanded: str, share: str) -> None:
    base, nodes = count_adult()
    thresholds, most = Thresholds(k=5, **DEMANDS[demanded]), int(Fraction(share) * base.rows)
    kept = {
        node: found
        for node, classes in nodes.items()
        if (found := keep(base, classes, thresholds, most)) is not None
    }
    assert len(nodes) > 50
    for metric in LossMetric:
        answer = explore(base, thresholds, metric, most, ENOUGH)
        assert answer.is_complete
        assert bool(answer.candidates) == bool(kept)
        losses = [
            loss_by(metric, base, nodes[node], node, found, least_size(thresholds))
            for node, found in kept.items()
        ]
        if losses:
            assert answer.candidates[0].loss == pytest.approx(min(losses), rel=1e-9)


def test_the_demands_have_answers() -> None:
    base, nodes = count_adult()
    top = max(nodes)
    assert all(keep(base, nodes[top], Thresholds(k=5, **each), 0) is not None for each in DEMANDS.values())
