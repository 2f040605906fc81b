"""`gatecli release`: the gate for model releases, and the arithmetic to pass it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.allocate import allocate
from gatecli.cli.calibrate import calibrate
from gatecli.cli.session import GateOptions, begin
from gatecli.cli.spread import spread
from gatecli.errors import UsageError
from gatecli.gate import judge_releases
from gatecli.sources.discovery import find_declarations, find_models
from gatecli.sources.release import read_releases

app = typer.Typer(no_args_is_help=True, help="Judge model releases, and find the noise that keeps a promise.")
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
) -> None:
    """Check that releases keep the privacy they declare: ε is recomputed from what was run."""
    places = _existing(paths or (Path(),))
    session = begin(gate, places[0])
    releases = read_releases(find_declarations(places))
    verdict = judge_releases(
        releases.values,
        releases.findings,
        session.bundle.policy,
        session.bundle.waivers,
        models=find_models(places),
        **session.terms,
    )
    raise session.end(verdict)


def _existing(paths: Sequence[Path]) -> Sequence[Path]:
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    return paths
