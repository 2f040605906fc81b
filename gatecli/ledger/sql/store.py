"""What both stores do alike; each brings its connection, its transactions and its errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from gatecli.ledger.checking import (
    check_checkpoint,
    check_column,
    check_day,
    check_movement,
    check_name,
    check_terms,
    check_time,
    is_name,
)
from gatecli.ledger.interface import (
    NO_RELEASES,
    EntrySum,
    LedgerIdentity,
    LedgerTally,
    LedgerUnavailable,
    Outcome,
    Part,
    StoredCheckpoint,
)
from gatecli.ledger.sql import statements as sql
from gatecli.ledger.sql.booking import Request, Run, add, book, close_account, request_of
from gatecli.ledger.sql.restore import restore_log
from gatecli.ledger.sql.rows import Row, read_account, read_entry, read_reservations, read_sum
from gatecli.model.ledger import (
    Account,
    DatasetTerms,
    Entry,
    Movement,
    Reservation,
    ReservationState,
)
from gatecli.model.portfolio import MOST

T = TypeVar("T")

PAGE = 1000
"""Rows that are read at once: what is streamed is never in memory as a whole."""


class SqlStore(ABC):
    """A ledger in tables. What is streamed is read in pages, each a statement of its own: nothing is locked
    meanwhile, and entries that are appended meanwhile may or may not be among them.
    """

    def __init__(self, where: str, identity: LedgerIdentity, *, read_only: bool) -> None:
        self.where = where
        self.identity = identity
        self.read_only = read_only

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.where}>"

    @abstractmethod
    def _write(self, work: Callable[[Run], T]) -> T:
        """Do the work in a transaction; again from its start where it was interrupted."""

    @abstractmethod
    def _read(self, statement: str, parameters: dict[str, Any]) -> list[Row]:
        """The rows of one statement."""

    @abstractmethod
    def _check_clock(self, run: Run, at: str) -> None:
        """Raise LedgerUnavailable for a time that the store's own clock denies."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file or the connection."""

    def _change(self, work: Callable[[Run], T]) -> T:
        if self.read_only:
            raise LedgerUnavailable(
                f"the ledger {self.where} was opened for reading", advice="open it for writing"
            )
        return self._write(work)

    def add_dataset(self, terms: DatasetTerms, at: str, signature: str = "") -> Outcome:
        check_terms(terms, at)
        check_column(signature, terms.name)

        def begin(run: Run) -> Outcome:
            self._check_clock(run, at)
            return add(run, self.identity.id, terms, at, signature)

        return self._change(begin)

    def move(
        self,
        movement: Movement,
        *,
        lapses: str | None = None,
        releases: Mapping[str, str] = NO_RELEASES,
        signatures: Sequence[str] = (),
    ) -> Outcome:
        check_movement(movement, lapses, releases, signatures)
        request = request_of(movement, lapses, releases, signatures)
        return self._change(lambda run: self._book(run, request))

    def _book(self, run: Run, request: Request) -> Outcome:
        self._check_clock(run, request.movement.at)
        return book(run, request)

    def close_dataset(self, name: str, at: str, signature: str = "") -> Outcome:
        check_name(name, "a dataset")
        check_time(at)
        check_column(signature, name)

        def end(run: Run) -> Outcome:
            self._check_clock(run, at)
            return close_account(run, name, at, signature)

        return self._change(end)

    def account(self, name: str) -> Account | None:
        rows = self._read(sql.ACCOUNT, {"name": name}) if is_name(name) else []
        return read_account(rows[0]) if rows else None

    def accounts(self) -> Iterator[Account]:
        for row in self._pages(sql.ACCOUNTS, {"after": ""}, {"after": 0}):
            yield read_account(row)

    def account_names(self) -> Iterator[str]:
        return (str(row[0]) for row in self._pages(sql.ACCOUNT_NAMES, {"after": ""}, {"after": 0}))

    def reservation(self, subject: str) -> Reservation | None:
        rows = self._read(sql.RESERVATION_WITH_CHARGES, {"subject": subject}) if is_name(subject) else []
        return next(read_reservations(rows), None)

    def reservations(
        self, state: ReservationState | None = None, dataset: str | None = None
    ) -> Iterator[Reservation]:
        if dataset is not None and not is_name(dataset):
            return
        statement = {
            (False, False): sql.RESERVATIONS,
            (True, False): sql.RESERVATIONS_IN_STATE,
            (False, True): sql.RESERVATIONS_OF_DATASET,
            (True, True): sql.RESERVATIONS_OF_DATASET_IN_STATE,
        }[state is not None, dataset is not None]
        parameters = {"state": state.value} if state else {}
        parameters |= {"dataset": dataset} if dataset is not None else {}
        yield from self._reservation_pages(statement, parameters)

    def releases_of_plan(self, plan: str) -> Iterator[Reservation]:
        return (
            self._reservation_pages(sql.RESERVATIONS_OF_PLAN, {"plan": plan}) if is_name(plan) else iter(())
        )

    def _reservation_pages(self, statement: str, given: Mapping[str, str]) -> Iterator[Reservation]:
        parameters: dict[str, Any] = {"after": "", "page": PAGE, **given}
        while found := list(read_reservations(self._read(statement, parameters))):
            yield from found
            if len(found) < PAGE:
                return
            parameters["after"] = found[-1].subject

    def parts(self) -> Iterator[Part]:
        after: Any = ""
        while rows := self._read(sql.PARTS, {"after": after, "page": PAGE}):
            yield from map(tuple, rows)
            after = rows[-1][1]

    def entries(
        self,
        dataset: str | None = None,
        *,
        after: int = -1,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        names = filter(is_name, [dataset]) if dataset is not None else self.account_names()
        left = MOST if limit is None else limit
        for name in names:
            if left <= 0:
                return
            page = min(left, PAGE)
            for entry in self._entries_of(name, after, page, newest_first=newest_first):
                yield entry
                left -= 1
                if left <= 0:
                    return

    def _entries_of(self, dataset: str, after: int, page: int, *, newest_first: bool) -> Iterator[Entry]:
        """All of them, `page` at a time."""
        if newest_first:
            parameters = {"dataset": dataset, "after": after, "before": MOST}
            rows = self._pages(sql.NEWEST_ENTRIES, parameters, {"before": 1}, page)
        else:
            rows = self._pages(sql.ENTRIES, {"dataset": dataset, "after": after}, {"after": 1}, page)
        return map(read_entry, rows)

    def sums(self, dataset: str, *, after: int = -1, width: int = 1) -> Iterator[EntrySum]:
        given = {"dataset": dataset, "after": after, "width": width}
        return map(read_sum, self._read(sql.SUMS, given) if is_name(dataset) else [])

    def sequence(self) -> int:
        return self._change(self._give_places)

    def _give_places(self, run: Run) -> int:
        self._hold_log(run)
        run(sql.SEQUENCE, {})
        return int(run(sql.LOG_SIZE, {})[0][0])

    @abstractmethod
    def _hold_log(self, run: Run) -> None:
        """Keep others from giving places until the transaction ends."""

    def log(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        parameters = {"after": start - 1, "stop": MOST if stop is None else stop}
        return map(read_entry, self._pages(sql.LOG, parameters, {"after": -1}))

    def save_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        check_checkpoint(checkpoint)
        row = {"size": checkpoint.size, "at": checkpoint.at, "note": checkpoint.note}

        def keep(run: Run) -> None:
            self._hold_log(run)
            if not run(sql.CHECKPOINT, {"size": checkpoint.size, "note": checkpoint.note}):
                run(sql.ADD_CHECKPOINT, row)

        self._change(keep)

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        for row in self._pages(sql.CHECKPOINTS, {"size": -1, "id": -1}, {"size": 0, "id": 3}):
            yield StoredCheckpoint(*row[:3])

    def restore(
        self, log: Callable[[], Iterable[Entry]], checkpoints: Callable[[], Iterable[StoredCheckpoint]]
    ) -> None:
        self._change(lambda run: restore_log(run, self.identity, log(), checkpoints()))

    def note_refusal(self, rule: str, at: str) -> None:
        check_name(rule, "a rule")
        check_time(at)
        self._change(lambda run: run(sql.NOTE_REFUSAL, {"rule": rule, "at": at}))

    def tally(self, today: str) -> LedgerTally:
        check_day(today)
        states = {ReservationState(name): count for name, count in self._read(sql.STATE_COUNTS, {})}
        lapsed = {str(name): int(count) for name, count in self._read(sql.LAPSED_COUNTS, {"today": today})}
        refusals = {str(rule): int(count) for rule, count in self._read(sql.REFUSAL_COUNTS, {})}
        return LedgerTally(states, lapsed, refusals)

    def _pages(
        self, statement: str, parameters: dict[str, Any], keys: dict[str, int], page: int | None = None
    ) -> Iterator[Row]:
        """Rows by their keys: parameters that each page sets to columns of the last row before."""
        page = page or PAGE
        parameters = {**parameters, "page": page}
        while rows := self._read(statement, parameters):
            yield from rows
            if len(rows) < page:
                return
            parameters |= {key: rows[-1][column] for key, column in keys.items()}
