"""`gatecli check`: every gate over a folder, and one verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.notices import listening
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import (
    GATE,
    OUTPUT,
    AllRows,
    EvidenceFiles,
    LedgerUrl,
    in_continuous_integration,
    option,
    user_caches,
    whole_environment,
)
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates import GateName
from gatecli.gates.evidence_reports import read_evidence
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.gates.used_ledger import used_ledger

app = typer.Typer(help="Run every gate over a folder and give one verdict.")


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """Which gates run, over what, as it was typed."""

    only: Annotated[
        list[GateName] | None, option("--only", panel=GATE, help="Run only this gate; repeatable.")
    ] = None
    skip: Annotated[
        list[GateName] | None, option("--skip", panel=GATE, help="Skip this gate; repeatable.")
    ] = None
    changed_since: Annotated[
        str | None,
        option(
            "--changed-since",
            panel=GATE,
            metavar="REV",
            help="Search only files that changed since a git revision for personal data.",
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        option(
            "--exclude",
            panel=GATE,
            metavar="PATTERN",
            help="A pattern of files to skip, as in .gitignore; repeatable.",
        ),
    ] = None
    plan: Annotated[
        bool,
        option(
            "--plan", panel=GATE, help="Plan the Terraform folders that the policy names. This runs programs."
        ),
    ] = False
    evidence: EvidenceFiles = None
    all_rows: AllRows = False
    ledger: LedgerUrl = None


@dataclass(frozen=True, slots=True)
class CacheOptions:
    """Whether, and where, what was computed is kept for the next run."""

    no_cache: Annotated[
        bool,
        option("--no-cache", panel=GATE, help="Check everything again; neither read nor write the cache."),
    ] = False
    cache_dir: Annotated[
        Path | None,
        option(
            "--cache-dir",
            panel=GATE,
            metavar="DIR",
            help="The folder of the cache (default: the user's cache folder; none in CI).",
        ),
    ] = None

    @property
    def folder(self) -> Path | None:
        """The folder of the cache; None for none."""
        return None if self.no_cache else self.cache_dir or usual_cache()


@app.command("check")
@spread
def check(
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder (default: here).")] = Path(),
    wanted: CheckArguments,
    timings: Annotated[
        bool, option("--timings", panel=OUTPUT, help="Show on stderr how long each gate took.")
    ] = False,
    cached: CacheOptions,
    given: GateOptions,
) -> None:
    """Run every gate over the declarations, tables, files and Terraform plans of a folder."""
    session = begin(given, path)
    with (
        listening(given.verbose, quiet=given.quiet) as notify,
        used_ledger(wanted.ledger, session.now) as ledger,
    ):
        verdict = check_repository(
            RepositoryRequest(
                path,
                session.terms,
                time.monotonic,
                wanted.only or (),
                wanted.skip or (),
                wanted.exclude or (),
                wanted.changed_since,
                read_evidence(wanted.evidence or (), session.now),
                whole_environment() if wanted.plan else None,
                session.draws,
                cached.folder,
                notify,
                wanted.all_rows,
                ledger,
            )
        )
    if timings:
        err(notify.timings())
    raise session.end(verdict)


def usual_cache() -> Path | None:
    """None in continuous integration: what others restore there is theirs, and runners forget."""
    caches = None if in_continuous_integration() else user_caches()
    return caches / "gatecli" if caches else None
