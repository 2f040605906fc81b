"""`gatecli ledger prove` and `check-proof`: for an auditor who may not read the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.ledger_records import OutputFile, read_given, write_given
from gatecli.errors import UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.options import GATE, LedgerUrl, option
from gatecli.gates.ledger_access import open_ledger
from gatecli.ledger.notes import InvalidNote, NoteKey, read_note_key
from gatecli.ledger.proofs import Proven, check_proof
from gatecli.ledger.proofs import prove as prove_records

Earlier = Annotated[
    Path | None,
    option(
        "--since", panel=GATE, metavar="FILE", help="An earlier checkpoint that the ledger must lead on from."
    ),
]


def prove(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A release (NAME@VERSION), plan, lease or dataset: prove that its entries are in the log.",
        ),
    ] = None,
    since: Earlier = None,
    output: OutputFile = None,
    url: LedgerUrl = None,
) -> None:
    """Write a proof for somebody who may not read the ledger.

    It is about the last checkpoint (gatecli ledger checkpoint): entries that were made since are not in it.
    """
    earlier = None if since is None else read_given(since)
    with open_ledger(url, read_only=True) as store:
        written = prove_records(store, subject, earlier)
    write_given(written, output)


def check(
    file: Annotated[Path, typer.Argument(metavar="PROOF", help="A file of `gatecli ledger prove`.")],
    owner: Annotated[
        str | None,
        option(
            "--from",
            panel=GATE,
            variable="PROOF_FROM",
            metavar="KEY",
            help="The ledger's key, as its `gatecli ledger key show` prints it.",
        ),
    ] = None,
    since: Earlier = None,
) -> None:
    """Check a proof without the ledger. Ends with 1 where it does not prove what it is about."""
    earlier = None if since is None else read_given(since)
    out(_statement(check_proof(read_given(file), _key(owner), earlier), is_signed=owner is not None))


def _statement(proven: Proven, *, is_signed: bool) -> str:
    head = proven.head
    by = "signed" if is_signed else "not signed by a key that is known"
    lines = [f"{head.origin}: {head.size} entries, {by}"]
    if proven.since is not None:
        lines.append(f"they begin with the {proven.since.size} entries of the earlier checkpoint")
    lines.extend(
        f"entry {place}: " + ", ".join(str(said.get(key)) for key in ("kind", "subject", "dataset", "at"))
        for place, said in proven.entries
    )
    return "\n".join(lines) + "\n"


def _key(text: str | None) -> NoteKey | None:
    try:
        return None if text is None else read_note_key(text)
    except InvalidNote as error:
        raise UsageError(f"--from: {error.message}", advice=error.advice) from None
