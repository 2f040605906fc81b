"""`gatecli release`: the gate for model releases, and the arithmetic to pass it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.allocate import allocate
from gatecli.cli.calibrate import calibrate
from gatecli.cli.catalogue import RULE_IDS, UNCHECKABLE_IDS
from gatecli.cli.options import (
    BaselineFile,
    Colour,
    ColourMode,
    ExitZero,
    FailOn,
    Format,
    OutputFormat,
    PolicyFile,
    Quiet,
    ReportFiles,
    Verbose,
    WaiverFiles,
)
from gatecli.cli.publish import publish, report_targets, style_of
from gatecli.errors import UsageError
from gatecli.gate import judge_releases
from gatecli.model.finding import Severity
from gatecli.sources.baseline import read_baseline
from gatecli.sources.discovery import find_declarations, find_models
from gatecli.sources.policy import read_policy
from gatecli.sources.release import read_releases

app = typer.Typer(no_args_is_help=True, help="Judge model releases, and find the noise that keeps a promise.")
app.command("calibrate")(calibrate)
app.command("allocate")(allocate)


@app.command("check")
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE|DIR]...", help="Declarations, or folders to find them in (default: here)."
        ),
    ] = None,
    policy: PolicyFile = None,
    waivers: WaiverFiles = None,
    fail_on: FailOn = Severity.ERROR,
    baseline: BaselineFile = None,
    exit_zero: ExitZero = False,
    output: OutputFormat = Format.TEXT,
    reports: ReportFiles = None,
    color: ColourMode = Colour.AUTO,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Check that releases keep the privacy they declare: ε is recomputed from what was run."""
    targets = report_targets(reports or ())
    places = _existing(paths or (Path(),))
    bundle = read_policy(
        policy, waiver_files=waivers or (), rule_ids=RULE_IDS, uncheckable=UNCHECKABLE_IDS, start=places[0]
    )
    releases = read_releases(find_declarations(places))
    verdict = judge_releases(
        releases.values,
        releases.findings,
        bundle.policy,
        bundle.waivers,
        today=datetime.now(UTC).date(),
        fail_on=fail_on,
        exit_zero=exit_zero,
        baseline=read_baseline(baseline) if baseline else None,
        models=find_models(places),
    )
    raise typer.Exit(publish(verdict, output, targets, style_of(color, verbose=verbose, quiet=quiet)))


def _existing(paths: Sequence[Path]) -> Sequence[Path]:
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    return paths
