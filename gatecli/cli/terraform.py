"""`gatecli terraform`: nothing is published or served by a plan that the gates have not passed."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import Search, search_of
from gatecli.checks.terraform import PlanSubject
from gatecli.cli.catalogue import RULE_IDS, UNCHECKABLE_IDS
from gatecli.cli.console import err
from gatecli.cli.options import (
    GATE,
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
    whole_environment,
)
from gatecli.cli.publish import publish, report_targets, style_of
from gatecli.cli.terraform_evidence import evidence_of
from gatecli.errors import UncheckableError, UsageError
from gatecli.gate import judge_plans
from gatecli.model.finding import Finding, Severity
from gatecli.model.plan import Plan
from gatecli.pii.redaction import redacted
from gatecli.pii.scanning import scan
from gatecli.sources.baseline import read_baseline
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.plan.diagnostics import Failed
from gatecli.sources.plan.places import Places, place_of, places_of, with_locals
from gatecli.sources.plan.reading import loaded
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.plan.terraform import SECONDS, Planned, Request, plan_directory, show_saved_plan
from gatecli.sources.plan.text import is_saved_plan, read_content, read_input
from gatecli.sources.policy import read_policy

app = typer.Typer(no_args_is_help=True, help="Judge Terraform plans, before anything is applied.")

TERRAFORM = "Terraform"
STDIN = "-"


@dataclass(frozen=True, slots=True)
class _Read:
    """A plan that was read, or why not; its digest, and the configuration beside it."""

    plan: Loaded[Plan]
    digest: str = ""
    places: Places | None = None
    notes: tuple[str, ...] = field(default=(), repr=False)


@app.callback()
def terraform() -> None:
    """Judge Terraform plans, before anything is applied."""


@app.command("check")
def check(
    target: Annotated[
        str,
        typer.Argument(metavar="[DIR|PLAN]", help="A folder to plan, a saved plan, its JSON, - for stdin."),
    ] = ".",
    var: Annotated[
        list[str] | None, option("--var", panel=TERRAFORM, metavar="NAME=VALUE", help="As terraform's -var.")
    ] = None,
    var_file: Annotated[
        list[Path] | None,
        option("--var-file", panel=TERRAFORM, metavar="FILE", help="As terraform's -var-file."),
    ] = None,
    workspace: Annotated[
        str, option("--workspace", panel=TERRAFORM, metavar="NAME", help="Default: the selected one.")
    ] = "",
    targets: Annotated[
        list[str] | None,
        option("--target", panel=TERRAFORM, metavar="ADDRESS", help="Plan a part; needs --force-target."),
    ] = None,
    force_target: Annotated[
        bool,
        option("--force-target", panel=TERRAFORM, help="Judge a part, which proves nothing of the rest."),
    ] = False,
    binary: Annotated[
        str,
        option("--terraform-binary", panel=TERRAFORM, metavar="PROGRAM", help="For example tofu."),
    ] = "terraform",
    timeout: Annotated[
        float, option("--plan-timeout", panel=TERRAFORM, min=1, metavar="SECONDS", help="For the plan.")
    ] = SECONDS,
    evidence: Annotated[
        list[Path] | None,
        option(
            "--evidence",
            panel=GATE,
            metavar="FILE",
            help="A JSON report that passed, which a gatecli-evidence tag names; repeatable.",
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
    """Check what a plan would publish, serve and write down."""
    written = report_targets(reports or ())
    start = Path() if target == STDIN else Path(target)
    bundle = read_policy(
        policy, waiver_files=waivers or (), rule_ids=RULE_IDS, uncheckable=UNCHECKABLE_IDS, start=start
    )
    search = search_of(bundle.policy.spec.pii, time.monotonic)
    request = Request(
        start if start.is_dir() else start.parent,
        whole_environment(),
        binary,
        tuple(var or ()),
        tuple(var_file or ()),
        tuple(targets or ()),
        force_target,
        workspace,
        seconds=timeout,
    )
    read = read_plan(target, request)
    err("".join(f"terraform: {_masked(note, search)}\n" for note in read.notes))
    known = evidence_of(evidence or ())
    subjects = [PlanSubject(plan, known) for plan in read.plan.values]
    verdict = judge_plans(
        subjects,
        read.plan.findings,
        bundle.policy,
        bundle.waivers,
        search,
        today=datetime.now(UTC).date(),
        fail_on=fail_on,
        exit_zero=exit_zero,
        baseline=read_baseline(baseline) if baseline else None,
        digests={plan.path: read.digest for plan in read.plan.values if read.digest},
        placed=placing(read.places),
    )
    raise typer.Exit(publish(verdict, output, written, style_of(color, verbose=verbose, quiet=quiet)))


def read_plan(target: str, request: Request) -> _Read:
    """The plan that is meant, whatever it is given as. Raises UsageError and UncheckableError."""
    path = Path(target)
    if target != STDIN and path.is_dir():
        with _asked():
            return _made(plan_directory(request), path)
    if target != STDIN and not path.exists():
        raise UsageError(f"{target}: there is no such file or folder", advice="check the spelling")
    try:
        content = read_input(sys.stdin.buffer) if target == STDIN else read_content(path)
    except ReadError as error:
        return _Read(Loaded(findings=(unreadable(target, error),)))
    if target == STDIN and is_saved_plan(content):
        refused = ReadError("is a saved plan", "give its file, or terraform show -json PLAN | gatecli …")
        return _Read(Loaded(findings=(unreadable(target, refused),)))
    if is_saved_plan(content):
        with _asked():
            return _made(show_saved_plan(path, request), path)
    return _Read(loaded(content, target), hashlib.sha256(content).hexdigest(), _beside(path))


@contextmanager
def _asked() -> Iterator[None]:
    """A program that cannot be started is an input that cannot be checked."""
    try:
        yield
    except OSError as error:
        raise UncheckableError(
            f"terraform cannot be run: {error.strerror}", advice="install it, or name it: --terraform-binary"
        ) from None


def _made(answer: Planned | Failed, path: Path) -> _Read:
    name = path.as_posix()
    if isinstance(answer, Failed):
        notes = tuple(f"{said.summary}: {said.detail}" for said in answer.diagnostics)
        error = ReadError(f"has no plan: {answer.message}", answer.advice)
        return _Read(Loaded(findings=(unreadable(name, error),)), notes=notes)
    places = _beside(path if path.is_dir() else path.parent)
    plan = loaded(answer.content, name)
    plans = tuple(with_locals(each, places) for each in plan.values) if places else plan.values
    return _Read(Loaded(plans, plan.findings), places=places)


def _beside(path: Path) -> Places | None:
    """The configuration in the folder of a plan, where there is one."""
    folder = path if path.is_dir() else path.parent
    return places_of(folder) if any(folder.glob("*.tf")) or any(folder.glob("*.tf.json")) else None


def placing(places: Places | None) -> Callable[[Finding], Finding]:
    """What gives a finding the line of the configuration that it is about."""

    def placed(finding: Finding) -> Finding:
        keys = _arguments(finding.place.pointer or "")
        at = None if places is None else place_of(places, finding.subject, *keys)
        return finding if at is None else replace(finding, place=replace(at, pointer=finding.place.pointer))

    return placed


def _arguments(pointer: str) -> list[str]:
    """The keys of a pointer below an object's own values."""
    keys = pointer.split("/")
    starts = [at for at, key in enumerate(keys) if key in {"after", "values"}]
    return keys[starts[0] + 1 :] if starts else []


def _masked(text: str, search: Search) -> str:
    """Terraform's own words, which may quote values."""
    flat = " ".join(text.split())[:400]
    return redacted(flat, scan(search.detector, flat).detections)
