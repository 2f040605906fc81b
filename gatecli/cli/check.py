"""`gatecli check`: every gate over a folder, and one verdict."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import search_of
from gatecli.cli.checking.caching import CacheOptions, cache_of
from gatecli.cli.checking.gates import Timings, judged
from gatecli.cli.checking.run import Gate, Run, base_of
from gatecli.cli.console import err
from gatecli.cli.options import GATE, OUTPUT, option
from gatecli.cli.session import GateOptions, begin
from gatecli.cli.spread import spread
from gatecli.errors import UsageError
from gatecli.sources.tree import find_files

app = typer.Typer(help="Every gate over a folder, and one verdict.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which gates run, over what, as it was typed."""

    only: Annotated[
        list[Gate] | None, option("--only", panel=GATE, help="Run this gate alone; repeatable.")
    ] = None
    skip: Annotated[list[Gate] | None, option("--skip", panel=GATE, help="Leave a gate out; repeatable.")] = (
        None
    )
    changed_since: Annotated[
        str | None,
        option(
            "--changed-since",
            panel=GATE,
            metavar="REV",
            help="Look for personal data in what changed since a git revision only.",
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        option("--exclude", panel=GATE, metavar="PATTERN", help="As in .gitignore; repeatable."),
    ] = None
    plan: Annotated[
        bool,
        option(
            "--plan", panel=GATE, help="Plan the Terraform folders that the policy names: that runs programs."
        ),
    ] = False


@app.command("check")
@spread
def check(
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder (default: here).")] = Path(),
    wanted: Wanted,
    timings: Annotated[
        bool, option("--timings", panel=OUTPUT, help="Say on stderr how long each gate took.")
    ] = False,
    cached: CacheOptions,
    given: GateOptions,
) -> None:
    """Run every gate over what is found: declarations, their tables, files, Terraform plans."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    session = begin(given, path)
    rules = session.bundle.policy.spec.check
    asked = _asked(wanted.only, wanted.skip)
    gates = asked if wanted.only else asked & _asked(rules.only, rules.skip)
    if not gates:
        raise UsageError("--only, --skip and the policy leave no gate", advice="leave one of them out")
    search = search_of(session.bundle.policy.spec.pii, time.monotonic)
    spent = Timings()
    with spent.of("discovery"):
        by_policy = (base_of(session.bundle.path, path), rules.exclude)
        tree = find_files([path], exclude=tuple(wanted.exclude or ()), left_out=by_policy)
    run = Run(
        path,
        session,
        tree,
        gates,
        search,
        cache_of(cached, path),
        wanted.changed_since,
        tuple(gate for gate in Gate if gate in asked - gates),
        wanted.plan,
    )
    verdict = judged(run, spent)
    run.cache.save()
    if timings:
        err(str(spent))
    raise session.end(verdict)


def _asked(only: Sequence[str] | None, skip: Sequence[str] | None) -> frozenset[Gate]:
    return frozenset(map(Gate, only or Gate)) - frozenset(map(Gate, skip or ()))
