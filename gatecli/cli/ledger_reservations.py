"""`gatecli ledger plan`, `gatecli ledger commit` and `gatecli ledger void`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.ledger_access import moment, opened
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, LedgerUrl, option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.ledger_actions import commit as commit_release
from gatecli.gates.ledger_actions import void as void_reservation
from gatecli.gates.release import check_releases, request_for, require_existing
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Outcome
from gatecli.sources.files import ReadError, sha256_of

plans = typer.Typer(no_args_is_help=True, help="Reserve several releases as one mechanism.")

Subject = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A release, or the name of a plan.")]
Evidence = Annotated[
    list[Path] | None,
    option(
        "--evidence",
        panel=GATE,
        variable="LEDGER_EVIDENCE",
        metavar="FILE",
        help="A file that shows it; its digest is kept. Repeatable.",
    ),
]


@plans.command("reserve")
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
    url: LedgerUrl = None,
) -> None:
    """Judge several releases and reserve them as one mechanism, before any output of them is seen.

    Composed as one they cost less than one after the other.
    """
    require_existing(paths)
    session = begin(gate, paths[0])
    with opened(url) as store:
        use = LedgerUse(store, moment(session.now), reserves=True, plan=name or _name_of(paths))
        verdict = check_releases(request_for(paths, session.terms, use))
    raise session.end(verdict)


def _name_of(paths: Sequence[Path]) -> str:
    """The same files give the same name."""
    return "plan-" + hashlib.sha256("\0".join(sorted(map(str, paths))).encode()).hexdigest()[:12]


def commit(subject: Subject, evidence: Evidence = None, url: LedgerUrl = None) -> None:
    """Say that a reserved release was published."""
    with opened(url) as store:
        outcome = commit_release(store, subject, moment(), _digests(evidence))
    err(f"{subject} {'was committed already' if outcome is Outcome.EXISTS else 'is committed'}\n")


def void(
    subject: Subject,
    reason: Annotated[
        str, option("--reason", panel=GATE, metavar="TEXT", help="Why nobody will ever see what it gives.")
    ],
    evidence: Evidence = None,
    url: LedgerUrl = None,
) -> None:
    """Take back the charge of a release or a plan that was never run. It needs evidence."""
    with opened(url) as store:
        outcome = void_reservation(store, subject, moment(), reason, _digests(evidence))
    err(f"{subject} {'was void already' if outcome is Outcome.EXISTS else 'is void; its budget is free'}\n")


def _digests(files: Sequence[Path] | None) -> dict[str, str]:
    try:
        return {file.name: sha256_of(file) for file in files or ()}
    except ReadError as error:
        raise UsageError(f"a file of --evidence {error.problem}", advice=error.mend) from None
