"""`gatecli serve`: a proxy before a model endpoint, which is judged before it opens its port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import search_of
from gatecli.cli.json_log import log
from gatecli.errors import MissingExtraError, UsageError
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, LedgerUrl, option
from gatecli.frontdoor.session import GateOptions, Session, begin
from gatecli.gates.law import read_law
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.gates.policies import LawFiles
from gatecli.gates.reserving import LedgerUse
from gatecli.gates.serve import check_at_start
from gatecli.ledger.opening import named_ledger
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.sources.endpoint import ENDPOINTS, PlacedEndpoint

app = typer.Typer(help="Serve a model through a proxy that keeps the promise at inference.")


@app.command("serve")
@spread
def serve(
    gate: GateOptions,
    config: Annotated[
        Path,
        option(
            "--config",
            panel=GATE,
            variable="SERVE_CONFIG",
            metavar="FILE",
            help="The endpoint, a document of kind PrivateEndpoint.",
        ),
    ],
    check: Annotated[
        bool, option("--check", panel=GATE, variable="SERVE_CHECK", help="Judge the document, and end.")
    ] = False,
    url: LedgerUrl = None,
) -> None:
    """Serve a model through a proxy: attested, by noisy votes or scores, or as counts.

    The document is judged first, by the policy; where the gate is closed nothing is served.
    """
    if gate.exit_zero and not check:
        raise UsageError(
            "--exit-zero would make an endpoint that is not served look like one that ended well",
            advice="leave it out, or judge alone with --check",
        )
    session = begin(gate, config.parent)
    read = ENDPOINTS.read(config)  # once: what is judged is what is served
    with _ledger_of(read.values, config.parent, url, session) as ledger:
        verdict = check_at_start(read, session.terms, ledger)
    ending = session.end(verdict)
    if check or not verdict.passed:
        raise ending
    if len(read.values) != 1:
        raise UsageError(f"{config} holds {len(read.values)} endpoints", advice="serve one file for each")
    _run(read.values[0][0], config.parent, session, gate)


@contextmanager
def _ledger_of(
    read: Sequence[PlacedEndpoint], folder: Path, url: str | None, session: Session
) -> Iterator[LedgerUse | None]:
    """The ledger to judge by: one that is named, else the document's own; None without any."""
    named = url or next(filter(None, (_own_ledger(each, folder) for each, _ in read)), None)
    if named is None:
        yield None
        return
    with open_ledger(named, read_only=True) as store:
        yield LedgerUse(store, moment(session.now))


def _own_ledger(document: PrivateEndpoint, folder: Path) -> str | None:
    budget = document.spec.budget
    if budget is None or budget.ledger is None:
        return None
    return named_ledger(budget.ledger, folder)


def _run(document: PrivateEndpoint, folder: Path, session: Session, gate: GateOptions) -> None:
    try:
        from gatecli.serving.server import run  # noqa: PLC0415 - aiohttp and OpenDP are extras, and heavy
        from gatecli.serving.surroundings import ServingSurroundings  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"gatecli serve needs {error.name}, which is not installed", advice="pip install 'gatecli[serve]'"
        ) from None
    files = LawFiles(folder, gate.policy, gate.waivers or (), gate.baseline)
    read = partial(_policy_now, files, gate.policy_from)
    run(
        ServingSurroundings(document, folder, read, search_of(session.policy.spec.pii), log, _now),
        logs_all=gate.verbose > 0,
    )


def _policy_now(files: LawFiles, revision: str | None) -> PrivacyPolicy:
    """The policy as it stands now: keys that it revokes no longer count while an endpoint runs."""
    return read_law(files, revision).bundle.policy


def _now() -> datetime:
    return datetime.now(UTC)
