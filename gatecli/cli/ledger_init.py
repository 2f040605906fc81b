"""`gatecli ledger init`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import GATE, KeyFile, option
from gatecli.gates.concealment import without_values
from gatecli.gates.ledger_access import DEFAULT, moment
from gatecli.ledger.interface import LedgerIdentity
from gatecli.ledger.opening import create_store
from gatecli.ledger.signing_keys import public_text, read_key


def init(
    url: Annotated[
        str | None,
        option(
            "--url",
            "--ledger",
            panel=GATE,
            variable="LEDGER",
            metavar="URL",
            help=f"A file, or postgresql://… for a team (default: {DEFAULT}).",
        ),
    ] = None,
    name: Annotated[
        str,
        option(
            "--name",
            panel=GATE,
            variable="LEDGER_NAME",
            metavar="NAME",
            help="The name of the ledger in its checkpoints, such as acme.example/privacy.",
        ),
    ] = "gatecli-ledger",
    key_file: KeyFile = None,
) -> None:
    """Make a ledger: SQLite in a file, or the tables in a PostgreSQL database."""
    if not name.strip() or not name.isprintable() or any(each.isspace() or each == "+" for each in name):
        raise UsageError(
            "--name has a blank, a + or a character that cannot be printed", advice="choose another"
        )
    if without_values(name) != name:
        raise UsageError("--name holds personal data", advice="a ledger names no person")
    public = "" if key_file is None else public_text(read_key(key_file))
    identity = LedgerIdentity(secrets.token_hex(16), name, moment(datetime.now(UTC)), public)
    create_store(url or DEFAULT, identity).close()
    err(f"made the ledger {name} ({identity.id})\n")
