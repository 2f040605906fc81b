"""`gatecli check`: every gate over a folder, and one verdict."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gatecli.checks.column_entities import classifier
from gatecli.checks.coverage import find_unplanned
from gatecli.checks.personal_data import Search, search_of
from gatecli.checks.terraform import PlanSubject
from gatecli.cli.catalogue import RULE_IDS, UNCHECKABLE_IDS
from gatecli.cli.console import err
from gatecli.cli.declared_tables import declared_tables
from gatecli.cli.options import (
    GATE,
    OUTPUT,
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
    option,
)
from gatecli.cli.pii import scanned
from gatecli.cli.progress import progress
from gatecli.cli.publish import publish, report_targets, style_of
from gatecli.cli.tables import Aid, measured_tables
from gatecli.errors import UsageError
from gatecli.gate import judge_anonymity, judge_personal_data, judge_plans, judge_releases
from gatecli.model.finding import Severity
from gatecli.model.inline import apply_allowances
from gatecli.model.verdict import Verdict, combine
from gatecli.sources.baseline import read_baseline
from gatecli.sources.declaration import read_declarations
from gatecli.sources.discovery import find_declarations, find_models
from gatecli.sources.files import ReadError, read_start
from gatecli.sources.plan.reading import load_plan
from gatecli.sources.policy import PolicyBundle, read_policy
from gatecli.sources.release import read_releases
from gatecli.sources.tree import Tree, find_files

app = typer.Typer(help="Every gate over a folder, and one verdict.")


class Gate(StrEnum):
    RELEASE = "release"
    ANONYMITY = "anonymity"
    PII = "pii"
    TERRAFORM = "terraform"


@dataclass(frozen=True, slots=True)
class _Run:
    """What every gate is given."""

    root: Path
    bundle: PolicyBundle
    search: Search
    tree: Tree
    exclude: tuple[str, ...]
    changed_since: str | None
    draws: bool
    today: date
    common: dict[str, Any]
    """`fail_on`, `exit_zero` and `baseline`."""


@app.command("check")
def check(
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
    """Run every gate over what is found: declarations, their tables, files, Terraform plans."""
    targets = report_targets(reports or ())
    gates = [gate for gate in Gate if gate in (only or tuple(Gate)) and gate not in (skip or ())]
    if not gates:
        raise UsageError("--only and --skip leave no gate", advice="leave one of them out")
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    bundle = read_policy(
        policy, waiver_files=waivers or (), rule_ids=RULE_IDS, uncheckable=UNCHECKABLE_IDS, start=path
    )
    patterns = tuple(exclude or ())
    run = _Run(
        path,
        bundle,
        search_of(bundle.policy.spec.pii, time.monotonic),
        find_files([path], exclude=patterns),
        patterns,
        changed_since,
        Format.HTML in {output, *targets.values()},
        datetime.now(UTC).date(),
        {
            "fail_on": fail_on,
            "exit_zero": exit_zero,
            "baseline": read_baseline(baseline) if baseline else frozenset(),
        },
    )
    parts = tuple(_timed(gate, run, says=timings) for gate in gates)
    unplanned = find_unplanned(_unplanned(run), path.as_posix()) if Gate.TERRAFORM in gates else ()
    verdict = combine(parts, tuple(unplanned))
    raise typer.Exit(publish(verdict, output, targets, style_of(color, verbose=verbose, quiet=quiet)))


def _timed(gate: Gate, run: _Run, *, says: bool) -> Verdict:
    begun = time.monotonic()
    verdict = _GATES[gate](run)
    if says:
        err(f"{gate.value:<10} {time.monotonic() - begun:7.2f} s\n")
    return verdict


def _declarations(run: _Run) -> tuple[Path, ...]:
    """Declarations among the files that are not left out."""
    kept = {file.absolute() for file in run.tree.files}
    return tuple(file for file in find_declarations([run.root]) if file.absolute() in kept)


def _release(run: _Run) -> Verdict:
    releases = read_releases(_declarations(run))
    return judge_releases(
        releases.values,
        releases.findings,
        run.bundle.policy,
        run.bundle.waivers,
        today=run.today,
        models=find_models([run.root]),
        **run.common,
    )


def _anonymity(run: _Run) -> Verdict:
    """The tables of declarations that can be read; of the others the release gate speaks."""
    readable = [file for file in _declarations(run) if not read_declarations(file).findings]
    declared = declared_tables(readable, run.bundle.policy)
    with progress() as tell:
        aid = Aid(classifier(run.search), picture=run.draws, tell=tell)
        tables, problems = measured_tables(declared.tasks, aid)
    found = [*declared.findings, *problems]
    return judge_anonymity(
        tables, found, run.bundle.policy, run.bundle.waivers, today=run.today, **run.common
    )


def _pii(run: _Run) -> Verdict:
    seen = scanned([run.root], run.search, run.changed_since, run.exclude)
    findings = apply_allowances(seen.findings, seen.allowances, run.today)
    checked = tuple(seen.checked.values())
    return judge_personal_data(
        findings, checked, run.bundle.policy, run.bundle.waivers, today=run.today, **run.common
    )


def _terraform(run: _Run) -> Verdict:
    files = [file for file in run.tree.files if _is_plan(file)]
    read = [load_plan(file) for file in files]
    plans = [plan for each in read for plan in each.values]
    digests = {plan.path: hashlib.sha256(Path(plan.path).read_bytes()).hexdigest() for plan in plans}
    return judge_plans(
        [PlanSubject(plan) for plan in plans],
        [finding for each in read for finding in each.findings],
        run.bundle.policy,
        run.bundle.waivers,
        run.search,
        today=run.today,
        digests=digests,
        **run.common,
    )


_GATES: dict[Gate, Callable[[_Run], Verdict]] = {
    Gate.RELEASE: _release,
    Gate.ANONYMITY: _anonymity,
    Gate.PII: _pii,
    Gate.TERRAFORM: _terraform,
}

_HEAD = 4096
_PLAN_KEYS = (b'"terraform_version"', b'"planned_values"', b'"resource_changes"', b'"prior_state"')


def _is_plan(file: Path) -> bool:
    """Whether a JSON file begins as a plan does: so that a truncated one is not passed over."""
    if file.suffix.lower() != ".json":
        return False
    try:
        head = read_start(file, _HEAD)
    except ReadError:
        return False  # the search for personal data says that it cannot be read
    plain = head.replace(b"\0", b"")  # UTF-16
    return b'"format_version"' in plain and any(key in plain for key in _PLAN_KEYS)


def _unplanned(run: _Run) -> Sequence[str]:
    """Folders that hold a configuration, without those that another one's modules are in."""
    return sorted(set(_folders(run.tree.files)))


def _folders(files: Sequence[Path]) -> Iterator[str]:
    return (file.parent.as_posix() for file in files if file.name.endswith((".tf", ".tf.json")))
