"""What is asked about a publication that is more than a table of rows: apart from what answers it."""

from __future__ import annotations

from dataclasses import dataclass

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS
from gatecli.model.anonymity import Thresholds
from gatecli.model.document import Place
from gatecli.model.publication import Publication


@dataclass(frozen=True, slots=True)
class PublicationTask:
    """A publication whose paths lead to files or tables, and what is demanded of it.

    `restricted_zips` are the three-digit ZIP areas that Safe Harbor must not name; None: the shipped ones.
    """

    asked: Publication
    name: str
    place: Place
    demands: Thresholds
    options: TableOptions = DEFAULTS
    is_declared: bool = False
    """Whether a declaration asks: then whatever is wrong is a finding in its place."""
    restricted_zips: tuple[str, ...] | None = None
