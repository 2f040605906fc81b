"""`gatecli ledger verify`, `checkpoint`, `key`, `export`, `import` and `diff`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gatecli.errors import UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, OUTPUT, KeyFile, LedgerUrl, option
from gatecli.frontdoor.publish import write_lines, write_together
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.ledger_access import DEFAULT, moment, open_ledger
from gatecli.gates.ledger_verification import check_export, check_ledger
from gatecli.ledger.checkpoints import make_checkpoint, note_key
from gatecli.ledger.comparison import Chains, chains_of, differences
from gatecli.ledger.exports import ExportFile, export_lines, is_export
from gatecli.ledger.signing_keys import new_key, public_text, read_key
from gatecli.ledger.transfer import import_new
from gatecli.sources.files import ReadError, read_text, unreadable_argument

key = typer.Typer(no_args_is_help=True, help="Make and show keys that sign checkpoints and leases.")

OutputFile = Annotated[
    Path | None,
    option(
        "--output", "-o", panel=OUTPUT, variable="LEDGER_OUTPUT", metavar="FILE", help="Instead of stdout."
    ),
]


@spread
def verify(
    gate: GateOptions,
    export: Annotated[
        Path | None,
        typer.Argument(metavar="EXPORT", help="A file of `gatecli ledger export` instead of the ledger."),
    ] = None,
    since: Annotated[
        Path | None,
        option(
            "--since",
            panel=GATE,
            metavar="FILE",
            help="A checkpoint that was kept elsewhere: the log must begin with what it is about.",
        ),
    ] = None,
    url: LedgerUrl = None,
) -> None:
    """Verify what the ledger holds: chains, sums, reservations, the log and its checkpoints."""
    session = begin(gate, Path())
    pinned = None if since is None else read_given(since)
    if export is not None:
        raise session.end(check_export(ExportFile(export), pinned, session.terms))
    with open_ledger(url, read_only=True) as store:
        verdict = check_ledger(store, pinned, session.terms)
    raise session.end(verdict)


def checkpoint(
    key_file: KeyFile = None,
    output: OutputFile = None,
    url: LedgerUrl = None,
) -> None:
    """Write a signed note on the log as it is. Keep it where the owner of the ledger cannot write."""
    signing = None if key_file is None else read_key(key_file)
    with open_ledger(url) as store:
        note = make_checkpoint(store, signing, moment(datetime.now(UTC))).note
    write_given(note, output)


@key.callback()
def keys() -> None:
    """Make and show keys that sign checkpoints and leases."""


@key.command("new")
def make_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where no file is yet.")],
) -> None:
    """Make an Ed25519 key that its owner alone may read."""
    new_key(file)
    err(f"made the key {file}; name it when a ledger is made: gatecli ledger init --key {file}\n")


@key.command("show")
def show_key(url: LedgerUrl = None) -> None:
    """Print the ledger's public key, as others verify its checkpoints and leases by it."""
    with open_ledger(url, read_only=True) as store:
        own, name = note_key(store.identity), store.identity.name
    if own is None:
        raise UsageError(
            f"the ledger {name} has no key",
            advice="export it, and import it into a new ledger: gatecli ledger import --key FILE",
        )
    out(f"{own.as_text()}\n")


def export(output: OutputFile = None, url: LedgerUrl = None) -> None:
    """Write the whole ledger as JSON lines: its entries in the order of its log, and its checkpoints."""
    with open_ledger(url) as store:
        if output is None:
            for line in export_lines(store):
                out(line)
        else:
            write_lines(output, export_lines(store))


def import_(
    file: Annotated[Path, typer.Argument(metavar="EXPORT", help="A file of `gatecli ledger export`.")],
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Write an exported ledger into a new one, verified: every hash is what it was, or nothing is written.

    There must be one ledger of an identity: stop using the old one. With --key, a ledger that was made
    without one gets it: what is written from now on is signed.
    """
    public = "" if key_file is None else public_text(read_key(key_file))
    verification = import_new(ExportFile(file, public), url or DEFAULT)
    err(
        f"imported {verification.entries} entries of {verification.datasets} datasets; "
        "spend from this ledger only from now on\n"
    )


def diff(
    there: Annotated[str, typer.Argument(metavar="OTHER", help="An export, or the URL of another ledger.")],
    url: LedgerUrl = None,
) -> None:
    """Compare the ledger with another one, or an export of it. Ends with 1 where they differ."""
    found = list(differences(_chains(url or DEFAULT), _chains(there)))
    for each in found:
        out(f"{each}\n")
    if not found:
        err("both hold the same entries\n")
    raise typer.Exit(1 if found else 0)


def _chains(place: str) -> Chains:
    if is_export(Path(place)):
        exported = ExportFile(Path(place))
        exported.require_whole()
        return chains_of(exported.log())
    with open_ledger(place, read_only=True) as store:
        return chains_of(store.entries())


def read_given(path: Path) -> str:
    """The text of a file that an argument names. Raises UsageError, UncheckableError for what is no text."""
    try:
        return read_text(path)
    except ReadError as error:
        raise unreadable_argument(path, error) from None


def write_given(text: str, output: Path | None) -> None:
    """Write a document to a file, or show it."""
    if output is None:
        out(text)
    else:
        write_together({output: text})
