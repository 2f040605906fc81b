"""`gatecli ledger migrate` and `gatecli ledger grants`."""

from __future__ import annotations

from typing import Annotated

import typer

from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.options import GATE, LedgerUrl, option
from gatecli.gates.ledger_access import open_ledger
from gatecli.ledger.postgres_schema import grants as statements
from gatecli.model.ledger import SCHEMA_VERSION


def migrate(url: LedgerUrl = None) -> None:
    """Bring the tables of a ledger to this version of gatecli; any command that writes does the same."""
    with open_ledger(url) as store:
        err(f"the tables of {store.where} are of version {SCHEMA_VERSION}\n")


def grants(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A role of PostgreSQL.")],
    writer: Annotated[
        bool,
        option(
            "--writer",
            panel=GATE,
            variable="LEDGER_WRITER",
            help="For jobs that charge; without it, for those that show and verify.",
        ),
    ] = False,
) -> None:
    """Print what the owner of a ledger on PostgreSQL grants to a role: it can change no entry."""
    out("".join(f"{statement};\n" for statement in statements(role, writer=writer)))
