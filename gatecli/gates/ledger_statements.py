"""What a ledger says of a dataset: what is held, what is guaranteed, and until when it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from itertools import islice

from gatecli.accounting.interface import NoBound
from gatecli.gates.charges import is_lapsed
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.ledger.forecast import forecast
from gatecli.ledger.history import Step, moment_of, steps
from gatecli.ledger.interface import Store
from gatecli.model.budget import Bounds
from gatecli.model.ledger import Account, ReservationState
from gatecli.model.portfolio import Member, best_member, held_share, member_share

FIRST = 16
"""Entries among which the first charge of a dataset stands: the terms come first."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One account as it is shown. `composed` is what was charged, had it been fixed in advance."""

    account: Account
    share: Fraction
    best: Member
    shares: Mapping[Member, Fraction]
    states: Mapping[ReservationState, int]
    lapsed: tuple[str, ...] = ()
    exhausted: date | None = None
    composed: Bounds | NoBound | None = None


def statement_of(store: Store, account: Account, now: datetime, *, composes: bool = False) -> Statement:
    """How an account stands. With `composes` what was charged is composed too, which takes a while."""
    terms, held = account.terms, account.held
    reservations = list(store.reservations(None, terms.name))
    return Statement(
        account,
        held_share(held, terms.limits, terms.admission),
        best_member(held, terms.limits),
        {member: member_share(member, held, terms.limits) for member in Member},
        Counter(each.state for each in reservations),
        tuple(
            each.subject
            for each in reservations
            if each.state is ReservationState.HELD and is_lapsed(each, now.date())
        ),
        forecast(_ends(store, account), now),
        composed_in_advance(store, account) if composes else None,
    )


def _ends(store: Store, account: Account) -> list[Step]:
    """The first step and the last, which are all that a forecast needs."""
    terms = account.terms
    first = list(islice(steps(store.entries(terms.name, limit=FIRST), terms), 1))
    last = list(store.entries(terms.name, newest_first=True, limit=1))
    if not first or not last:
        return first
    share = held_share(account.held, terms.limits, terms.admission)
    return [*first, Step(max(first[0].at, moment_of(last[0])), share)]
