"""`gatecli.check_publication`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gatecli.checks.tables.column_entities import classifier
from gatecli.errors import UsageError
from gatecli.gates.anonymity import AnonymityRequest, check_tables
from gatecli.gates.publication_task import named_task
from gatecli.gates.table_task import MeasurementOptions
from gatecli.library.calls import File, Verdict, begin, end, tier_thresholds
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.publication import Publications


def check_publication(
    publication: Mapping[str, Any],
    *,
    tier: str | None = None,
    policy: PrivacyPolicy | File | None = None,
    waivers: Sequence[File] = (),
    today: date | None = None,
    fail_on: Severity = Severity.ERROR,
    baseline: File | None = None,
    policy_from: str | None = None,
) -> Verdict:
    """Check what is published besides tables of rows: `gatecli anonymity counts`, `magnitudes` and others.

    `publication` has the keys that it has in a declaration and in a policy's `check.publications`: one or
    more of `counts`, `magnitudes`, `safeHarbor` and `secondRelease`, such as
    `{"counts": {"path": "by-age.csv", "minCount": 5}}`. Paths are relative to the working directory. Counts
    are numbers of persons; p, q and the k of dominance are percents. `tier` names a tier of the policy,
    whose thresholds hold too.

    The other parameters are those of `check_release`. Raises GatecliError for a table that cannot be opened,
    a column that it does not have, and where nothing is demanded.
    """
    asked = _read(publication)
    call = begin(Path(asked[0].path), policy, waivers, today, fail_on, baseline, policy_from)
    own = tier_thresholds(tier, call.policy)
    tasks = tuple(named_task(each, own, call.policy) for each in asked)
    wanted = MeasurementOptions(classifier(call.search))
    return end(check_tables(AnonymityRequest(call.terms, wanted=wanted, publications=tasks)))


def _read(publication: Mapping[str, Any]) -> list[Any]:
    try:
        found = list(Publications.from_file(dict(publication)).publications.values())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the publication"
        raise UsageError(f"{where}: {first['msg']}", advice="use the keys of a declaration") from None
    if not found:
        raise UsageError(
            "no publication is named", advice="name counts, magnitudes, safeHarbor or secondRelease"
        )
    return found
