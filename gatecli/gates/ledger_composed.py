"""What happened to a dataset as one composition, had all of it been fixed in advance.

It is smaller than what is held, and it is not a budget: releases are chosen after seeing earlier ones, and no
filter may stop by it (docs/adr/0017).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gatecli.accounting.account import account as recompute
from gatecli.accounting.interface import NoBound, Question
from gatecli.ledger.interface import Store
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.ledger import STANDING, Account, EntryKind
from gatecli.model.mechanism import Mechanism
from gatecli.model.release import Privacy


def composed_in_advance(store: Store, account: Account) -> Bounds | NoBound:
    """Bounds on ε at the dataset's δ over everything that is held or published."""
    found: list[Mechanism] = []
    group = 1
    for details in _standing(store, account):
        work = _work_of(details)
        if work is None:
            return NoBound(("an entry keeps no mechanisms",))
        for written in work:
            found.extend(_mechanisms(written, account))
            group = max(group, written["group"])
    if not found:
        return NoBound(("nothing was charged",))
    terms = account.terms
    return recompute(Question(tuple(found), terms.budget.delta, terms.neighbouring, group))


def _standing(store: Store, account: Account) -> Iterator[Mapping[str, Any]]:
    """What was declared of each subject that stands."""
    open_ = {
        (each.subject, each.attempt)
        for each in store.reservations(None, account.terms.name)
        if each.state in STANDING
    }
    for entry in store.entries(account.terms.name):
        if entry.kind in {EntryKind.RESERVE, EntryKind.OPENING} and (entry.subject, entry.attempt) in open_:
            yield json.loads(entry.content)["details"]


def _work_of(details: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """The declared account of each release that an entry reserves; None where the entry kept its digest."""
    parts = details.get("releases", {"": details}).values()
    works = [part.get("work") for part in parts]
    return [work[0] for work in works] if all(isinstance(work, list) and work for work in works) else None


def _mechanisms(written: Mapping[str, Any], account: Account) -> Iterator[Mechanism]:
    claim = Privacy.from_file({"mechanisms": written["mechanisms"]})
    stated = Neighbouring(written["neighbouring"])
    for mechanism in claim.mechanisms:
        if mechanism.neighbouring is None and stated is not account.terms.neighbouring:
            yield mechanism.model_copy(update={"neighbouring": stated})
        else:
            yield mechanism
