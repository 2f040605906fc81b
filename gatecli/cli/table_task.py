"""What is asked about a table: apart from what answers it, which takes half a second to import."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gatecli.anonymity.hierarchies import Hierarchy
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS
from gatecli.model.anonymity import AnonymityQuestion, Thresholds
from gatecli.model.document import Place


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
    max_suppression: Fraction | None = None
    """The largest share of rows that a proposal may suppress; None: what the search takes by itself."""
