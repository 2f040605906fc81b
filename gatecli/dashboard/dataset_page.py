"""One dataset: its terms, what each member of the portfolio holds, its history, reservations and entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import islice
from urllib.parse import urlencode

from gatecli.dashboard.cards import DatasetCard, dataset_card, dataset_link
from gatecli.dashboard.charts import HistoryChart, history_chart
from gatecli.dashboard.entry_listing import read_page
from gatecli.dashboard.filters import EntryFilter
from gatecli.dashboard.histories import Histories
from gatecli.ledger.forecast import forecast
from gatecli.ledger.history import Level, moment_of, step_of
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.wording import forecast_sentence
from gatecli.model.ledger import (
    Account,
    DatasetTerms,
    Entry,
    EntryKind,
    Reservation,
    ReservationState,
    is_lapsed,
    lapsed_among,
)
from gatecli.model.number import show_down, show_up
from gatecli.model.portfolio import (
    DELTA_UNITS,
    MEASURE_UNITS,
    MEMBER_COLUMNS,
    RDP_ORDERS,
    Amounts,
    Member,
    best_member,
    member_share,
)
from gatecli.reports.html.svg import at, percent

MOST_HELD = 100
"""Held reservations that are listed."""
MEASURES = {
    Member.BASIC: "ε",
    Member.GDP: "μ²",
    **{member: f"ε of order {order}" for member, order in RDP_ORDERS.items()},
}


@dataclass(frozen=True, slots=True)
class MemberLine:
    """What a member holds of its limits, in the field's units; held rounded up, limits rounded down."""

    name: str
    measure: str
    loss: str
    delta: str
    share: str
    bar: str
    tone: str
    best: bool


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A reservation that nobody committed or voided yet."""

    subject: str
    link: str
    since: str
    lapses: str
    lapsed: bool


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry in a row. `change` is what it charges of the limits, by the member that holds least."""

    number: int
    link: str
    at: str
    kind: str
    subject: str
    attempt: int
    change: str


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """What a dataset's page shows; `older` and `newest` are links to other pages of entries, or ""."""

    identity: LedgerIdentity
    terms: DatasetTerms
    card: DatasetCard
    members: tuple[MemberLine, ...]
    chart: HistoryChart | None
    held: tuple[HeldLine, ...]
    more_held: bool
    wanted: EntryFilter
    kinds: tuple[EntryKind, ...]
    lines: tuple[EntryLine, ...]
    older: str
    newest: str
    parents: tuple[tuple[str, str, int], ...]


@dataclass(slots=True)
class Memory:
    """What is kept from one page to the next: entries never change. For one thread."""

    histories: Histories = field(default_factory=Histories)
    begun: dict[str, Level] = field(default_factory=dict)


def read_dataset(
    store: Store, name: str, wanted: EntryFilter, now: datetime, memory: Memory
) -> DatasetPage | None:
    """The page of a dataset; None where there is none of this name."""
    account = store.account(name)
    if account is None:
        return None
    steps = [step_of(level, account.terms) for level in memory.histories.read(store, account, memory.begun)]
    exhausted = forecast(steps, now)
    held = list(islice(store.reservations(ReservationState.HELD, name), MOST_HELD + 1))
    lapsed = list(lapsed_among(held, now.date()))
    entries = read_page(store, account, wanted)
    best = best_member(account.held, account.terms.limits)
    return DatasetPage(
        store.identity,
        account.terms,
        dataset_card(account, forecast_sentence(exhausted), len(lapsed)),
        tuple(member_lines(account, best)),
        history_chart(steps, now, exhausted),
        tuple(_held_line(name, each, now) for each in held[:MOST_HELD]),
        len(held) > MOST_HELD,
        wanted,
        tuple(EntryKind),
        tuple(_entry_line(entry, best, account.terms.limits) for entry in entries.entries),
        _page_link(name, wanted, entries.older) if entries.older is not None else "",
        _page_link(name, wanted, None) if wanted.before is not None else "",
        tuple((parent.name, dataset_link(parent.name), parent.stability) for parent in account.terms.parents),
    )


def member_lines(account: Account, best: Member) -> Iterator[MemberLine]:
    """A line for each member of the portfolio."""
    held, limits = account.held, account.terms.limits
    for member, (measure, slack) in MEMBER_COLUMNS.items():
        share = member_share(member, held, limits)
        yield MemberLine(
            member.value,
            MEASURES[member],
            _held_of(getattr(held, measure), getattr(limits, measure), MEASURE_UNITS),
            _held_of(getattr(held, slack), getattr(limits, slack), DELTA_UNITS),
            percent(share, up=True) if share <= 1 else "spent",
            at(min(share, Fraction(1))),
            "rest" if share > 1 else "bar",
            member is best,
        )


def _held_of(held: int, limit: int, units: int) -> str:
    """`0.42 of 8`; a limit of nothing is no budget to have a share of."""
    shown = show_up(Fraction(held, units))
    return f"{shown} of {show_down(Fraction(limit, units))}" if limit or held else "none permitted"


def entry_link(dataset: str, number: int) -> str:
    """Where an entry's page is."""
    return f"/entry?{urlencode({'dataset': dataset, 'number': number})}"


def change_text(amounts: Amounts, best: Member, limits: Amounts) -> str:
    """`+3.1 %`, what an entry charges or takes back of a member's limits; "" where it is nothing."""
    if not any(amounts):
        return ""
    if max(amounts) <= 0:
        return f"−{percent(member_share(best, -amounts, limits), up=True)}"
    return f"+{percent(member_share(best, amounts, limits), up=True)}"


def _held_line(name: str, held: Reservation, now: datetime) -> HeldLine:
    """A held reservation of a dataset."""
    lapsed = is_lapsed(held, now.date())
    return HeldLine(held.subject, _subject_link(name, held), held.at, held.lapses or "", lapsed)


def _subject_link(name: str, reservation: Reservation) -> str:
    return f"{dataset_link(name)}&{urlencode({'subject': reservation.subject})}#entries"


def _page_link(name: str, wanted: EntryFilter, before: int | None) -> str:
    query = wanted.query(before)
    return f"{dataset_link(name)}{'&' if query else ''}{query}#entries"


def _entry_line(entry: Entry, best: Member, limits: Amounts) -> EntryLine:
    return EntryLine(
        entry.number,
        entry_link(entry.dataset, entry.number),
        moment_of(entry).strftime("%Y-%m-%d %H:%M:%S"),
        entry.kind.value,
        entry.subject,
        entry.attempt,
        change_text(entry.amounts, best, limits),
    )
