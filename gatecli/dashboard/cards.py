"""Datasets as the first page shows them: how full each is, in words and as a bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import islice
from urllib.parse import urlencode

from gatecli.dashboard.figures import last_checkpoint
from gatecli.dashboard.filters import DatasetFilter
from gatecli.ledger.forecast import forecast_account
from gatecli.ledger.history import Level
from gatecli.ledger.interface import LedgerIdentity, Store, StoredCheckpoint
from gatecli.ledger.wording import budget_text, forecast_sentence, guarantee_sentence
from gatecli.model.ledger import Account, ReservationState
from gatecli.model.portfolio import Admission, best_member, held_share
from gatecli.reports.html.svg import at, percent

PAGE = 25
"""Datasets on a page."""
SCARCE = Fraction(4, 5)
"""The share from which a budget is shown as scarce."""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """A dataset in a few words. `tone` is a class of the style sheet."""

    name: str
    link: str
    share: str
    bar: str
    tone: str
    held_by: str
    budget: str
    guarantee: str
    forecast: str
    entries: int
    lapsed: int
    closed: bool


@dataclass(frozen=True, slots=True)
class IndexPage:
    """What the first page shows. `newer` and `older` are queries of the pages beside this one."""

    identity: LedgerIdentity
    cards: tuple[DatasetCard, ...]
    wanted: DatasetFilter
    newer: str
    older: str
    states: Mapping[ReservationState, int]
    refusals: Mapping[str, int]
    checkpoint: StoredCheckpoint | None


def dataset_link(name: str) -> str:
    """Where a dataset's page is: the name in the query, so that no name is taken for a path."""
    return f"/dataset?{urlencode({'name': name})}"


def dataset_card(account: Account, forecast: str, lapsed: int) -> DatasetCard:
    """The card of an account."""
    terms = account.terms
    share = held_share(account.held, terms.limits, terms.admission)
    by = "all members" if terms.admission is Admission.ALL else best_member(account.held, terms.limits).value
    return DatasetCard(
        terms.name,
        dataset_link(terms.name),
        percent(share, up=True),
        at(min(share, Fraction(1))),
        "bad" if share >= 1 else "scarce" if share >= SCARCE else "bar",
        by,
        budget_text(terms.budget),
        guarantee_sentence(terms),
        forecast,
        account.entries,
        lapsed,
        account.closed,
    )


def read_index(
    store: Store, wanted: DatasetFilter, now: datetime, begun: MutableMapping[str, Level]
) -> IndexPage:
    """The page of datasets that a filter takes."""
    start = (wanted.page - 1) * PAGE
    found = list(islice(_in_order(_matching(store.accounts(), wanted.name), wanted), start, start + PAGE + 1))
    tally = store.tally(now.date().isoformat())
    cards = tuple(
        dataset_card(
            account,
            forecast_sentence(forecast_account(store, account, now, begun)),
            tally.lapsed.get(account.terms.name, 0),
        )
        for account in found[:PAGE]
    )
    return IndexPage(
        store.identity,
        cards,
        wanted,
        wanted.query(wanted.page - 1) if wanted.page > 1 else "",
        wanted.query(wanted.page + 1) if len(found) > PAGE else "",
        tally.states,
        tally.refusals,
        last_checkpoint(store),
    )


def _matching(accounts: Iterable[Account], name: str) -> Iterator[Account]:
    folded = name.casefold()
    return (account for account in accounts if folded in account.terms.name.casefold())


def _in_order(accounts: Iterator[Account], wanted: DatasetFilter) -> Iterator[Account]:
    """By name, as they come; or all of them, the most held first."""
    if not wanted.by_held:
        return accounts
    return iter(sorted(accounts, key=_held_share_of, reverse=True))


def _held_share_of(account: Account) -> Fraction:
    return held_share(account.held, account.terms.limits, account.terms.admission)
