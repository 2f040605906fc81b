"""What a run of Terraform that failed comes to.

A gate that is closed makes a plan fail: its own sentence is then the verdict (exit code 1). Whatever else
failed, and a gate whose evidence could not be made, was not judged (exit code 4).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatecli.checks.terraform.closed_gates import GATE_CLOSED, closed_gates, is_shipped_text
from gatecli.checks.terraform.gate_calls import GATE
from gatecli.errors import GatecliError
from gatecli.model.document import Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.plan import Plan, config_address
from gatecli.model.verdict import ExitCode
from gatecli.sources.files import ReadError
from gatecli.sources.locations import inside
from gatecli.sources.plan.diagnostics import Diagnostic, Failed, PlanFailure, failure, is_condition
from gatecli.sources.plan.installed import installed_at
from gatecli.sources.plan.rules import TF_PLAN_ERRORED, errored_finding, unreadable
from gatecli.sources.report import read_report

Mask = Callable[[str], str]
"""What makes a sentence of Terraform's, or of a configuration's author, fit to be shown."""

_COMMAND = "; run: "
_SHOWN = 3
_MENDS = "fix what it asks for, and plan again"


@dataclass(frozen=True, slots=True)
class PlanRun:
    """How a plan came to be, where that is known: the failed run, and the folder it ran in."""

    failed: Failed | None = None
    folder: Path | None = None


UNKNOWN_RUN = PlanRun()


@dataclass(frozen=True, slots=True)
class _ClosedGate:
    """A closed gate: its address with instance keys, its sentence, and the command that it asks for."""

    gate: str
    sentence: str
    command: str

    @property
    def subject(self) -> str:
        return config_address(self.gate)


def find_failures(plan: Plan, run: PlanRun, mask: Mask) -> Iterator[Finding]:
    """The gates of a plan that are closed, and what made its run fail beside them."""
    conditions = closed_gates(plan)
    closed = [_read_sentence(_gate_of(each.address), " ".join(each.problems)) for each in conditions]
    yield from _find_closed(closed, plan.path, run, mask)
    if plan.errored and run.failed is None:
        others = [each for each in plan.checks if each.status in {"fail", "error"} and each not in conditions]
        if others or not closed:
            yield errored_finding(plan, others, mask)
    elif run.failed is not None:
        said = [sentence for each in conditions for sentence in each.problems]
        yield from _find_errors(run.failed, said, plan.path, mask, has_closed=bool(closed))


def find_without_plan(failed: Failed, run: PlanRun, name: str, mask: Mask) -> Iterator[Finding]:
    """The same of a run that left no plan: which gate a sentence is of, its place in the files says."""
    told = list(_closed_by_place(failed.diagnostics, run.folder))
    yield from _find_closed([closed for _, closed in told], name, run, mask)
    yield from _find_errors(failed, [said.detail for said, _ in told], name, mask, has_closed=bool(told))


def errors_beside_gates(plan: Plan | None, failed: Failed, folder: Path | None) -> tuple[Diagnostic, ...]:
    """What Terraform said that no finding says."""
    if plan is None:
        told = [said.detail for said, _ in _closed_by_place(failed.diagnostics, folder)]
    else:
        told = [sentence for each in closed_gates(plan) for sentence in each.problems]
    return _other_errors(failed, told)


def _read_sentence(gate: str, text: str) -> _ClosedGate:
    sentence, _, command = " ".join(text.split()).partition(_COMMAND)
    return _ClosedGate(gate, sentence, command)


def _gate_of(address: str) -> str:
    return address.removesuffix(f".{GATE}")


def _find_closed(closed: Sequence[_ClosedGate], name: str, run: PlanRun, mask: Mask) -> Iterator[Finding]:
    for each in closed:
        unmade = _why_unmade(each, run.folder) if run.folder is not None else ""
        said = f": {each.sentence}" if each.sentence else ""
        message = f"{each.gate} could not be judged: {unmade}" if unmade else f"{each.gate} is closed{said}"
        yield make_finding(
            TF_PLAN_ERRORED if unmade else GATE_CLOSED,
            mask(message),
            subject=mask(each.subject),
            place=Place(name, pointer="/checks"),
            mend=mask(f"fix what it says, then run: {each.command}" if each.command else _MENDS),
            identity=f"{each.subject}\0{message}",
        )


def _why_unmade(closed: _ClosedGate, folder: Path) -> str:
    """That the evidence of a gate says itself that there was nothing to check, or that it could not be."""
    try:
        words = shlex.split(closed.command)
        name = words[-1].removeprefix("json=") if words else ""
        report = read_report(inside(folder, name), ())
    except (ValueError, ReadError, GatecliError):
        return ""  # there is none that says so: then the gate's own sentence stands
    if report.exit_code not in {ExitCode.NOTHING, ExitCode.UNCHECKABLE}:
        return ""
    what = "found nothing to check" if report.exit_code == ExitCode.NOTHING else "could not check"
    said = next((finding.message for finding in report.findings), closed.sentence)
    return f"the run that made {name} {what}: {said}"


def _closed_by_place(
    said: Sequence[Diagnostic], folder: Path | None
) -> Iterator[tuple[Diagnostic, _ClosedGate]]:
    for each in said:
        if folder is None or each.place is None or not is_condition(each):
            continue
        calls, text = installed_at(folder, each.place.path)
        if calls and is_shipped_text(text):
            yield each, _read_sentence(" or ".join(calls), each.detail)


def _other_errors(failed: Failed, told: Sequence[str]) -> tuple[Diagnostic, ...]:
    known = {" ".join(sentence.split()) for sentence in told}
    return tuple(each for each in failed.diagnostics if " ".join(each.detail.split()) not in known)


def _find_errors(
    failed: Failed, told: Sequence[str], name: str, mask: Mask, *, has_closed: bool
) -> Iterator[Finding]:
    others = _other_errors(failed, told)
    if not others and has_closed:
        return
    why = failure(others, failed.tool, failed.where) if others and has_closed else failed
    words = [each.detail if is_condition(each) else each.summary for each in others[:_SHOWN]]
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    says_more = bool(words) and why.reason in {PlanFailure.CONDITION, PlanFailure.OTHER}
    said = f": {mask('; '.join(words))}{more}" if says_more else ""
    yield unreadable(name, ReadError(f"has no plan: {why.message}{said}", why.advice))
