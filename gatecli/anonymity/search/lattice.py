"""The least generalisation and suppression that meets the thresholds: a search of the lattice of levels.

A node gives every quasi-identifier a level of its hierarchy; one node is coarser than another where no
level is lower. The table is grouped once, in the engine; the lattice then works on class counts.

Derivation.

1. A class of a coarser node is a union of classes of a finer one. So k and the number of distinct
   sensitive values of a row's class only grow towards coarser nodes: what fails at a node fails at all
   finer ones, and what holds holds at all coarser ones (predictive tagging: El Emam et al., "A Globally
   Optimal k-Anonymity Method for the De-Identification of Health Data" (OLA), JAMIA 16(5), 2009).
2. On a path from a node to the top the two meet once, and bisecting finds where (Kohlmayer et al.,
   "Flash: Efficient, Stable and Optimal k-Anonymity", PASSAT 2012).
3. What generalising alone loses never falls towards coarser nodes, and suppressing only adds to it: it is
   a floor for the loss of a node and of all above it. Nodes are judged in the order of their floors.
4. Once a proposal with loss x and s suppressed rows is known, a node whose floor is above x can only be
   better by suppressing fewer than s rows. The search ends where none may.

Example. Ages in three levels (exact, decades, hidden) and post codes in two make 3 · 2 = 6 nodes. If
(1, 0), decades and exact post codes, fails k, so does (0, 0) unseen; if (1, 1) holds, so do (2, 1) and
no other node above it:

>>> _is_finer((0, 0), (1, 0)), _is_finer((1, 1), (2, 1)), _is_finer((1, 1), (2, 0))
(True, True, False)
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

from gatecli.anonymity.hierarchies import Hierarchy
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.search.classes import Base, Node, NodeClasses, regroup_classes
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.criteria import Kept, keep, least_size, monotone
from gatecli.anonymity.search.generalisation import Proposal
from gatecli.anonymity.search.loss import floor_of, loss_at
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import UsageError
from gatecli.model.anonymity import Scale, Thresholds

MAX_SUPPRESSION = Fraction(1, 20)
BEST = 5
EVALUATIONS = 1_000
VISITS = 200_000
CACHED = 64


def search(
    table: Table,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    thresholds: Thresholds,
    hierarchies: Sequence[Hierarchy] = (),
    *,
    max_suppression: Fraction = MAX_SUPPRESSION,
    scales: Mapping[str, Scale] = MappingProxyType({}),
    best: int = BEST,
) -> tuple[Proposal, ...]:
    """The best proposals on the front of loss against suppression, least loss first; () if there is none.

    Each was verified: all thresholds hold for every sensitive attribute in the rows that remain. Columns
    without a hierarchy get a proposed one; a missing value counts as a value; `scales` are those that
    the attributes were measured on. Classes are of records and of text as it is written: `propose`
    (`gatecli.anonymity.search.proposals`) takes a whole question. Raises UsageError for a question that means
    nothing or that no search answers, ConfigurationError for a hierarchy that does not fit,
    NothingToCheckError for no rows.
    """
    _check(quasi_identifiers, sensitive, thresholds, max_suppression)
    _refuse(thresholds, scales)
    chosen = _hierarchies(table, quasi_identifiers, hierarchies)
    base = fetch(table, chosen, sensitive, scales)
    lattice = _Lattice(base, thresholds, int(max_suppression * base.rows), floor_of(base))
    found = _explore_lattice(lattice)
    front = _front(found)
    return tuple(
        replace(one, least=at == 0 and one.loss.generalised <= lattice.reached)
        for at, one in enumerate(front[:best])
    )


def _check(
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    thresholds: Thresholds,
    max_suppression: Fraction,
) -> None:
    if not quasi_identifiers or len({*quasi_identifiers, *sensitive}) < len([*quasi_identifiers, *sensitive]):
        raise UsageError(
            "a search needs quasi-identifiers, and each column once",
            advice="name every column either as a quasi-identifier or as sensitive",
        )
    if not 0 <= max_suppression < 1:
        raise UsageError("suppression is a share from 0 to below 1", advice="give for example 0.05")
    of_values = ("l", "entropy_l", "recursive", "t", "alpha", "beta", "enhanced_beta", "delta")
    if not sensitive and any(getattr(thresholds, name) is not None for name in of_values):
        raise UsageError("thresholds on sensitive values need a sensitive column", advice="name one")


_BEYOND = ("k_map", "delta_presence", "max_population_uniqueness")
"""What depends on more than the classes of the table."""


def _refuse(thresholds: Thresholds, scales: Mapping[str, Scale]) -> None:
    """Demands whose answer does not follow from counts of classes that are merged."""
    if thresholds.t is not None and Scale.HIERARCHICAL in scales.values():
        raise UsageError(
            "no search is made for t with a hierarchical distance of a sensitive attribute",
            advice="search on the categorical scale, and measure the result",
        )
    beyond = [name for name in _BEYOND if getattr(thresholds, name) is not None]
    if beyond:
        name = beyond[0].replace("_", "-")
        raise UsageError(
            f"no search is made for {name}: it does not follow from the table's classes",
            advice="search for the other thresholds, and measure the result",
        )


def _hierarchies(table: Table, names: Sequence[str], given: Sequence[Hierarchy]) -> list[Hierarchy]:
    by_column = {hierarchy.column: hierarchy for hierarchy in given}
    missing = [name for name in names if name not in by_column]
    by_column |= {hierarchy.column: hierarchy for hierarchy in proposed_hierarchies(table, missing)}
    return [by_column[name] for name in names]


@dataclass(slots=True)
class _Lattice:
    """The state of one search: what is known of nodes, and the groupings that may be regrouped."""

    base: Base
    thresholds: Thresholds
    most: int
    floors: tuple[tuple[float, ...], ...]
    evaluations: int = EVALUATIONS
    failing: list[Node] = field(default_factory=list)
    passing: list[tuple[int, Node]] = field(default_factory=list)
    groupings: dict[Node, NodeClasses] = field(default_factory=dict)
    reached: float = float("inf")
    """All nodes with a lower floor were judged."""

    @property
    def top(self) -> Node:
        return tuple(len(levels) - 1 for levels in self.floors)

    def floor(self, node: Node) -> float:
        """The least that a node can lose."""
        return sum(levels[level] for levels, level in zip(self.floors, node, strict=True))

    def successors(self, node: Node) -> Iterator[Node]:
        """The nodes that are coarser by one level."""
        for at, (level, last) in enumerate(zip(node, self.top, strict=True)):
            if level < last:
                yield (*node[:at], level + 1, *node[at + 1 :])

    def classes(self, node: Node) -> NodeClasses:
        """The classes at a node, from the smallest known grouping that is finer."""
        if node in self.groupings:
            return self.groupings[node]
        finer = [known for known in self.groupings if _is_finer(known, node)]
        nearest = min(finer, key=lambda one: (len(self.groupings[one].sizes), one), default=None)
        start = self.base.classes if nearest is None else self.groupings[nearest]
        self.evaluations -= 1
        found = regroup_classes(self.base, start, node)
        self.groupings[node] = found
        if len(self.groupings) > CACHED:
            self.groupings.pop(max(self.groupings, key=lambda one: (len(self.groupings[one].sizes), one)))
        return found

    def known_outcome(self, node: Node) -> bool | None:
        """Whether a node meets the monotone criteria, where that is known without looking."""
        if any(_is_finer(node, known) for known in self.failing):
            return False
        held = (known for gone, known in self.passing if gone <= self.most)
        return True if any(_is_finer(known, node) for known in held) else None

    def meets(self, node: Node) -> bool:
        """Whether k rows and l distinct values can be had at a node; remembers the answer."""
        known = self.known_outcome(node)
        if known is not None:
            return known
        classes = self.classes(node)
        stays = monotone(classes, self.thresholds)
        rows = int(classes.sizes[stays].sum())
        gone = self.base.rows - rows
        if rows and gone <= self.most:
            self.passing.append((gone, node))
            return True
        self.failing.append(node)
        return False

    def tighten(self, found: Sequence[Proposal], floor: float) -> None:
        """From now on only nodes are of interest that suppress less than all that loses at most `floor`."""
        gone = [one.suppressed - 1 for one in found if one.loss.generalised <= floor]
        self.most = min([self.most, *gone])


def _is_finer(node: Node, other: Node) -> bool:
    return all(level <= above for level, above in zip(node, other, strict=True))


def _explore_lattice(lattice: _Lattice) -> list[Proposal]:
    """Proposals in the order of their floors, until no other can be better."""
    bottom = (0,) * len(lattice.top)
    heap = [(lattice.floor(bottom), bottom)]
    seen = {bottom}
    found: list[Proposal] = []
    while heap:
        floor, node = heapq.heappop(heap)
        lattice.tighten(found, floor)
        if lattice.most < 0:
            break
        if lattice.evaluations <= 0 or len(seen) > VISITS:
            lattice.reached = floor
            break
        proposal = _judge_node(lattice, node)
        if proposal is not None:
            found.append(proposal)
            if proposal.suppressed == 0:
                continue
        fresh = [successor for successor in lattice.successors(node) if successor not in seen]
        seen.update(fresh)
        for successor in fresh:
            heapq.heappush(heap, (lattice.floor(successor), successor))
    return found


def _judge_node(lattice: _Lattice, node: Node) -> Proposal | None:
    if lattice.known_outcome(node) is None:
        _bisect(lattice, node)
    return _proposal(lattice, node) if lattice.meets(node) else None


def _bisect(lattice: _Lattice, node: Node) -> None:
    """Tag nodes along the path from `node` to the top that loses least at each step."""
    path = [node]
    while path[-1] != lattice.top:
        path.append(min(lattice.successors(path[-1]), key=lambda one: (lattice.floor(one), one)))
    low, high = 0, len(path) - 1
    while low < high:
        middle = (low + high) // 2
        if lattice.meets(path[middle]):
            high = middle
        else:
            low = middle + 1
    lattice.meets(path[low])


def _proposal(lattice: _Lattice, node: Node) -> Proposal | None:
    """What a node gives where every threshold holds, non-monotone ones too."""
    base, thresholds = lattice.base, lattice.thresholds
    classes = lattice.classes(node)
    kept = keep(base, classes, thresholds, lattice.most)
    return None if kept is None else _propose_node(base, classes, node, kept, thresholds)


def _propose_node(
    base: Base, classes: NodeClasses, node: Node, kept: Kept, thresholds: Thresholds
) -> Proposal:
    return Proposal(
        quasi_identifiers=tuple(dimension.hierarchy.column for dimension in base.dimensions),
        levels=tuple(
            dimension.hierarchy.levels[level] for dimension, level in zip(base.dimensions, node, strict=True)
        ),
        node=node,
        sensitive=tuple(attribute.name for attribute in base.sensitive),
        scales=tuple(
            Scale.NUMERIC if attribute.ordered else Scale.CATEGORICAL for attribute in base.sensitive
        ),
        thresholds=thresholds,
        rows=base.rows,
        suppressed=kept.suppressed,
        classes=int(kept.classes.sum()),
        k=int(classes.sizes[kept.classes].min()),
        loss=loss_at(base, classes, node, kept, least_size(thresholds)),
    )


def _front(found: Sequence[Proposal]) -> list[Proposal]:
    """What no other proposal beats in loss and in suppression, least loss first; of equals, the larger k."""
    ordered = sorted(found, key=lambda one: (one.loss.generalised, one.suppressed, -one.k, one.node))
    front: list[Proposal] = []
    for proposal in ordered:
        if not front or proposal.suppressed < front[-1].suppressed:
            front.append(proposal)
    return front
