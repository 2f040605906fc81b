"""A plan from wherever it is: a folder to plan, a saved plan, its JSON, or a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.failed_runs import PlanRun
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from gatecli.model.verdict import Examined
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.plan.diagnostics import Failed
from gatecli.sources.plan.module_files import holds_configuration
from gatecli.sources.plan.places import Places, place_of, places_of
from gatecli.sources.plan.reading import load_plan
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.plan.snapshots import with_configuration
from gatecli.sources.plan.terraform import Planned, PlanRequest, plan_directory, show_saved_plan
from gatecli.sources.plan.text import is_saved_plan, read_content, read_input

STDIN = "-"


@dataclass(frozen=True, slots=True)
class PlanRead:
    """A plan that was read, or why not; its digest, how it came to be, and the configuration beside it."""

    plan: Loaded[Plan]
    digest: str = ""
    name: str = ""
    places: Places | None = None
    run: PlanRun = field(default_factory=PlanRun)

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 by the plan's path."""
        return {plan.path: self.digest for plan in self.plan.values if self.digest}


def read_plan(target: str, request: PlanRequest, stream: BinaryIO | None = None) -> PlanRead:
    """The plan that is meant, whatever it is given as; with a stream, `target` is only its name.

    Raises UsageError for what does not exist, UncheckableError where Terraform cannot be run, and what
    `plan_directory` raises.
    """
    if stream is not None:
        return _read_stream(stream, target)
    path = Path(target)
    if path.is_dir():
        with _running_terraform():
            return _read_answer(plan_directory(request), path)
    if not path.exists():
        raise UsageError(f"{target}: there is no such file or folder", advice="check the spelling")
    try:
        content = read_content(path)
    except ReadError as error:
        return PlanRead(Loaded(findings=(unreadable(target, error),)))
    if is_saved_plan(content):
        with _running_terraform():
            return _read_answer(show_saved_plan(path, request), path)
    return _read_json(content, target, path.parent)


def _read_stream(stream: BinaryIO, name: str) -> PlanRead:
    try:
        content = read_input(stream)
    except ReadError as error:
        return PlanRead(Loaded(findings=(unreadable(name, error),)))
    if is_saved_plan(content):
        refused = ReadError("is a saved plan", "give its file, or terraform show -json PLAN | gatecli …")
        return PlanRead(Loaded(findings=(unreadable(name, refused),)))
    return _read_json(content, name)


def _read_json(content: bytes, name: str, folder: Path | None = None) -> PlanRead:
    digest = hashlib.sha256(content).hexdigest()
    return PlanRead(load_plan(content, name), digest, name, places_beside(Path(name)), PlanRun(folder=folder))


@contextmanager
def _running_terraform() -> Iterator[None]:
    """A program that cannot be started is an input that cannot be checked."""
    try:
        yield
    except OSError as error:
        raise UncheckableError(
            f"terraform cannot be run: {error.strerror}", advice="install it, or name it: --terraform-binary"
        ) from None


def _read_answer(answer: Planned | Failed, path: Path) -> PlanRead:
    name = path.as_posix()
    failed = answer if isinstance(answer, Failed) else None
    run = PlanRun(failed, path if path.is_dir() else path.parent)
    if answer.content is None:
        return PlanRead(Loaded(), name=name, places=places_beside(path), run=run)
    plan, saved = load_plan(answer.content, name), answer.snapshot
    plans = tuple(with_configuration(each, saved) for each in plan.values) if saved else plan.values
    digest = hashlib.sha256(answer.content).hexdigest()
    return PlanRead(Loaded(plans, plan.findings), digest, name, places_beside(path), run)


def places_beside(path: Path) -> Places | None:
    """The configuration in the folder of a plan, where there is one."""
    folder = configuration_folder(path)
    return None if folder is None else places_of(folder)


def configuration_folder(path: Path) -> Path | None:
    """The folder of a plan, where it holds a configuration; or the folder itself."""
    folder = path if path.is_dir() else path.parent
    return folder if holds_configuration(folder) else None


def place_in_configuration(examined: Examined, places: Places | None) -> Examined:
    """What a plan gave, each finding at the line of the configuration that it is about."""
    if places is None:
        return examined
    return replace(
        examined,
        findings=tuple(_place(finding, places) for finding in examined.findings),
        problems=tuple(_place(finding, places) for finding in examined.problems),
    )


def _place(finding: Finding, places: Places) -> Finding:
    pointer = finding.place.pointer
    if pointer is None and (finding.rule.uncheckable or finding.rule.coverage):
        return finding  # about the plan's own file, or all of its folder
    at = place_of(places, finding.subject, *_arguments(pointer or ""))
    return finding if at is None else replace(finding, place=replace(at, pointer=pointer))


def _arguments(pointer: str) -> list[str]:
    """The keys of a pointer below an object's own values."""
    keys = pointer.split("/")
    starts = [at for at, key in enumerate(keys) if key in {"after", "values"}]
    return keys[starts[0] + 1 :] if starts else []
