"""`gatecli release`: the gate for model releases, and the arithmetic to pass it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.allocate import allocate
from gatecli.cli.calibrate import calibrate
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, LedgerKey, LedgerUrl, option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.ledger_notices import told_of_ledger
from gatecli.gates.release import check_releases, request_for, require_existing
from gatecli.gates.used_ledger import used_ledger

app = typer.Typer(no_args_is_help=True, help="Check model releases, and find the noise that meets a budget.")
app.command("calibrate")(calibrate)
app.command("allocate")(allocate)


@app.command("check")
@spread
def check(
    gate: GateOptions,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|DIR", help="Declarations, or folders to find them in (default: here)."),
    ] = None,
    ledger: LedgerUrl = None,
    reserve: Annotated[
        bool,
        option(
            "--reserve",
            panel=GATE,
            help="With --ledger: reserve the budget of what passes, in the same step.",
        ),
    ] = False,
    ledger_key: LedgerKey = None,
) -> None:
    """Check that releases keep the privacy they declare: ε is recomputed from what was run.

    With --ledger, also that they fit into what is left of their datasets' budgets.
    """
    places = paths or [Path()]
    require_existing(places)
    session = begin(gate, places[0])
    with used_ledger(ledger, session.now, reserves=reserve, key=ledger_key) as use:
        verdict = check_releases(request_for(places, session.terms, use))
    if not gate.quiet:
        err("".join(f"{line}\n" for line in told_of_ledger(verdict)))
    raise session.end(verdict)
