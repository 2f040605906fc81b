"""`gatecli ledger lease`: a part of a budget for a ledger that is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from gatecli.cli.ledger_records import OutputFile, read_given, write_given
from gatecli.cli.numbers import exact
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.options import GATE, KeyFile, LedgerUrl, option
from gatecli.frontdoor.publish import write_lines
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.gates.ledger_leases import LeaseRequest, lend
from gatecli.ledger.exports import LONGEST_LINE
from gatecli.ledger.interface import Outcome
from gatecli.ledger.lease_documents import read_request
from gatecli.ledger.leases import accept_lease, request_lease, return_lease, settle_lease
from gatecli.ledger.notes import InvalidNote, NoteKey, read_note_key
from gatecli.ledger.signing_keys import Signs, read_key
from gatecli.model.budget import Budget
from gatecli.model.number import BelowOne, Positive
from gatecli.model.portfolio import Member

app = typer.Typer(no_args_is_help=True, help="Lend a part of a budget to a ledger that is cut off.")

_EPSILON: TypeAdapter[Fraction] = TypeAdapter(Positive)
_DELTA: TypeAdapter[Fraction] = TypeAdapter(BelowOne)


@app.callback()
def lease() -> None:
    """Lend a part of a budget to a ledger that is cut off."""


@app.command("request")
def request(key_file: KeyFile = None, output: OutputFile = None, url: LedgerUrl = None) -> None:
    """In the child: say which ledger this is, signed by its key."""
    with open_ledger(url, read_only=True) as store:
        written = request_lease(store, _key(key_file))
    write_given(written, output)


@app.command("grant")
def grant(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset of this ledger.")],
    name: Annotated[
        str,
        option("--name", panel=GATE, variable="LEASE_NAME", metavar="NAME", help="What to call the lease."),
    ],
    to: Annotated[
        Path,
        option("--to", panel=GATE, variable="LEASE_TO", metavar="FILE", help="The request of the child."),
    ],
    epsilon: Annotated[str, option("--epsilon", panel=GATE, metavar="NUMBER", help="The ε that is lent.")],
    delta: Annotated[str, option("--delta", panel=GATE, metavar="NUMBER", help="The δ that is lent.")],
    as_name: Annotated[
        str | None,
        option(
            "--as",
            panel=GATE,
            variable="LEASE_AS",
            metavar="NAME",
            help="What the child calls the dataset (default: the same).",
        ),
    ] = None,
    by: Annotated[
        list[Member] | None,
        option(
            "--by",
            panel=GATE,
            variable="LEASE_BY",
            help="Hold the child to this filter alone; repeatable. By default it gets a share of each, and a "
            "release must fit into all of them: for pure releases, basic alone has room for the whole ε.",
        ),
    ] = None,
    key_file: KeyFile = None,
    output: OutputFile = None,
    url: LedgerUrl = None,
) -> None:
    """In the parent: charge a part of the budget, and write the signed lease for one child."""
    budget = Budget(exact(epsilon, "--epsilon", _EPSILON), exact(delta, "--delta", _DELTA))
    child = read_request(read_given(to))
    with open_ledger(url, key=key_file) as store:
        asked = LeaseRequest(dataset, budget, child, name, as_name, tuple(by or ()))
        written = lend(asked, store, _key(key_file), moment(datetime.now(UTC)))
    write_given(written, output)
    err(f"lent {name} to {child.name}: it counts as spent until it is returned\n")


@app.command("accept")
def accept(
    file: Annotated[Path, typer.Argument(metavar="LEASE", help="A file of `gatecli ledger lease grant`.")],
    parent: Annotated[
        str,
        option(
            "--from",
            panel=GATE,
            variable="LEASE_FROM",
            metavar="KEY",
            help="The parent's key, as its `gatecli ledger key show` prints it.",
        ),
    ],
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """In the child: begin the dataset that a lease lends. Releases are checked against it as ever."""
    with open_ledger(url, key=key_file) as store:
        outcome, terms = accept_lease(store, read_given(file), _parent_key(parent), moment(datetime.now(UTC)))
    again = "was accepted before" if outcome is Outcome.EXISTS else "is accepted"
    err(f"the lease {again}: {terms.name} is in this ledger\n")


@app.command("return")
def return_(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="The dataset that was lent.")],
    key_file: KeyFile = None,
    output: OutputFile = None,
    url: LedgerUrl = None,
) -> None:
    """In the child: close the dataset for good, and write its whole chain, signed.

    What is held and not voided by then counts as spent.
    """
    with open_ledger(url, key=key_file) as store:
        lines = return_lease(store, _key(key_file), dataset, moment(datetime.now(UTC)))
        if output is None:
            for line in lines:
                out(line)
        else:
            write_lines(output, lines)


@app.command("settle")
def settle(
    file: Annotated[Path, typer.Argument(metavar="RETURN", help="A file of `gatecli ledger lease return`.")],
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """In the parent: verify the child's chain, and take back what it did not spend."""
    with open_ledger(url, key=key_file) as store:
        outcome, returned = settle_lease(store, _lines(file), moment(datetime.now(UTC)))
    if outcome is Outcome.EXISTS:
        err(f"{returned.lease.partition('/')[2]} was settled before: nothing was changed\n")
    else:
        err(f"{returned.lease.partition('/')[2]} is settled: what it did not spend is free again\n")


def _key(file: Path | None) -> Signs:
    if file is None:
        raise UsageError("--key FILE is missing: leases are signed", advice="gatecli ledger key new FILE")
    return read_key(file)


def _parent_key(text: str) -> NoteKey:
    try:
        return read_note_key(text)
    except InvalidNote as error:
        raise UsageError(f"--from: {error.message}", advice=error.advice) from None


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                yield line
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", advice="name the return of a lease"
        ) from None
