"""A charge in one statement: the row of an account is held from its update to the end of the statement only.

The statement is done wholly or not at all:

- the subject is inserted, and what it holds; one that is there already is a violation of its key;
- each account is updated without asking first, and its CHECK refuses what no member holds;
- an unknown or closed dataset leaves an entry without a number, which its column refuses.

What was refused is then asked for again in a transaction, which says why (`booking.book`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatecli.ledger.sql.booking import Request
from gatecli.ledger.sql.rows import amount_parameters
from gatecli.ledger.sql.statements import AMOUNTS, ENTRY_COLUMNS
from gatecli.model.ledger import TRANSITIONS, Charge, Movement, ReservationState, content_of
from gatecli.model.portfolio import COLUMNS

_GIVEN = ", ".join(f"c.{column}" for column in COLUMNS)
_ARRAYS = ", ".join(f"%({column})s::bigint[]" for column in COLUMNS)
_SUMS = ", ".join(f"{column} = a.{column} + c.{column}" for column in COLUMNS)

_MADE = """
WITH made AS (
    INSERT INTO reservation (subject, attempt, state, digest, last_digest, at, plan, lapses)
    SELECT %(subject)s::text, 0, %(state)s::text, %(digest)s::text, %(digest)s::text, %(at)s::text, NULL,
           %(lapses)s::text
    WHERE %(skew)s::bigint IS NULL OR %(at)s::text::timestamptz
          BETWEEN %(since)s::text::timestamptz - make_interval(secs => %(skew)s::bigint)
          AND now() + make_interval(secs => %(skew)s::bigint)
    RETURNING subject),
"""

_ONE_GIVEN = ", ".join(f"%({column})s::bigint" for column in COLUMNS)
_ONE_SUMS = ", ".join(f"{column} = a.{column} + %({column})s::bigint" for column in COLUMNS)

ONE = f"""
{_MADE}
listed AS (
    INSERT INTO reservation_charge (subject, dataset, {AMOUNTS})
    SELECT subject, %(dataset)s::text, {_ONE_GIVEN} FROM made
    RETURNING subject),
charged AS (
    UPDATE account a SET {_ONE_SUMS}, entries = a.entries + 1,
           head = sha256(a.head || convert_to(%(content)s::text, 'UTF8'))
    FROM listed WHERE a.name = %(dataset)s::text AND a.closed = 0
    RETURNING a.entries - 1 AS number, a.head AS hash)
INSERT INTO entry ({ENTRY_COLUMNS})
SELECT %(dataset)s::text, g.number, %(kind)s::text, made.subject, 0, {_ONE_GIVEN}, %(content)s::text, g.hash,
       %(signature)s::text
FROM made LEFT JOIN charged g ON true
"""
"""A charge of one dataset: most are, and nothing has to be joined."""

SEVERAL = f"""
{_MADE}
charge AS (
    SELECT * FROM unnest(%(datasets)s::text[], %(contents)s::text[], %(signatures)s::text[], {_ARRAYS})
    AS charge (dataset, content, signature, {AMOUNTS})),
listed AS (
    INSERT INTO reservation_charge (subject, dataset, {AMOUNTS})
    SELECT made.subject, c.dataset, {_GIVEN} FROM charge c CROSS JOIN made
    RETURNING dataset),
locked AS MATERIALIZED (
    SELECT a.name AS dataset FROM account a JOIN listed ON listed.dataset = a.name
    ORDER BY a.name FOR NO KEY UPDATE OF a),
charged AS (
    UPDATE account a SET {_SUMS}, entries = a.entries + 1,
           head = sha256(a.head || convert_to(c.content, 'UTF8'))
    FROM charge c JOIN locked USING (dataset) WHERE a.name = c.dataset AND a.closed = 0
    RETURNING a.name, a.entries - 1 AS number, a.head AS hash)
INSERT INTO entry ({ENTRY_COLUMNS})
SELECT c.dataset, g.number, %(kind)s::text, made.subject, 0, {_GIVEN}, c.content, g.hash, c.signature
FROM charge c CROSS JOIN made LEFT JOIN charged g ON g.name = c.dataset
"""
"""Each account is held before it is updated, in the order of their names: nobody waits for each other."""


def is_first_charge(request: Request) -> bool:
    """Whether the movement is the first of its subject, and of one subject alone."""
    sources, _ = TRANSITIONS[request.movement.kind]
    return None in sources and request.movement.attempt == 0 and not request.releases


def charge_statement(request: Request) -> str:
    return ONE if len(request.movement.charges) == 1 else SEVERAL


def charge_parameters(request: Request, skew: int | None, since: str) -> dict[str, Any]:
    """The parameters; `skew` is by how many seconds the client's clock may differ from the server's, `since`
    the server's time when the client opened the ledger: no movement is older.
    """
    movement, pairs = request.movement, request.signed_charges()
    state: ReservationState = TRANSITIONS[movement.kind][1]
    return {
        "subject": movement.subject,
        "state": state.value,
        "digest": movement.digest,
        "at": movement.at,
        "lapses": request.lapses,
        "skew": skew,
        "since": since,
        "kind": movement.kind.value,
        **(_one(movement, *pairs[0]) if len(pairs) == 1 else _arrays(movement, pairs)),
    }


def _one(movement: Movement, charge: Charge, signature: str) -> dict[str, Any]:
    named = {"dataset": charge.dataset, "content": content_of(movement, charge), "signature": signature}
    return named | amount_parameters(charge.amounts)


def _arrays(movement: Movement, pairs: Sequence[tuple[Charge, str]]) -> dict[str, Any]:
    charges = [charge for charge, _ in pairs]
    return {
        "datasets": [charge.dataset for charge in charges],
        "contents": [content_of(movement, charge) for charge in charges],
        "signatures": [signature for _, signature in pairs],
        **_columns(charges),
    }


def _columns(charges: Sequence[Charge]) -> dict[str, list[int]]:
    """The amounts, each column as an array."""
    return {column: [getattr(charge.amounts, column) for charge in charges] for column in COLUMNS}
