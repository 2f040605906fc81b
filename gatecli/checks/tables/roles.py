"""Columns that identify: named by themselves, or left out of the declared quasi-identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gatecli.anonymity.discovery.roles import (
    ColumnRole,
    Discovery,
    Undeclared,
    direct_identifiers,
    undeclared_quasi_identifiers,
)
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.number import show_down

DIRECT_IDENTIFIER = Rule(
    "anon-direct-identifier", Severity.ERROR, "A column names or numbers persons by itself"
)
UNDECLARED_QUASI_IDENTIFIER = Rule(
    "anon-undeclared-quasi-identifier",
    Severity.WARNING,
    "A column that re-identifies is not among the declared quasi-identifiers",
)

ROLE_RULES: tuple[Rule, ...] = (DIRECT_IDENTIFIER, UNDECLARED_QUASI_IDENTIFIER)


def find_direct_identifiers(discovery: Discovery, subject: str, place: Place) -> Iterator[Finding]:
    """A finding for each column that is a direct identifier, declared or not."""
    for column in direct_identifiers(discovery):
        yield _direct(column, subject, place)


def _direct(column: ColumnRole, subject: str, place: Place) -> Finding:
    return make_finding(
        DIRECT_IDENTIFIER,
        f"{column.name} is a direct identifier: {column.why}",
        subject=subject,
        place=place,
        mend=f"drop {column.name}, or replace it by a random number that is kept nowhere",
        identity=f"{subject}\0{column.name}",
    )


def find_undeclared(
    discovery: Discovery,
    declared: Collection[str],
    sensitive: Collection[str],
    subject: str,
    place: Place,
) -> Iterator[Finding]:
    """A finding for each column that re-identifies and is neither declared nor sensitive."""
    for left_out in undeclared_quasi_identifiers(discovery, declared, sensitive):
        yield _undeclared_finding(left_out, subject, place)


def _undeclared_finding(left_out: Undeclared, subject: str, place: Place) -> Finding:
    together = left_out.together
    others = [name for name in together.columns if name != left_out.column]
    with_others = f" with {', '.join(others)}" if others else " alone"
    return make_finding(
        UNDECLARED_QUASI_IDENTIFIER,
        f"{left_out.column} is not declared as a quasi-identifier, but {left_out.why};{with_others} it makes "
        f"{together.unique_rows:,} of {together.rows:,} rows unique and tells "
        f"{show_down(together.separation * 100)} % of all pairs of rows apart",
        subject=subject,
        place=place,
        mend=f"declare {left_out.column} among the quasiIdentifiers or as sensitive, or drop it",
        identity=f"{subject}\0{left_out.column}",
    )
