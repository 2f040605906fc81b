"""The JSON report, version 1: `docs/schemas/report-v1.json` says what it holds."""

from __future__ import annotations

import json
from typing import Any

from gatecli import package
from gatecli.model.finding import Finding, Severity
from gatecli.model.verdict import Checked, Verdict
from gatecli.reports.escaping import visible_in_json
from gatecli.reports.forgiven import as_data, forgiveness_of
from gatecli.reports.interface import Style
from gatecli.reports.measures import as_json
from gatecli.reports.summary import known_count, new_count

name = "json"

SCHEMA = "gatecli/report/v1"


def dump(value: Any) -> str:
    """JSON text that ends in a newline, is valid UTF-8, and holds no raw control character."""
    return visible_in_json(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def _suppression(finding: Finding) -> dict[str, str] | None:
    why = finding.suppressed
    if why is None:
        return None
    owner = {"owner": why.owner} if why.owner else {}
    return {"by": why.by, "name": why.name, "reason": why.reason, "expires": why.expires, **owner}


def finding_data(finding: Finding) -> dict[str, Any]:
    place = finding.place
    stream = {} if place.document is None else {"document": place.document}
    return {
        "rule": finding.rule.id,
        "severity": finding.severity.value,
        "message": finding.message,
        "subject": finding.subject,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "pointer": place.pointer,
        **stream,
        "remediation": finding.remediation,
        "url": finding.rule.url,
        "fingerprint": finding.fingerprint,
        "suppressed": _suppression(finding),
        **({} if finding.new is None else {"new": finding.new}),
    }


def _checked_object(item: Checked) -> dict[str, Any]:
    measures = as_json("measures", item.measures)
    inputs = {"inputs": as_json("inputs", item.inputs)} if item.inputs else {}
    return {"kind": item.kind, "name": item.name, "path": item.path, "measures": measures, **inputs}


def _gate(part: Verdict) -> dict[str, Any]:
    """One gate of a run of several."""
    return {
        "gate": part.gate,
        "verdict": "pass" if part.passed else "fail",
        "exit_code": int(part.exit_code),
        "checked": len(part.checked),
        **{severity.value: part.count(severity) for severity in Severity},
    }


def _baseline(verdict: Verdict) -> dict[str, Any]:
    """What was known before; nothing where no baseline was named."""
    if verdict.baseline is None:
        return {}
    stale = [
        {"rule": each.rule, "path": each.path, "fingerprint": each.fingerprint} for each in verdict.stale
    ]
    return {"baseline": {"known": len(verdict.baseline.known), "stale": stale}}


def content(verdict: Verdict, made_at: str = "") -> dict[str, Any]:
    """The report as plain data; `made_at` where it is kept as evidence."""
    counts = {severity.value: verdict.count(severity) for severity in Severity}
    return {
        "schema": SCHEMA,
        "tool": {"name": "gatecli", "version": package.VERSION},
        **({"time": made_at} if made_at else {}),
        "gate": verdict.gate,
        "verdict": "pass" if verdict.passed else "fail",
        "exit_code": int(verdict.exit_code),
        "policy": policy_data(verdict),
        **({"gates": [_gate(part) for part in verdict.parts]} if verdict.parts else {}),
        "checked": [_checked_object(item) for item in verdict.checked],
        "findings": [finding_data(finding) for finding in verdict.findings],
        "summary": counts | {"suppressed": verdict.suppressed_count} | _comparison_object(verdict),
        **_baseline(verdict),
        **forgiven_data(verdict),
    }


def policy_data(verdict: Verdict) -> dict[str, str]:
    """Which policy judged; of which revision, where it was not the working tree's."""
    policy = verdict.policy
    of = {"revision": policy.revision, "commit": policy.commit} if policy.revision else {}
    return {"name": policy.name, "sha256": policy.sha256, **of}


def forgiven_data(verdict: Verdict, most: int | None = None) -> dict[str, Any]:
    """Who forgave what, until when; nothing where nothing was forgiven."""
    told = [as_data(each) for each in forgiveness_of(verdict)[:most]]
    return {"forgiven": told} if told else {}


def _comparison_object(verdict: Verdict) -> dict[str, int]:
    if verdict.baseline is None:
        return {}
    return {"new": new_count(verdict), "known": known_count(verdict)}


def render(verdict: Verdict, style: Style, /) -> str:
    """Every finding, suppressed ones too, in the verdict's own order."""
    return dump(content(verdict, style.made_at))
