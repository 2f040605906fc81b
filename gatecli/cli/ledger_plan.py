"""`gatecli ledger plan`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, KeyFile, LedgerUrl, option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.gates.ledger_notices import told_of_ledger
from gatecli.gates.release import check_releases, request_for, require_existing
from gatecli.gates.reserving import LedgerUse

app = typer.Typer(no_args_is_help=True, help="Reserve several releases as one mechanism.")


@app.callback()
def plan() -> None:
    """Reserve several releases as one mechanism."""


@app.command("reserve")
@spread
def reserve(
    gate: GateOptions,
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR", help="The declarations of the plan's releases.")
    ],
    name: Annotated[
        str | None,
        option("--name", panel=GATE, variable="PLAN_NAME", metavar="NAME", help="What to call the plan."),
    ] = None,
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Judge several releases and reserve them as one mechanism, before any output of them is seen.

    Composed as one they cost less than one after the other.
    """
    require_existing(paths)
    session = begin(gate, paths[0])
    with open_ledger(url, key=key_file) as store:
        use = LedgerUse(store, moment(session.now), reserves=True, plan=name or _name_of(paths))
        verdict = check_releases(request_for(paths, session.terms, use))
    if not gate.quiet:
        err("".join(f"{line}\n" for line in told_of_ledger(verdict)))
    raise session.end(verdict)


def _name_of(paths: Sequence[Path]) -> str:
    """The same files give the same name."""
    return "plan-" + hashlib.sha256("\0".join(sorted(map(str, paths))).encode()).hexdigest()[:12]
