"""What a ledger says of a dataset: what is held, what is guaranteed, and until when it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from gatecli.ledger.forecast import forecast_account
from gatecli.ledger.interface import Store
from gatecli.model.budget import Bounds
from gatecli.model.ledger import LEASED, Account, ReservationState, is_opening, lapsed_among, releases_among
from gatecli.model.portfolio import Member, best_member, held_share, member_share

if TYPE_CHECKING:
    from gatecli.accounting.interface import NoBound


@dataclass(frozen=True, slots=True)
class Statement:
    """One account as it is shown. `composed` is what was charged, had it been fixed in advance.

    `states` counts releases, `leases` what was lent, `openings` what was spent before the ledger began.
    """

    account: Account
    share: Fraction
    best: Member
    shares: Mapping[Member, Fraction]
    states: Mapping[ReservationState, int]
    leases: Mapping[ReservationState, int]
    openings: int = 0
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
        Counter(each.state for each in releases_among(reservations)),
        Counter(each.state for each in reservations if each.state in LEASED),
        sum(map(is_opening, reservations)),
        tuple(each.subject for each in lapsed_among(reservations, now.date())),
        forecast_account(store, account, now),
        _compose(store, account) if composes else None,
    )


def _compose(store: Store, account: Account) -> Bounds | NoBound:
    from gatecli.gates.ledger_composed import composed_in_advance  # noqa: PLC0415 - brings the accountants

    return composed_in_advance(store, account)
