"""Rows of the tables as values, and values as parameters of the statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from gatecli.ledger.interface import DamagedAccount, EntrySum
from gatecli.model.ledger import (
    Account,
    Charge,
    DatasetTerms,
    Entry,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    canonical_json,
    content_of,
    read_terms,
    time_in,
)
from gatecli.model.portfolio import COLUMNS, NOTHING, Amounts

Row = Sequence[Any]
Parameters = dict[str, Any]

WIDTH = len(COLUMNS)

_KINDS = {kind.value: kind for kind in EntryKind}


def amount_parameters(amounts: Amounts, suffix: str = "") -> Parameters:
    """The amounts by the names of their columns."""
    return {f"{column}{suffix}": amount for column, amount in zip(COLUMNS, amounts, strict=True)}


def terms_text(terms: DatasetTerms) -> str:
    """The terms as a column holds them; two are the same where their texts are."""
    return canonical_json(terms.as_data())


def entry_parameters(
    movement: Movement, charge: Charge, number: int, digest: bytes, signature: str
) -> Parameters:
    """A row of the table of entries."""
    return {
        "dataset": charge.dataset,
        "number": number,
        "kind": movement.kind.value,
        "subject": movement.subject,
        "attempt": movement.attempt,
        **amount_parameters(charge.amounts),
        "content": content_of(movement, charge),
        "hash": digest,
        "signature": signature,
    }


def read_account(row: Row) -> Account:
    """name, closed, entries, head, amounts, limits, admission, terms. Raises DamagedAccount."""
    name, closed, entries, head, *amounts = row[: 4 + WIDTH]
    try:
        terms = read_terms(json.loads(row[5 + 2 * WIDTH]))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        raise DamagedAccount(name, "the account's terms cannot be read") from None
    enforced = (*row[4 + WIDTH : 4 + 2 * WIDTH], row[4 + 2 * WIDTH])
    if enforced != (*terms.limits, terms.admission.value):
        raise DamagedAccount(name, "the limits that the account is held to are not those of its terms")
    return Account(terms, Amounts(*amounts), entries, bytes(head).hex(), bool(closed))


def read_entry(row: Row) -> Entry:
    """The columns of the table of entries."""
    given = row[5 : 5 + WIDTH]
    amounts = Amounts(*given) if any(given) else NOTHING
    content, digest, signature = row[5 + WIDTH : 8 + WIDTH]
    return Entry(
        row[0], row[1], _KINDS[row[2]], row[3], row[4], amounts, content, bytes(digest).hex(), signature
    )


def read_sum(row: Row) -> EntrySum:
    """number, content of the last entry, amounts."""
    return EntrySum(row[0], time_in(row[1]), Amounts(*row[2 : 2 + WIDTH]))


def read_reservation(row: Row, charges: Iterable[Charge]) -> Reservation:
    """subject, attempt, state, digest, at, plan, lapses, last_digest."""
    subject, attempt, state, digest, at, plan, lapses, last = row[:8]
    held = tuple(charges)
    return Reservation(subject, attempt, ReservationState(state), digest, at, held, plan, lapses, last)


def read_charge(row: Row) -> Charge:
    """dataset, amounts."""
    return Charge(row[0], Amounts(*row[1 : 1 + WIDTH]))


def read_reservations(rows: Iterable[Row]) -> Iterator[Reservation]:
    """Reservations joined with their charges, the rows of each together."""
    for _, same in groupby(rows, key=lambda row: str(row[0])):
        lines = list(same)
        yield read_reservation(lines[0], (read_charge(line[8:]) for line in lines if line[8] is not None))
