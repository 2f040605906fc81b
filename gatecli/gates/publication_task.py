"""What is asked about a publication that is more than a table of rows: apart from what answers it."""

from __future__ import annotations

from dataclasses import dataclass

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS, source_name
from gatecli.errors import UsageError
from gatecli.model.anonymity import Thresholds
from gatecli.model.document import Place
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.publication import Publication
from gatecli.model.thresholds import strictest


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


def named_task(
    asked: Publication, tier: Thresholds, policy: PrivacyPolicy, options: TableOptions = DEFAULTS
) -> PublicationTask:
    """The task of a publication that a command or a call names itself; it, its tier and the policy demand.

    Raises UsageError where nothing is demanded.
    """
    demands = strictest([asked.thresholds, tier, policy.spec.anonymity.thresholds])
    if asked.needs_threshold and demands == Thresholds():
        raise UsageError("no threshold is given", advice="give one, such as --k or --min-count, or a tier")
    name = source_name(asked.path)
    zips = policy.spec.anonymity.restricted_zips
    return PublicationTask(asked, name, Place(name), demands, options, restricted_zips=zips)
