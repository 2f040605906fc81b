"""What is asked about a table: apart from what answers it, which takes half a second to import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gatecli.anonymity.hierarchies import Hierarchy
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS, source_name
from gatecli.checks.tables.column_entities import Classify
from gatecli.model.anonymity import AnonymityQuestion, Thresholds
from gatecli.model.document import Place
from gatecli.model.generalisation import SearchTerms

USUAL = SearchTerms(cells=True)


@dataclass(frozen=True, slots=True)
class TableTask:
    """A table, what is asked about it, and what is demanded of it."""

    source: str
    name: str
    place: Place
    question: AnonymityQuestion
    demands: Thresholds
    options: TableOptions = DEFAULTS
    hierarchies: tuple[Hierarchy, ...] = ()
    reference: str | None = None
    """A table of the population, which others may hold."""
    is_declared: bool = False
    """Whether a declaration asks: then whatever is wrong is a finding in its place."""
    declared_digest: str | None = None
    dataset: str = ""
    """The name of the dataset, where a declaration gives it."""
    search: SearchTerms = USUAL
    """How a generalisation is searched for."""


def task_for(
    source: str,
    question: AnonymityQuestion,
    demands: Thresholds,
    options: TableOptions = DEFAULTS,
    *,
    hierarchies: tuple[Hierarchy, ...] = (),
    reference: str | None = None,
    search: SearchTerms = USUAL,
) -> TableTask:
    """The task of a table that a caller names; a database's password is in no name."""
    name = source_name(source)
    return TableTask(
        source,
        name,
        Place(name),
        question,
        demands,
        options,
        hierarchies,
        reference,
        search=search,
    )


Tell = Callable[[str, float], None]
"""Hears of a step and how much of it is done (0 … 1)."""


def ignore_progress(_step: str, _share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class MeasurementOptions:
    """What is looked at besides the measures: `classify` is None where roles are not.

    `advice` is None where proposals are searched for as long as that is fast; `attributes` is how well
    each quasi-identifier tells rows apart; `picture` is for a report that draws; `tell` hears of progress.
    """

    classify: Classify | None = None
    advice: bool | None = None
    suda: bool = False
    attributes: bool = False
    picture: bool = False
    tell: Tell = ignore_progress
