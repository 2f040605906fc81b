"""What Terraform said when it failed, and what that means for who ran the gate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gatecli.model.document import Place
from gatecli.sources.plan.snapshots import Snapshot


class PlanFailure(StrEnum):
    """Why there is no plan; each of them is exit code 4, could not check."""

    NOT_FOUND = "not-found"
    NOT_INITIALISED = "not-initialised"
    PROVIDER = "provider"
    BACKEND = "backend"
    LOCKED = "locked"
    VERSION = "version"
    VARIABLE = "variable"
    CONDITION = "condition"
    TIME = "time"
    NO_PLAN = "no-plan"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning of Terraform's. Its words may hold values: mask them before they are shown."""

    severity: str
    summary: str = field(repr=False)
    detail: str = field(default="", repr=False)
    address: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """No plan. `message` and `advice` are ours and safe to show; `diagnostics` are Terraform's.

    `content` is the JSON of the plan that a failed run left, where it left one, and `snapshot` its
    configuration: it names the conditions that do not hold.
    """

    reason: PlanFailure
    message: str
    advice: str
    diagnostics: tuple[Diagnostic, ...] = ()
    content: bytes | None = field(default=None, repr=False)
    snapshot: Snapshot | None = field(default=None, repr=False)
    tool: str = "terraform"
    where: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    reason: PlanFailure
    sign: re.Pattern[str]
    sentence: str
    advice: str


def _kind(reason: PlanFailure, sign: str, sentence: str, advice: str) -> _Kind:
    return _Kind(reason, re.compile(sign, re.IGNORECASE), sentence, advice)


_CONDITION_FAILED = r"(pre|post)condition failed|check block assertion failed"
_INIT = "run {tool} init in {where}, then run the gate again"

# The first that fits a summary and its detail; the words are those of Terraform 1.5 to 1.15 and OpenTofu.
_KINDS = (
    _kind(
        PlanFailure.NO_PLAN,
        r"failed to read the given file as a state or plan file",
        "the file is not a saved plan that {tool} can read",
        "save the plan again: {tool} plan -out=plan.out",
    ),
    _kind(
        PlanFailure.BACKEND,
        r"unsupported state file format",
        "the state of {where} cannot be read",
        "restore it from its last backup, then run the gate again",
    ),
    _kind(
        PlanFailure.LOCKED,
        r"(acquiring|locking).{0,20}state( lock)?|state lock",
        "the state in {where} is locked by another run",
        "wait for that run, or give a lock time-out",
    ),
    _kind(
        PlanFailure.VERSION,
        r"(state snapshot|plan file) was created by|unsupported (terraform|opentofu) core version",
        "another version of {tool} is needed in {where}",
        "use the version that its error names, with --terraform-binary",
    ),
    _kind(
        PlanFailure.NOT_INITIALISED,
        r"module not installed|module source has changed|backend initialization required"
        r"|backend configuration changed|inconsistent dependency lock file|required plugins are not installed"
        r"|missing required provider|initialization required|please run \W?(terraform|tofu) init"
        r"|could not load plugin",
        "{where} is not initialised",
        _INIT,
    ),
    _kind(
        PlanFailure.PROVIDER,
        r"failed to (install|query|instantiate|load).{0,30}provider|plugin did not respond|provider crashed"
        r"|failed to load plugin schemas|invalid provider configuration|configuring provider",
        "a provider in {where} cannot be used",
        "check its credentials and its installation ({tool} init), then run the gate again",
    ),
    _kind(
        PlanFailure.BACKEND,
        r"backend|error loading state|failed to (load|get|read|refresh).{0,20}state|error refreshing state"
        r"|failed to decode.{0,20}state",
        "the state of {where} cannot be read",
        "check the backend's address and credentials, then run the gate again",
    ),
    _kind(
        PlanFailure.VARIABLE,
        r"no value for required variable|value for undeclared variable|invalid value for( input)? variable"
        r"|failed to read variables file|unsupported argument.{0,40}tfvars",
        "the variables of {where} are not those that it declares",
        "give them with --var or --var-file",
    ),
    _kind(
        PlanFailure.CONDITION,
        _CONDITION_FAILED,
        "a condition in {where} does not hold",
        "fix what it asks for, then run the gate again",
    ),
)
_CONDITION = re.compile(_CONDITION_FAILED, re.IGNORECASE)
_OTHER = _kind(
    PlanFailure.OTHER,
    "",
    "{tool} could not plan {where}",
    "fix the error that {tool} plan reports there, then run the gate again",
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^[╷│╵|] ?", re.MULTILINE)
_SAID = re.compile(r"^(Error|Warning): (.+(?:\n(?!\n).+)*)((?:\n+(?!(?:Error|Warning): ).*)*)", re.MULTILINE)


def failure(diagnostics: tuple[Diagnostic, ...], tool: str, where: str) -> Failed:
    """What a run that failed means, by the first of its errors that tells."""
    errors = tuple(said for said in diagnostics if said.severity == "error")
    told = (kind for said in errors for kind in _KINDS if kind.sign.search(_flat(said)))
    kind = next(told, _OTHER)
    sentence, advice = (words.format(tool=tool, where=where) for words in (kind.sentence, kind.advice))
    return Failed(kind.reason, sentence, advice, errors, tool=tool, where=where)


def is_condition(said: Diagnostic) -> bool:
    """Whether a condition of the configuration's author failed; its detail is then the author's sentence."""
    return _CONDITION.search(said.summary) is not None


def _flat(said: Diagnostic) -> str:
    return " ".join(f"{said.summary} {said.detail}".split())


def diagnostics_of(out: bytes, err: bytes) -> tuple[Diagnostic, ...]:
    """What a run said: from the JSON lines of its output, else from the text of its errors."""
    said = tuple(_from_lines(out))
    if any(each.severity == "error" for each in said):
        return said
    return (*said, *_from_text(err.decode("utf-8", "replace")))


def _from_lines(out: bytes) -> Iterator[Diagnostic]:
    for line in out.splitlines():
        record = _record(line)
        diagnostic = record.get("diagnostic")
        if record.get("type") == "diagnostic" and isinstance(diagnostic, dict):
            yield Diagnostic(
                str(diagnostic.get("severity", "error")),
                str(diagnostic.get("summary", "")),
                str(diagnostic.get("detail", "")),
                str(diagnostic.get("address", "")),
                _place(diagnostic.get("range")),
            )


def version_of(out: bytes) -> tuple[str, str]:
    """The tool's name and version by the first of its JSON lines; "" where it does not say."""
    for line in out.splitlines()[:5]:
        record = _record(line)
        for tool in ("tofu", "terraform"):
            if record.get("type") == "version" and isinstance(version := record.get(tool), str):
                return tool, version
    return "", ""


def _record(line: bytes) -> dict[str, Any]:
    """A JSON line; empty where it is none, for a warning may stand between them."""
    try:
        record = json.loads(line) if line.startswith(b"{") else None
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {}


def _place(at: Any) -> Place | None:
    start = at.get("start") if isinstance(at, dict) else None
    if not isinstance(start, dict) or not isinstance(at.get("filename"), str):
        return None
    line, column = start.get("line"), start.get("column")
    return Place(
        at["filename"], line if isinstance(line, int) else None, column if isinstance(column, int) else None
    )


def _from_text(text: str) -> Iterator[Diagnostic]:
    plain = _FRAME.sub("", _COLOUR.sub("", text))
    for said in _SAID.finditer(plain):
        yield Diagnostic(said[1].lower(), " ".join(said[2].split()), " ".join(said[3].split()))
