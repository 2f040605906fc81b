"""`gatecli check`: every gate over a folder, and one verdict."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import search_of
from gatecli.cli.checking.caching import CacheOptions, cache_of
from gatecli.cli.checking.gates import Timings, judged
from gatecli.cli.checking.run import Gate, Run
from gatecli.cli.console import err
from gatecli.cli.options import GATE, OUTPUT, option
from gatecli.cli.session import GateOptions, begin
from gatecli.cli.spread import spread
from gatecli.errors import UsageError
from gatecli.sources.tree import find_files

app = typer.Typer(help="Every gate over a folder, and one verdict.")


@app.command("check")
@spread
def check(
    given: GateOptions,
    cached: CacheOptions,
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="A folder (default: here).")] = Path(),
    only: Annotated[
        list[Gate] | None, option("--only", panel=GATE, help="Run this gate alone; repeatable.")
    ] = None,
    skip: Annotated[
        list[Gate] | None, option("--skip", panel=GATE, help="Leave a gate out; repeatable.")
    ] = None,
    changed_since: Annotated[
        str | None,
        option(
            "--changed-since",
            panel=GATE,
            metavar="REV",
            help="Look for personal data in what changed since a git revision only.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        option("--exclude", panel=GATE, metavar="PATTERN", help="As in .gitignore; repeatable."),
    ] = None,
    timings: Annotated[
        bool, option("--timings", panel=OUTPUT, help="Say on stderr how long each gate took.")
    ] = False,
) -> None:
    """Run every gate over what is found: declarations, their tables, files, Terraform plans."""
    gates = frozenset(only or Gate) - frozenset(skip or ())
    if not gates:
        raise UsageError("--only and --skip leave no gate", advice="leave one of them out")
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    session = begin(given, path)
    search = search_of(session.bundle.policy.spec.pii, time.monotonic)
    spent = Timings()
    with spent.of("discovery"):
        tree = find_files([path], exclude=tuple(exclude or ()))
    run = Run(path, session, tree, gates, search, cache_of(cached, path), changed_since)
    verdict = judged(run, spent)
    run.cache.save()
    if timings:
        err(str(spent))
    raise session.end(verdict)
