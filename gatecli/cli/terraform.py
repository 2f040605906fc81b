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
from gatecli.cli.console import err
from gatecli.cli.options import GATE, option, whole_environment
from gatecli.cli.session import GateOptions, begin
from gatecli.cli.spread import spread
from gatecli.cli.terraform_evidence import evidence_of
from gatecli.cli.terraform_run_task import run_task
from gatecli.errors import UncheckableError, UsageError
from gatecli.gate import examine_plan, judge_plans
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from gatecli.pii.redaction import redacted
from gatecli.pii.scanning import scan
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.plan.diagnostics import Failed
from gatecli.sources.plan.places import Places, place_of, places_of
from gatecli.sources.plan.reading import loaded
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.plan.snapshots import with_configuration
from gatecli.sources.plan.terraform import SECONDS, Planned, Request, plan_directory, show_saved_plan
from gatecli.sources.plan.text import is_saved_plan, read_content, read_input

app = typer.Typer(no_args_is_help=True, help="Judge Terraform plans, before anything is applied.")

app.command("run-task")(run_task)

TERRAFORM = "Terraform"
STDIN = "-"


@dataclass(frozen=True, slots=True)
class _Read:
    """A plan that was read, or why not; its digest, and the configuration beside it."""

    plan: Loaded[Plan]
    digest: str = ""
    places: Places | None = None
    notes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def digests(self) -> dict[str, str]:
        return {plan.path: self.digest for plan in self.plan.values if self.digest}


@app.callback()
def terraform() -> None:
    """Judge Terraform plans, before anything is applied."""


@dataclass(frozen=True, slots=True)
class PlanGiven:
    """How a folder is planned, as it was typed."""

    var: Annotated[
        list[str] | None, option("--var", panel=TERRAFORM, metavar="NAME=VALUE", help="As terraform's -var.")
    ] = None
    var_file: Annotated[
        list[Path] | None,
        option("--var-file", panel=TERRAFORM, metavar="FILE", help="As terraform's -var-file."),
    ] = None
    workspace: Annotated[
        str, option("--workspace", panel=TERRAFORM, metavar="NAME", help="Default: the selected one.")
    ] = ""
    targets: Annotated[
        list[str] | None,
        option("--target", panel=TERRAFORM, metavar="ADDRESS", help="Plan a part; needs --force-target."),
    ] = None
    force_target: Annotated[
        bool,
        option("--force-target", panel=TERRAFORM, help="Judge a part, which proves nothing of the rest."),
    ] = False
    binary: Annotated[
        str,
        option("--terraform-binary", panel=TERRAFORM, metavar="PROGRAM", help="For example tofu."),
    ] = "terraform"
    timeout: Annotated[
        float, option("--plan-timeout", panel=TERRAFORM, min=1, metavar="SECONDS", help="For the plan.")
    ] = SECONDS

    def request(self, folder: Path) -> Request:
        """What is asked of Terraform in `folder`."""
        return Request(
            folder,
            whole_environment(),
            self.binary,
            tuple(self.var or ()),
            tuple(self.var_file or ()),
            tuple(self.targets or ()),
            self.force_target,
            self.workspace,
            seconds=self.timeout,
        )


@app.command("check")
@spread
def check(
    planning: PlanGiven,
    gate: GateOptions,
    target: Annotated[
        str,
        typer.Argument(metavar="DIR|PLAN", help="A folder to plan, a saved plan, its JSON, - for stdin."),
    ] = ".",
    evidence: Annotated[
        list[Path] | None,
        option(
            "--evidence",
            panel=GATE,
            metavar="PATH",
            help="A JSON report that passed, or a folder of them, for tags gatecli-evidence; repeatable.",
        ),
    ] = None,
) -> None:
    """Check what a plan would publish, serve and write down."""
    start = Path() if target == STDIN else Path(target)
    session = begin(gate, start)
    policy = session.bundle.policy
    search = search_of(policy.spec.pii, time.monotonic)
    read = read_plan(target, planning.request(start if start.is_dir() else start.parent))
    err("".join(f"terraform: {_masked(note, search)}\n" for note in read.notes))
    known = evidence_of(evidence or (), datetime.now(UTC))
    plans = [
        examine_plan(PlanSubject(plan, known), policy, search, read.digests, placing(read.places))
        for plan in read.plan.values
    ]
    raise session.end(judge_plans(plans, read.plan.findings, policy, session.bundle.waivers, **session.terms))


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
    plan, saved = loaded(answer.content, name), answer.snapshot
    plans = tuple(with_configuration(each, saved) for each in plan.values) if saved else plan.values
    digest = hashlib.sha256(answer.content).hexdigest()
    return _Read(Loaded(plans, plan.findings), digest, _beside(path))


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
