"""JSON reports of earlier runs, read whole or refused."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from gatecli.errors import UncheckableError, UsageError
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression
from gatecli.model.recorded import Recorded
from gatecli.sources.baseline import FINGERPRINT, MAX_BYTES, REPORT
from gatecli.sources.files import ReadError, read_text

_ADVICE = "write it again: --report json=FILE"


class _Suppressed(BaseModel, strict=True):
    by: str
    name: str
    reason: str
    expires: str
    owner: str = ""


class _ReportedFinding(BaseModel, strict=True):
    rule: str
    severity: Literal["error", "warning", "note"]
    message: str
    subject: str
    path: str
    line: int | None
    column: int | None
    pointer: str | None
    document: int | None = None
    remediation: str
    fingerprint: Annotated[str, Field(pattern=FINGERPRINT)]
    suppressed: _Suppressed | None


class _Policy(BaseModel, strict=True):
    sha256: str


class _Part(BaseModel, strict=True):
    gate: str


class _Report(BaseModel, strict=True):
    gate: str
    exit_code: Literal[0, 1, 3, 4]
    policy: _Policy
    findings: list[_ReportedFinding]
    gates: list[_Part] = []


def read_report(path: Path, uncheckable: Collection[str]) -> Recorded:
    """What a report holds; `uncheckable` are the rules that say that something could not be judged.

    Raises `UncheckableError` for one that cannot be read to its end, `UsageError` for another file.
    """
    name = path.as_posix()
    try:
        data = json.loads(read_text(path, MAX_BYTES))
    except ReadError as error:
        raise UncheckableError(f"{name} {error.problem}", advice=error.mend) from error
    except (ValueError, RecursionError) as error:
        raise UncheckableError(f"{name} is not whole JSON ({str(error)[:100]})", advice=_ADVICE) from error
    if not isinstance(data, dict) or data.get("schema") != REPORT:
        raise UsageError(f"{name} is not a report of gatecli: its schema is not {REPORT}", advice=_ADVICE)
    try:
        report = _Report.model_validate(data)
    except ValidationError as error:
        where = "/".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise UncheckableError(f"{name} is not a whole report: at /{where}", advice=_ADVICE) from None
    findings = tuple(_finding(each, each.rule in uncheckable) for each in report.findings)
    parts = tuple(sorted(part.gate for part in report.gates))
    return Recorded(name, report.gate, report.policy.sha256, report.exit_code, findings, parts)


def _finding(each: _ReportedFinding, uncheckable: bool) -> Finding:  # noqa: FBT001 - what the rule's own field says
    severity, why = Severity(each.severity), each.suppressed
    return Finding(
        Rule(each.rule, severity, "", uncheckable),
        severity,
        each.message,
        each.subject,
        Place(each.path, each.line, each.column, each.pointer, each.document),
        each.remediation,
        each.fingerprint,
        Suppression(why.by, why.name, why.reason, why.expires, why.owner) if why else None,
    )
