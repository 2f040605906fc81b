"""What would make a table keep its thresholds, for the question that it was measured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from gatecli.anonymity.hierarchies import Hierarchy, column_of
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.search.classes import Base
from gatecli.anonymity.search.generalisation import Proposal, normalised_table
from gatecli.anonymity.search.lattice import BEST, USUAL, count_table, search_counts
from gatecli.anonymity.tables.functions import only_row, times
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing, Scale, Thresholds
from gatecli.model.generalisation import SearchTerms


@dataclass(frozen=True, slots=True)
class SearchedTable:
    """Proposals, the least loss first, and the counts of the table that they were searched in."""

    proposals: tuple[Proposal, ...]
    base: Base


def propose(
    opened: OpenedTable,
    question: AnonymityQuestion,
    thresholds: Thresholds,
    hierarchies: Sequence[Hierarchy] = (),
    *,
    scales: Mapping[str, Scale] = MappingProxyType({}),
    terms: SearchTerms = USUAL,
    best: int = BEST,
) -> SearchedTable:
    """`search`, of classes as the question counts them; `scales` are those that were measured on.

    Normalised text is searched, and written by `apply`, normalised. Raises what `search` raises, and
    UsageError for missing values that may be anything: what merged classes hold does not follow there from
    what each holds. Several rows of a unit that are known together are not looked at: measure the result.
    """
    trees = {name: Scale.HIERARCHICAL for name in question.sensitive if name in question.hierarchies}
    names = (*question.quasi_identifiers, *question.sensitive)
    with computing(opened):
        hierarchies = _with_stated(opened, question, hierarchies)
        if question.missing is Missing.WILDCARD and _misses(opened, question.quasi_identifiers):
            raise UsageError(
                "no search is made where a missing value may be anything: such classes overlap",
                advice="search with own-value, and measure the result",
            )
        base = count_table(
            normalised_table(opened.table, names) if question.normalise else opened.table,
            question.quasi_identifiers,
            question.sensitive,
            thresholds,
            hierarchies,
            scales={**trees, **scales, **question.scales},
            terms=terms,
            unit=question.unit,
        )
    found = search_counts(base, thresholds, terms=terms, best=best)
    asked = [replace(one, normalise=question.normalise, unit=question.unit) for one in found]
    return SearchedTable(tuple(asked), base)


def _with_stated(
    opened: OpenedTable, question: AnonymityQuestion, given: Sequence[Hierarchy]
) -> tuple[Hierarchy, ...]:
    """The hierarchies, and those of columns whose format is stated: others are proposed by what they hold."""
    known = {each.column for each in given}
    stated = [name for name in question.quasi_identifiers if name in question.formats and name not in known]
    return (*given, *proposed_hierarchies(opened.table, stated, question.formats))


def _misses(opened: OpenedTable, names: Sequence[str]) -> bool:
    table = opened.table
    gaps = {f"m{at}": times(column_of(table, name).isnull()) for at, name in enumerate(names)}
    return any(only_row(table.aggregate(**gaps)).values())
