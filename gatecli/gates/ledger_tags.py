"""What a ledger says of a release, as the tags of a registry repeat it."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from gatecli.checks.ledger.tags import ReleaseRecord
from gatecli.errors import UsageError
from gatecli.ledger.interface import Store
from gatecli.model.budget import Budget
from gatecli.model.ledger import Entry, EntryKind, Reservation, ReservationState


def release_record(store: Store, release: str) -> ReleaseRecord:
    """What the ledger says of a release. Reads the entries of its datasets from the newest back to it."""
    found = store.reservation(release)
    if found is None:
        return ReleaseRecord(store.identity.id, release)
    entries: dict[str, str] = {}
    budget = None
    for dataset in _datasets(store, found):
        for entry in store.entries(dataset, newest_first=True):
            if entry.subject in {release, found.plan}:
                budget = budget or _declared_budget(entry, release)
            if entry.subject == release and entry.kind is EntryKind.COMMIT:
                entries.setdefault(dataset, entry.hash)
            if entry.subject == (found.plan or release) and entry.kind is EntryKind.RESERVE:
                break
    return ReleaseRecord(store.identity.id, release, found.state, entries, budget)


def committed_record(store: Store, release: str) -> ReleaseRecord:
    """The same of a release that is committed. Raises UsageError for any other."""
    record = release_record(store, release)
    if record.state is not ReservationState.COMMITTED:
        stands = record.state.value if record.state else "not in the ledger"
        raise UsageError(
            f"{release} is {stands}: a version is tagged with a release that is committed",
            advice=f"gatecli ledger commit {release}",
        )
    return record


def _datasets(store: Store, release: Reservation) -> list[str]:
    """The datasets that a release, or the plan that it was reserved in, charges."""
    plan = store.reservation(release.plan) if release.plan else None
    charges = (*release.charges, *(plan.charges if plan else ()))
    return sorted({charge.dataset for charge in charges})


def _declared_budget(entry: Entry, release: str) -> Budget | None:
    """The (ε, δ) that a release, alone or in a plan, was declared with; None where an entry does not say."""
    details: Any = json.loads(entry.content)["details"]
    claim = details.get("releases", {release: details}).get(release, {}).get("claim")
    match claim:
        case [str(epsilon), str(delta)]:
            return Budget(Fraction(epsilon), Fraction(delta))
        case _:
            return None
