"""What happened to a dataset as one composition, had all of it been fixed in advance.

It is smaller than what is held, and it is not a budget: releases are chosen after seeing earlier ones, and no
filter may stop by it (docs/adr/0017).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, product
from typing import Any

from gatecli.accounting.account import account as recompute
from gatecli.accounting.interface import NoBound, Question
from gatecli.gates.charged_work import COMBINED
from gatecli.ledger.interface import Store
from gatecli.ledger.replay import CHARGES
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.ledger import Account, Reservation, ReservationState
from gatecli.model.mechanism import Mechanism
from gatecli.model.portfolio import NOTHING
from gatecli.model.release import Privacy

Accounts = Sequence[tuple[Sequence[Mechanism], int]]
"""What is told of one computation, declared and recorded: mechanisms, and for a group of how many units."""


def composed_in_advance(store: Store, account: Account) -> Bounds | NoBound:
    """An upper bound on ε at the dataset's δ over everything that is held, published or lent.

    Of the accounts of one computation, the declared and the recorded one, the dearer counts: all combinations
    are looked at, or, where there are many, the one of the account of each that is dearer by itself.
    """
    found: list[Accounts] = []
    for part in _parts(store, account):
        told = _accounts(part, account)
        if isinstance(told, NoBound):
            return told
        found.extend(told)
    if not found:
        return NoBound(("nothing was charged",))
    many = sum(len(each) > 1 for each in found) > COMBINED
    ways = [tuple(accounts[0] for accounts in found)] if many else product(*found)
    answers = [_compose(way, account) for way in ways]
    return next((each for each in answers if isinstance(each, NoBound)), None) or max(
        (each for each in answers if isinstance(each, Bounds)), key=_rank
    )


def _rank(bounds: Bounds) -> tuple[bool, Fraction]:
    return (bounds.upper is None, bounds.upper or Fraction(0))


def _compose(way: Accounts, account: Account) -> Bounds | NoBound:
    mechanisms = tuple(chain.from_iterable(part for part, _ in way))
    group = max(group for _, group in way)
    terms = account.terms
    return recompute(Question(mechanisms, terms.budget.delta, terms.neighbouring, group))


def _parts(store: Store, account: Account) -> Iterator[Mapping[str, Any]]:
    """What was told of each computation that is charged: of each release of a plan, of each opening balance.

    An entry that holds what something cost beyond another one tells all of that computation, so the other
    one is left out. A run that uses the charge of its release tells nothing.
    """
    told = list(_computations(store, account))
    paid_beyond = {part.get("beyond") for _, part in told}
    for subject, part in reversed(told):
        if subject in paid_beyond:
            paid_beyond.remove(subject)  # what stands under that name was charged last
        else:
            yield part


def _computations(store: Store, account: Account) -> Iterator[tuple[str, Mapping[str, Any]]]:
    standing = {
        (each.subject, each.attempt): each
        for each in store.reservations(None, account.terms.name)
        if _is_spent(each, account)
    }
    for entry in store.entries(account.terms.name):
        known = standing.get((entry.subject, entry.attempt))
        if known is not None and entry.kind in CHARGES:
            details = json.loads(entry.content)["details"]
            yield from details.get("releases", {entry.subject: details}).items()


def _is_spent(reservation: Reservation, account: Account) -> bool:
    """Whether anything of it stands; of a lease that was returned, whether anything was spent."""
    match reservation.state:
        case ReservationState.VOID:
            return False
        case ReservationState.RETURNED:
            name = account.terms.name
            return any(each.amounts != NOTHING for each in reservation.charges if each.dataset == name)
        case _:
            return True


def _accounts(part: Mapping[str, Any], account: Account) -> list[Accounts] | NoBound:
    """The accounts of the computation of an entry; none where it was not run on this dataset."""
    if "lease" in part:
        return NoBound(("a part is lent to another ledger, which knows what was run",))
    changed, work = part.get("stability", {}).get(account.terms.name, 0), part.get("work", [])
    if not changed:
        return []
    if not isinstance(work, list):
        return NoBound(("an entry keeps the digest of its mechanisms alone",))
    return [[(tuple(_mechanisms(each, account)), each["group"] * changed) for each in work]]


def _mechanisms(written: Mapping[str, Any], account: Account) -> Iterator[Mechanism]:
    claim = Privacy.from_file({"mechanisms": written["mechanisms"]})
    stated = Neighbouring(written["neighbouring"])
    for mechanism in claim.mechanisms:
        if mechanism.neighbouring is None and stated is not account.terms.neighbouring:
            yield mechanism.model_copy(update={"neighbouring": stated})
        else:
            yield mechanism
