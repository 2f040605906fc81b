"""The least generalisation and suppression that meets the thresholds: a search of the lattice of levels.

A node gives every quasi-identifier a level of its hierarchy; one node is coarser than another where no
level is lower. The table is grouped once, in the engine; the lattice then works on class counts:
`gatecli.anonymity.search.branches` goes through it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from gatecli.anonymity.hierarchies import Everything, Exact, Hierarchy, Level
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.search.branches import JudgedNode, explore
from gatecli.anonymity.search.classes import Base, Node, regroup_classes
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.criteria import keep, least_size
from gatecli.anonymity.search.generalisation import Proposal
from gatecli.anonymity.search.local_recoding import recode
from gatecli.anonymity.search.loss import loss_at
from gatecli.anonymity.search.suppression import hide_least, loss_figure
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import Scale, Thresholds
from gatecli.model.generalisation import SearchTerms

USUAL = SearchTerms()
BEST = 5
WORK = 100_000_000
"""What a search of effort 1 may regroup, in classes: it depends on the table alone."""


CELLS_SHARE = 16
"""The choice of cells to suppress has one part in so many of the work, besides."""

RECODED_CLASSES = 200_000
"""Local recoding of more classes takes longer than the search: it is tried with more effort alone."""


class SearchEndedError(UncheckableError):
    """The work that a search may do ended before anything was found."""


def search(
    table: Table,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    thresholds: Thresholds,
    hierarchies: Sequence[Hierarchy] = (),
    *,
    scales: Mapping[str, Scale] = MappingProxyType({}),
    terms: SearchTerms = USUAL,
    best: int = BEST,
) -> tuple[Proposal, ...]:
    """`search_counts` in the counts of a table: see there.

    Columns without a hierarchy get a proposed one; a missing value counts as a value; `scales` are those that
    the attributes were measured on. Classes are of records and of text as it is written: `propose`
    (`gatecli.anonymity.search.proposals`) takes a whole question.
    """
    base = count_table(
        table, quasi_identifiers, sensitive, thresholds, hierarchies, scales=scales, terms=terms
    )
    return search_counts(base, thresholds, terms=terms, best=best)


def count_table(
    table: Table,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    thresholds: Thresholds,
    hierarchies: Sequence[Hierarchy] = (),
    *,
    scales: Mapping[str, Scale] = MappingProxyType({}),
    terms: SearchTerms = USUAL,
    unit: str | None = None,
) -> Base:
    """The counts that are searched: of rows, or of the distinct values of the column `unit`.

    Raises UsageError for a question that means nothing or that no search answers, ConfigurationError for a
    hierarchy that does not fit, NothingToCheckError for no rows.
    """
    _check(quasi_identifiers, sensitive, thresholds, terms.max_suppression)
    _refuse(thresholds, scales)
    return fetch(table, _hierarchies(table, quasi_identifiers, hierarchies), sensitive, scales, unit)


def search_counts(
    base: Base, thresholds: Thresholds, *, terms: SearchTerms = USUAL, best: int = BEST
) -> tuple[Proposal, ...]:
    """The best proposals that were found, least loss first, each with less suppression than the one before;
    () if there is none. The last is the best without suppression, where there is one; after it comes local
    recoding, where `terms.local` and it loses less.

    Each was verified: all thresholds hold for every sensitive attribute in the rows that remain. The search
    does at most `terms.effort` times `WORK`; where that ends it, every proposal `is_cut_off`. Where classes
    count units, neither cells are suppressed nor rows recoded locally. Raises SearchEndedError where the work
    did not suffice to find any.
    """
    most = int(terms.max_suppression * base.rows)
    found = explore(base, thresholds, terms.loss, most, int(WORK * terms.effort))
    if not (found.candidates or found.is_complete):
        raise SearchEndedError(
            "the search was cut off before it found a generalisation", advice="let it go on: --effort 10"
        )
    proposals = [
        replace(_propose_node(base, each.node, thresholds, most), least=at == 0 and found.is_complete)
        for at, each in enumerate(_front(found.candidates, best))
    ]
    if terms.cells and proposals and not base.units:
        proposals = _with_cells(base, proposals, thresholds, most, terms)[:best]
    if (
        terms.local
        and proposals
        and not base.units
        and len(base.classes.sizes) <= RECODED_CLASSES * terms.effort
    ):
        proposals = _with_local_recoding(base, proposals, thresholds, terms)
    return tuple(replace(each, metric=terms.loss, is_cut_off=not found.is_complete) for each in proposals)


def _with_cells(
    base: Base, proposals: list[Proposal], thresholds: Thresholds, most: int, terms: SearchTerms
) -> list[Proposal]:
    """The proposals after one that suppresses cells, where this loses less than all of them."""
    work = int(WORK * terms.effort) // CELLS_SHARE
    hidden = hide_least(base, thresholds, terms.loss, most, work)
    if hidden is None or not any(hidden.cells):
        return proposals
    if loss_figure(hidden.loss, terms.loss) >= loss_figure(proposals[0].loss, terms.loss):
        return proposals
    mended = replace(
        proposals[0],
        levels=_levels(base, hidden.node),
        node=hidden.node,
        suppressed=hidden.suppressed,
        classes=int(hidden.kept.sum()),
        k=int(hidden.sizes[hidden.kept].min()),
        loss=hidden.loss,
        cells=hidden.cells,
        least=False,
    )
    return [mended, *proposals]


def _with_local_recoding(
    base: Base, proposals: list[Proposal], thresholds: Thresholds, terms: SearchTerms
) -> list[Proposal]:
    """The proposals, and local recoding after them where this loses less than all of them."""
    recoding = recode(base, thresholds)
    least = min(loss_figure(each.loss, terms.loss) for each in proposals)
    if recoding is None or loss_figure(recoding.loss, terms.loss) >= least:
        return proposals
    local = replace(
        proposals[-1],
        levels=tuple(Everything() if changed else Exact() for changed in recoding.has_changes),
        node=(),
        suppressed=0,
        classes=len(recoding.sizes),
        k=int(recoding.sizes.min()),
        loss=recoding.loss,
        cells=(),
        ladders=tuple(dimension.hierarchy for dimension in base.dimensions),
        least=False,
    )
    return [*proposals, local]


def _levels(base: Base, node: Node) -> tuple[Level, ...]:
    return tuple(
        dimension.hierarchy.levels[level] for dimension, level in zip(base.dimensions, node, strict=True)
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


def _propose_node(base: Base, node: Node, thresholds: Thresholds, most: int) -> Proposal:
    classes = regroup_classes(base, base.classes, node)
    kept = keep(base, classes, thresholds, most)
    if kept is None:
        raise ValueError("a node that was judged keeps its demands")
    return Proposal(
        quasi_identifiers=tuple(dimension.hierarchy.column for dimension in base.dimensions),
        levels=_levels(base, node),
        node=node,
        sensitive=tuple(attribute.name for attribute in base.sensitive),
        scales=tuple(
            Scale.NUMERIC if attribute.ordered else Scale.CATEGORICAL for attribute in base.sensitive
        ),
        thresholds=thresholds,
        rows=base.rows,
        suppressed=kept.suppressed,
        classes=int(kept.classes.sum()),
        k=int(classes.people[kept.classes].min()),
        loss=loss_at(base, classes, node, kept, least_size(thresholds)),
    )


def _front(candidates: Sequence[JudgedNode], best: int) -> list[JudgedNode]:
    """What no other beats in loss and in suppression, least loss first: the first few and the last."""
    front: list[JudgedNode] = []
    for candidate in candidates:
        if not front or candidate.suppressed < front[-1].suppressed:
            front.append(candidate)
    return front if len(front) <= best else [*front[: best - 1], front[-1]]
