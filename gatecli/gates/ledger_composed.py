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
    name, found, group = account.terms.name, list[Mechanism](), 1
    for part in (part for details in _standing(store, account) for part in _parts(details)):
        changed, work = part["stability"].get(name, 0), part["work"]
        if not changed:
            continue
        if not isinstance(work, list):
            return NoBound(("an entry keeps the digest of its mechanisms alone",))
        found.extend(_mechanisms(work[0], account))
        group = max(group, work[0]["group"] * changed)
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


def _parts(details: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What is said of each release that an entry reserves, or of an opening balance."""
    return iter(details.get("releases", {"": details}).values())


def _mechanisms(written: Mapping[str, Any], account: Account) -> Iterator[Mechanism]:
    claim = Privacy.from_file({"mechanisms": written["mechanisms"]})
    stated = Neighbouring(written["neighbouring"])
    for mechanism in claim.mechanisms:
        if mechanism.neighbouring is None and stated is not account.terms.neighbouring:
            yield mechanism.model_copy(update={"neighbouring": stated})
        else:
            yield mechanism
