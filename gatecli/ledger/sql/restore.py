"""How an exported ledger is written anew, inside one transaction: every row as it was, each entry replayed.

No movement is booked again. An entry goes where it stood, and what accounts and reservations say follows from
the entries alone, as `verify` has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.checking import check_amounts, check_checkpoint, check_column, check_name, check_terms
from gatecli.ledger.interface import LedgerIdentity, Part, StoredCheckpoint
from gatecli.ledger.replay import DatasetReplay
from gatecli.ledger.signing_keys import public_key_of
from gatecli.ledger.sql import statements as sql
from gatecli.ledger.sql.booking import Run
from gatecli.ledger.sql.rows import amount_parameters, terms_text
from gatecli.ledger.subject_ends import Ends, open_part, parts_of
from gatecli.ledger.subjects import Finished
from gatecli.model.ledger import Entry, Reservation
from gatecli.model.portfolio import MOST, Amounts


def restore_log(
    run: Run, identity: LedgerIdentity, log: Iterable[Entry], checkpoints: Iterable[StoredCheckpoint]
) -> None:
    """Write a log and its checkpoints into an empty ledger.

    Raises UsageError for a ledger with entries, UncheckableError for an entry that no ledger writes there.
    """
    if run(sql.ACCOUNT_NAMES, {"after": "", "page": 1}):
        raise UsageError("the ledger has entries already", advice="import into a new one")
    try:
        _Restoring(run, identity).write(log)
        for each in checkpoints:
            check_checkpoint(each)
            run(sql.ADD_CHECKPOINT, {"size": each.size, "at": each.at, "note": each.note})
    except UsageError as error:
        raise _refusal(error.message) from None


class _Restoring:
    """A ledger that is being written anew."""

    def __init__(self, run: Run, identity: LedgerIdentity) -> None:
        self._run = run
        self._identity = identity
        self._public_key = public_key_of(identity.public_key) if identity.public_key else b""
        self._finished = Finished()
        self._ends = Ends(self._add_part)
        self._replays: dict[str, DatasetReplay] = {}

    def write(self, log: Iterable[Entry]) -> None:
        for place, entry in enumerate(log):
            self._replay(entry)
            self._add_entry(entry, place)
        for name in sorted(self._replays):
            self._add_account(self._replays[name])
        self._add_open()

    def _replay(self, entry: Entry) -> None:
        """Raise UncheckableError unless the entry follows from those before."""
        name = entry.dataset
        if name not in self._replays:
            self._replays[name] = DatasetReplay(
                self._identity.id, name, self._finished, self._public_key, self._ends
            )
        check_name(name, "a dataset")
        check_name(entry.subject, "a subject")
        check_column(entry.content, entry.subject)
        check_column(entry.signature, entry.subject)
        check_amounts(entry.amounts, name, -MOST)
        if not 0 <= entry.attempt <= MOST:
            raise UsageError(f"the attempt of {entry.subject} is not a whole number from 0")
        wrong = self._replays[name].add(entry)
        if wrong:
            raise _refusal(f"{name}, entry {entry.number}: {wrong[0]}")

    def _add_entry(self, entry: Entry, place: int) -> None:
        terms = self._replays[entry.dataset].terms
        if entry.number == 0 and terms is not None:
            check_terms(terms, json.loads(entry.content)["at"])
            self._run(sql.ADD_TERMS, {"name": entry.dataset, "terms": terms_text(terms)})
        row = {
            "dataset": entry.dataset,
            "number": entry.number,
            "kind": entry.kind.value,
            "subject": entry.subject,
            "attempt": entry.attempt,
            "content": entry.content,
            "hash": bytes.fromhex(entry.hash),
            "signature": entry.signature,
        }
        self._run(sql.ADD_ENTRY, row | amount_parameters(entry.amounts))
        self._run(sql.ADD_PLACE, {"place": place, "dataset": entry.dataset, "number": entry.number})

    def _add_account(self, replay: DatasetReplay) -> None:
        terms = replay.terms
        if terms is None:
            raise _refusal(f"{replay.dataset} has no terms")
        check_amounts(replay.held, terms.name)
        row = {
            "name": terms.name,
            "admission": terms.admission.value,
            "closed": int(replay.closed),
            "entries": replay.number,
            "head": replay.digest,
        }
        limits = amount_parameters(terms.limits, "_limit")
        self._run(sql.RESTORE_ACCOUNT, row | amount_parameters(replay.held) | limits)

    def _add_part(self, part: Part) -> None:
        """A part of a reservation that is done with."""
        dataset, subject, attempt, state, digest, last_digest, at, plan, lapses, *amounts = part
        row = (subject, attempt, state, digest, at, plan, lapses, last_digest)
        self._add_row(str(subject), dict(zip(_COLUMNS, row, strict=True)))
        self._add_charge(str(subject), str(dataset), Amounts(*(int(amount or 0) for amount in amounts)))

    def _add_open(self) -> None:
        """What is held or lent, and what was void once."""
        subjects = {subject for replay in self._replays.values() for subject in replay.open}
        for subject in sorted(subjects | self._ends.histories.keys()):
            places = [
                (name, replay.open[subject])
                for name, replay in sorted(self._replays.items())
                if subject in replay.open
            ]
            found = self._ends.reservations(subject, places)
            if found is None:
                for dataset, begin in places:
                    self._add_part(open_part(dataset, subject, begin))
            elif found:
                self._add_reservation(found[0])
            else:
                raise _refusal(f"the entries do not say how {subject} stands")

    def _add_reservation(self, reservation: Reservation) -> None:
        for part in parts_of(reservation):
            self._add_part(part)

    def _add_row(self, subject: str, row: Mapping[str, Any]) -> None:
        """The row of a subject; each of its datasets says the same."""
        check_name(subject, "a subject")
        for text in row.values():
            check_column(str(text), subject)
        there = self._run(sql.RESERVATION, {"subject": subject})
        if not there:
            self._run(sql.RESTORE_RESERVATION, dict(row))
        elif tuple(there[0]) != tuple(row.values()):
            raise _refusal(f"two datasets say other things of {subject}")

    def _add_charge(self, subject: str, dataset: str, amounts: Amounts) -> None:
        check_amounts(amounts, dataset)
        row = {"subject": subject, "dataset": dataset}
        self._run(sql.ADD_TO_RESERVATION, row | amount_parameters(amounts))


_COLUMNS = ("subject", "attempt", "state", "digest", "at", "plan", "lapses", "last_digest")
"""The columns of a reservation in the order in which they are read."""


def _refusal(what: str) -> UncheckableError:
    return UncheckableError(
        f"{what}; nothing was imported", advice="gatecli ledger verify says what was changed in the export"
    )
