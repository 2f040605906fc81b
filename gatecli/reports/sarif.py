"""SARIF 2.1.0 (OASIS, errata 01), as code scanning services read it.

Every result has a physical location, because services refuse a file in which one has none; at most
5,000 results are written, because services keep no more, and a notification says how many are left.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes

from gatecli import package
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.reports.escaping import visible
from gatecli.reports.forgiven import MOST
from gatecli.reports.interface import Style
from gatecli.reports.json_v1 import dump, forgiven_data, policy_data
from gatecli.reports.summary import plural, reason, state, suppressed_findings, worst_first

name = "sarif"

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 5_000

_NOT_BYTES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def _message(*lines: str) -> dict[str, str]:
    """A plain text message: braces doubled (3.11.5), no embedded link (3.11.6), never empty (3.11.8)."""
    text = "\n".join(visible(line) for line in lines if line) or "(no message)"
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def uri(path: str) -> str:
    """The RFC 3986 reference of a path: relative where the path is, every unusual byte encoded.

    Bytes of a file name that are not UTF-8 (PEP 383) are encoded as they are on disk.
    """
    raw = _NOT_BYTES.sub("\ufffd", path.removeprefix("./") or ".").encode("utf-8", "surrogateescape")
    return ("file://" if raw.startswith(b"/") else "") + quote_from_bytes(raw, safe="/")


def _region(place: Place) -> dict[str, int]:
    region = {"startLine": max(1, place.line or 1)}
    return region if place.line is None or not place.column else region | {"startColumn": place.column}


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": uri(place.path)}, "region": _region(place)}
    }
    if place.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": place.pointer}]
    return location


def _suppressions(finding: Finding) -> list[dict[str, str]]:
    if finding.suppressed is None:
        return []  # an empty list says "not suppressed", an absent one "unknown" (3.27.23)
    return [{"kind": "external", "status": "accepted", "justification": reason(finding)}]


def _result(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    mend = f"Fix: {finding.remediation}" if finding.remediation else ""
    properties = {
        "subject": finding.subject,
        "pointer": finding.place.pointer,
        "document": finding.place.document,
        "remediation": finding.remediation,
    }
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": rules[finding.rule.id],
        "level": finding.severity.value,
        "message": _message(finding.message, mend),
        "locations": [_location(finding.place)],
        "partialFingerprints": {"gatecli/v1": finding.fingerprint},
        "suppressions": _suppressions(finding),
        **({} if finding.new is None else {"baselineState": "new" if finding.new else "unchanged"}),
        "properties": {key: value for key, value in properties.items() if value is not None},
    }


def _rule(rule: Rule) -> dict[str, Any]:
    text = {"text": visible(rule.summary) or rule.id}
    return {
        "id": rule.id,
        "shortDescription": text,
        "fullDescription": text,
        "help": {"text": f"{text['text']}\nSee {rule.url} or run: gatecli explain {rule.id}"},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _invocation(verdict: Verdict, left_out: int) -> dict[str, Any]:
    judged = verdict.exit_code in {ExitCode.OPEN, ExitCode.CLOSED}
    notices = [] if judged else [("error", f"{state(verdict)}: this run is no evidence of a pass")]
    if left_out:
        more = f"{plural(left_out, 'finding')} more: a SARIF report holds the worst {MAX_RESULTS:,}"
        notices.append(("warning", more))
    return {
        "executionSuccessful": judged,
        "exitCode": int(verdict.exit_code),
        "exitCodeDescription": state(verdict),
        "toolExecutionNotifications": [
            {"level": level, "message": _message(sentence)} for level, sentence in notices
        ],
    }


def _run(verdict: Verdict) -> dict[str, Any]:
    findings = [*worst_first(verdict), *suppressed_findings(verdict)]
    kept = findings[:MAX_RESULTS]
    rules = sorted({finding.rule.id: finding.rule for finding in kept}.values(), key=lambda rule: rule.id)
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": "gatecli",
        "version": package.VERSION,
        "semanticVersion": package.VERSION,
        "informationUri": "https://gatecli.dev/",
        "rules": [_rule(rule) for rule in rules],
    }
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"gatecli/{verdict.gate}/"},
        "invocations": [_invocation(verdict, len(findings) - len(kept))],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index) for finding in kept],
        "properties": {
            "verdict": "pass" if verdict.passed else "fail",
            "policy": policy_data(verdict),
            **forgiven_data(verdict, MOST),
        },
    }


def render(verdict: Verdict, _: Style, /) -> str:
    """One run; the worst findings first, suppressed ones last. No time stamps."""
    return dump({"version": "2.1.0", "$schema": SCHEMA, "runs": [_run(verdict)]})
