"""A dataset of a ledger as the budget of questions; imported where a ledger is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from gatecli.data.aggregation import Contributions
from gatecli.data.spending import Holding, largest_epsilon, question_of, unbounded_cost, used_up
from gatecli.errors import UsageError
from gatecli.gates.charged_tables import question_digest
from gatecli.gates.charged_work import Book, UnboundedWork, charges_for, kept_work, stabilities, work_of
from gatecli.gates.ledger_access import missing_dataset, moment, signing
from gatecli.gates.reserving import committing
from gatecli.ledger.interface import BudgetExceeded, Store, UnknownDataset
from gatecli.ledger.opening import open_store
from gatecli.model.budget import Neighbouring
from gatecli.model.ledger import Account, EntryKind, Movement
from gatecli.model.portfolio import held_share
from gatecli.model.table_evidence import AnsweredQuestion, ChargedLedger

LAPSE_AFTER_DAYS = 30


def open_purse(
    ledger: str, key: str | None, dataset: str, counted: Contributions, now: Callable[[], datetime]
) -> LedgerPurse:
    """The purse of a dataset; `key` signs its entries. Raises GatecliError."""
    store = open_store(ledger)
    try:
        return LedgerPurse(store if key is None else signing(store, Path(key)), dataset, counted, now)
    except BaseException:
        store.close()
        raise


class LedgerPurse:
    """A dataset of a ledger, and all its parents."""

    def __init__(
        self, store: Store, dataset: str, counted: Contributions, now: Callable[[], datetime]
    ) -> None:
        self._store, self._dataset, self._counted, self._now = store, dataset, counted, now
        self.ledger = ChargedLedger(id=store.identity.id, name=store.identity.name)
        self._movements: dict[str, Movement] = {}
        self.terms = self._account().terms

    def _account(self) -> Account:
        account = self._store.account(self._dataset)
        if account is None:
            raise missing_dataset(self._store, self._dataset)
        return account

    def reserve(self, asked: AnsweredQuestion) -> None:
        """Charge the dataset and its parents what a question costs."""
        account, book = self._account(), Book(self._store)
        question = question_of(asked.mechanisms, account.terms)
        changes = stabilities([account], book)
        charges = charges_for(work_of([question], changes), book)
        if isinstance(charges, UnboundedWork):
            raise unbounded_cost(charges.reasons)
        counted = self._counted
        digest = question_digest(asked, counted.column, counted.rows, Neighbouring.ADD_REMOVE)
        details = {"work": kept_work([question]), "stability": dict(changes)}
        now = self._now()
        lapses = (now.date() + timedelta(days=LAPSE_AFTER_DAYS)).isoformat()
        movement = Movement(EntryKind.RESERVE, asked.subject, moment(now), charges, digest, details)
        try:
            self._store.move(movement, lapses=lapses)
        except BudgetExceeded:
            raise used_up(account.terms, account.held, asked) from None
        except UnknownDataset:
            raise UsageError(
                f"{self._dataset} is closed in the ledger", advice="name another dataset"
            ) from None
        self._movements[asked.subject] = movement

    def settle(self, subject: str) -> None:
        """Commit what was reserved."""
        movement = self._movements.pop(subject)
        self._store.move(replace(committing(movement), at=moment(self._now())))

    def close(self) -> None:
        """Let go of the ledger."""
        self._store.close()

    def holding(self) -> Holding:
        """How the dataset's budget stands, whoever holds it."""
        account = self._account()
        terms = account.terms
        share = held_share(account.held, terms.limits, terms.admission)
        return Holding(terms.name, terms.budget, share, largest_epsilon(terms, account.held))
