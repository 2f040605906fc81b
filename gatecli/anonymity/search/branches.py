"""Branch and bound over the levels of quasi-identifiers: depth first, what cannot be better is left out.

A branch fixes the levels of some dimensions. Derivation.

1. Every node of a branch is finer than its coarsest (all other dimensions at `*`): rows that
   have to go there (`least_suppressed`) have to go in all of the branch (Samarati, "Protecting Respondents'
   Identities in Microdata Release", IEEE TKDE 13(6), 2001; the subset property of Incognito, SIGMOD 2005).
2. So for each other dimension there is a lowest level that the branch can have: the first at
   which not too many rows have to go with all the rest at `*`. It never falls deeper in the branch.
3. Every node of a branch is coarser than the one with all lowest levels: its loss, without rows that k and
   l suppress in all of the branch, bounds the loss from below. Where that node itself attains the bound, the
   branch is done.
4. The order of branches depends on the table alone. More work goes further in the same order, and
   what is left out cannot be better than what was found: so more work never has a worse answer.

Before, the search descends from the top, which is a candidate itself, one level at a time to
the node that loses least (El Emam et al., "OLA", JAMIA 16(5), 2009, look for the same greedily): what is
found so rules out most branches. It is made for no suppression first: more suppression loses no answer.

Example. Of two nodes that lose the same, the one that suppresses fewer rows is better:

>>> JudgedNode(0.5, 3, 7, (1, 0)).rank < JudgedNode(0.5, 4, 9, (0, 1)).rank
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gatecli.anonymity.search.bounds import least_suppressed
from gatecli.anonymity.search.classes import (
    Base,
    Mask,
    Node,
    NodeClasses,
    label_classes,
    merge_classes,
    regroup_classes,
)
from gatecli.anonymity.search.criteria import Kept, keep, least_size, monotone
from gatecli.anonymity.search.loss import loss_by
from gatecli.model.anonymity import Thresholds
from gatecli.model.generalisation import LossMetric

REGROUPING = 5_000
"""What a regrouping costs whatever its size, in classes."""

FIRST_SHARE = 4
"""The search without suppression has one part in so many of the work."""

TIE = 1e-12
"""Losses that differ by less, relative to the larger, are alike."""


@dataclass(frozen=True, slots=True)
class JudgedNode:
    """A node that keeps every demand, by what makes one better than another."""

    loss: float
    suppressed: int
    k: int
    node: Node

    @property
    def rank(self) -> tuple[float, int, int, Node]:
        """Least first: the loss, then the suppression, then the larger k."""
        return self.loss, self.suppressed, -self.k, self.node


@dataclass(frozen=True, slots=True)
class Exploration:
    """All candidates that a search met, best first, and whether it left nothing out."""

    candidates: tuple[JudgedNode, ...]
    is_complete: bool


@dataclass(slots=True)
class _Descent:
    """One search: what is asked, and what is known so far."""

    base: Base
    thresholds: Thresholds
    metric: LossMetric
    most: int
    work: int
    best: JudgedNode | None = None
    judged: dict[Node, JudgedNode | None] = field(default_factory=dict)

    @property
    def top(self) -> Node:
        return tuple(len(dimension.codes) - 1 for dimension in self.base.dimensions)

    @property
    def order(self) -> list[int]:
        """The dimensions in the order in which branches fix them: those of most values tell most apart."""
        sizes = [dimension.cardinalities[0] for dimension in self.base.dimensions]
        return sorted(range(len(sizes)), key=lambda at: (-sizes[at], at))

    def regroup(self, finer: NodeClasses, node: Node) -> NodeClasses:
        self.work -= REGROUPING + work_of(self.base, finer)
        return regroup_classes(self.base, finer, node)

    def judge(self, finer: NodeClasses, node: Node) -> JudgedNode | None:
        """The candidate that a node is, or None where a demand fails there; each is judged once."""
        if node not in self.judged:
            classes = self.regroup(finer, node)
            kept = keep(self.base, classes, self.thresholds, self.most)
            self.judged[node] = None if kept is None else self._candidate(classes, node, kept)
        found = self.judged[node]
        if found is not None and (self.best is None or found.rank < self.best.rank):
            self.best = found
        return found

    def _candidate(self, classes: NodeClasses, node: Node, kept: Kept) -> JudgedNode:
        loss = loss_by(self.metric, self.base, classes, node, kept, least_size(self.thresholds))
        return JudgedNode(loss, kept.suppressed, int(classes.people[kept.classes].min()), node)

    def is_reachable(self, finer: NodeClasses, node: Node) -> bool:
        """Whether a node that is not coarser may still be a candidate."""
        classes = self.regroup(finer, node)
        return least_suppressed(self.base, classes, self.thresholds, self.most) <= self.most

    def least_loss(self, finest: NodeClasses, lowest: Node, coarsest: Node) -> float:
        """The least that a node between the two can lose."""
        labels, number = label_classes(self.base, finest, coarsest)
        coarse = merge_classes(self.base, finest, labels, number)
        stays = monotone(self.base, coarse, self.thresholds)[labels]
        return self._least_lost(finest, lowest, stays)

    def _least_lost(self, finest: NodeClasses, lowest: Node, stays: Mask) -> float:
        rows = int(finest.sizes[stays].sum())
        k = least_size(self.thresholds)
        kept = Kept(stays, rows, self.base.rows - rows)
        if self.metric is LossMetric.AVERAGE_CLASS:
            kept = replace(kept, rows=self.base.rows - self.most)
        return loss_by(self.metric, self.base, finest, lowest, kept, k)

    def improves(self, loss: float) -> bool:
        """Whether a loss is below the best so far."""
        return self.best is None or loss < self.best.loss - TIE * max(1.0, abs(self.best.loss))


def work_of(base: Base, classes: NodeClasses) -> int:
    """What regrouping classes costs, in classes."""
    return (len(classes.sizes) if classes.units is None else len(classes.units.classes)) * (
        1 + len(base.sensitive)
    )


def explore(base: Base, thresholds: Thresholds, metric: LossMetric, most: int, work: int) -> Exploration:
    """The nodes that lose least with at most `most` rows suppressed; more work never finds a worse one."""
    without = _Descent(base, thresholds, metric, 0, work)
    first = _descend(without)
    if most == 0:
        return _collect([without], is_complete=_branch_out(without, *first))
    wanted = _Descent(base, thresholds, metric, most, without.work)
    second = _descend(wanted)
    left, share = wanted.work, work // FIRST_SHARE
    without.work = min(left, share)
    given = without.work
    _branch_out(without, *first)
    wanted.work = left - (given - max(without.work, 0))
    if without.best is not None and (wanted.best is None or without.best.rank < wanted.best.rank):
        wanted.best = without.best
    return _collect([wanted, without], is_complete=_branch_out(wanted, *second))


def _collect(searches: Sequence[_Descent], *, is_complete: bool) -> Exploration:
    held = {
        (each.node, each.suppressed): each
        for search in searches
        for each in search.judged.values()
        if each is not None
    }
    return Exploration(tuple(sorted(held.values(), key=lambda each: each.rank)), is_complete)


def _descend(search: _Descent) -> tuple[NodeClasses, Node]:
    """Candidates from the top downwards, each the best neighbour of the one before; what the branches are
    made of: the classes at the lowest levels that are possible at all.
    """
    top = search.top
    bottom = (0,) * len(top)
    lowest = _lowest(search, search.base.classes, bottom, top, range(len(top)))
    finest = search.base.classes if lowest == bottom else search.regroup(search.base.classes, lowest)
    here = search.judge(finest, top)
    node = top
    while search.work > 0:
        finer = (_with(node, at, level - 1) for at, level in enumerate(node) if level > lowest[at])
        found = [one for one in (search.judge(finest, each) for each in finer) if one is not None]
        nearest = min(found, key=lambda each: each.rank, default=None)
        if nearest is None or (here is not None and nearest.rank >= here.rank):
            break
        here, node = nearest, nearest.node
    return finest, lowest


def _with(node: Node, at: int, level: int) -> Node:
    return (*node[:at], level, *node[at + 1 :])


def _lowest(search: _Descent, finest: NodeClasses, lowest: Node, coarsest: Node, free: Sequence[int]) -> Node:
    """The lowest levels from which each free dimension can be chosen, with all others at their coarsest."""
    for at in free:
        while lowest[at] < coarsest[at] and not search.is_reachable(finest, _with(coarsest, at, lowest[at])):
            lowest = _with(lowest, at, lowest[at] + 1)
    return lowest


def _branch_out(search: _Descent, finest: NodeClasses, lowest: Node) -> bool:
    """Go through all branches while there is work left; whether none was left out."""
    order = search.order
    stack: list[Iterator[Branch]] = [iter([Branch(finest, lowest, 0)])]
    while stack:
        branch = next(stack[-1], None)
        if branch is None:
            stack.pop()
        elif search.work <= 0:
            return False
        else:
            stack.append(_branches(search, branch, order))
    return True


@dataclass(frozen=True, slots=True)
class Branch:
    """All nodes that are not finer than `lowest`, with the levels of the first dimensions in order fixed;
    `finest` are the classes at that node or a finer one.
    """

    finest: NodeClasses
    lowest: Node
    fixed: int


def _branches(search: _Descent, branch: Branch, order: Sequence[int]) -> Iterator[Branch]:
    """The branches of a branch, finest first; none where it cannot be better or is decided."""
    fixed, free = order[: branch.fixed], order[branch.fixed :]
    coarsest = search.top
    for at in fixed:
        coarsest = _with(coarsest, at, branch.lowest[at])
    lowest = _lowest(search, branch.finest, branch.lowest, coarsest, free)
    finest = search.regroup(branch.finest, lowest)
    bound = search.least_loss(finest, lowest, coarsest)
    if not search.improves(bound):
        return
    search.judge(finest, lowest)
    if not free or not search.improves(bound):
        return
    for level in range(lowest[free[0]], coarsest[free[0]] + 1):
        yield Branch(finest, _with(lowest, free[0], level), branch.fixed + 1)
