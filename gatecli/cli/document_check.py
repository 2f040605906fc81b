"""`gatecli document check`: whether documents are still true, and decisions are accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import LedgerUrl
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.document_check import DocumentCheckRequest, check_documents
from gatecli.gates.release import require_existing
from gatecli.gates.used_ledger import used_ledger


@spread
def check(
    gate: GateOptions,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Documents, or folders to find them in (default: here)."),
    ] = None,
    ledger: LedgerUrl = None,
) -> None:
    """Check that documents say what is there now, and that decisions are accepted.

    Each is held against the declaration that it is about; with --ledger also against the ledger.
    """
    places = paths or [Path()]
    require_existing(places)
    session = begin(gate, places[0])
    with used_ledger(ledger, session.now) as use:
        verdict = check_documents(DocumentCheckRequest(places, session.terms, use))
    raise session.end(verdict)
