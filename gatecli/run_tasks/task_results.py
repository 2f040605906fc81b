"""What is sent back: from the JSON report of a check to a task result.

"passed" needs evidence: a report, version 1, of exactly one plan, of exactly the bytes that were fetched,
that says so in every place. Source: HashiCorp, "Run tasks integration API", run task callback.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

MEDIA_TYPE = "application/vnd.api+json"
MOST = 50
"""Outcomes of one result."""
LONGEST_LINE = 300
LONGEST_BODY = 4_000
"""Characters of an outcome's details; a mebibyte is what HCP Terraform recommends at most."""
LONGEST_MESSAGE = 1_000
NAMED = 5
"""Findings that the message itself names, where no outcomes are taken."""

_STDIN = "-"
_STATES: Mapping[int, str] = MappingProxyType(
    {
        1: "The gate is closed",
        2: "The service is misconfigured and checked nothing; tell the people who run it",
        3: "The plan holds nothing to check, which is not a pass",
        4: "The plan could not be checked",
    }
)
_BROKEN = "The check itself failed and judged nothing; tell the people who run the service"
_UNPROVEN = "The plan that was checked is not this plan, which is not a pass"
_LEVELS: Mapping[str, str] = MappingProxyType({"error": "error", "warning": "warning", "note": "info"})
_BACKTICKS = re.compile("`+")


@dataclass(frozen=True, slots=True)
class Result:
    """What HCP Terraform is told: a status, a sentence, and the findings."""

    status: Literal["running", "passed", "failed"]
    message: str
    outcomes: tuple[Mapping[str, Any], ...] = ()


def failed_result(message: str) -> Result:
    return Result("failed", message)


def result_of(code: int, output: bytes, sha256: str) -> Result:
    """What a check came to that ended with `code`, wrote `output`, and was given the bytes of `sha256`."""
    report = _report(output)
    if report is None:
        return failed_result(_STATES.get(code, _BROKEN) if code in {2, 4} else _BROKEN)
    findings = [each for each in report["findings"] if not each["suppressed"]]
    counts = _counts(report)
    outcomes = _outcomes(findings)
    if _is_pass(code, report, sha256):
        resources = report["checked"][0]["measures"]["resources"]
        return Result(
            "passed", f"The gate is open: {_plural(resources, 'resource')} checked{counts}.", outcomes
        )
    state = _UNPROVEN if code == 0 else _STATES.get(code, _BROKEN)
    return Result("failed", f"{state}{counts}.", outcomes)


def payload(result: Result, *, takes_outcomes: bool) -> bytes:
    """The document to send (JSON:API, version 1.0)."""
    data: dict[str, Any] = {
        "type": "task-results",
        "attributes": {
            "status": result.status,
            "message": _clip(_message(result, takes_outcomes=takes_outcomes), LONGEST_MESSAGE),
        },
    }
    if takes_outcomes and result.outcomes:
        data["relationships"] = {"outcomes": {"data": list(result.outcomes)}}
    return json.dumps({"data": data}).encode()


def _message(result: Result, *, takes_outcomes: bool) -> str:
    if takes_outcomes or not result.outcomes:
        return result.message
    named = [each["attributes"]["description"] for each in result.outcomes[:NAMED]]
    return " ".join([result.message, *(f"· {name}" for name in named)])


def _report(output: bytes) -> Mapping[str, Any] | None:
    try:
        report = json.loads(output)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(report, dict) and report.get("schema") == "gatecli/report/v1"
    return report if is_ours and report.get("gate") == "terraform" else None


def _is_pass(code: int, report: Mapping[str, Any], sha256: str) -> bool:
    checked = report["checked"]
    return (
        code == 0
        and report["exit_code"] == 0
        and report["verdict"] == "pass"
        and len(checked) == 1
        and checked[0]["kind"] == "plan"
        and checked[0].get("inputs", {}).get("sha256") == sha256
    )


def _counts(report: Mapping[str, Any]) -> str:
    counts = {name: report["summary"][name] for name in ("error", "warning", "note")}
    words = [_plural(count, name) for name, count in counts.items() if count]
    hidden = [f"{report['summary']['suppressed']} suppressed"] if report["summary"]["suppressed"] else []
    policy = [f"policy {_line(report['policy']['name'])}"]
    return "; " + ", ".join([*words, *hidden, *policy])


def _outcomes(findings: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The first findings, which the report has worst first, and how many there are more."""
    shown = [_outcome(number, each) for number, each in enumerate(findings[:MOST], 1)]
    left = len(findings) - len(shown)
    if left:
        more = f"{_plural(left, 'more finding')}, none worse than those above"
        shown.append(
            {"type": "task-result-outcomes", "attributes": {"outcome-id": "more", "description": more}}
        )
    return tuple(shown)


def _outcome(number: int, finding: Mapping[str, Any]) -> Mapping[str, Any]:
    severity = finding["severity"]
    tags = {
        "Severity": [{"label": severity.capitalize(), "level": _LEVELS[severity]}],
        "Rule": [{"label": finding["rule"]}],
    }
    attributes = {
        "outcome-id": f"{finding['rule']}-{number}",
        "description": _line(_finding_message(finding)),
        "body": _details(finding),
        "url": finding["url"],
        "tags": tags,
    }
    return {"type": "task-result-outcomes", "attributes": attributes}


def _finding_message(finding: Mapping[str, Any]) -> str:
    """The message; the plan has no name of its own here."""
    message: str = finding["message"]
    if finding["subject"] == _STDIN and message.startswith(f"{_STDIN} "):
        return "the plan" + message.removeprefix(_STDIN)
    return message


def _details(finding: Mapping[str, Any]) -> str:
    """Markdown in which what a stranger wrote stands in fences, where it is nothing but text."""
    where = [("Where", f"{finding['subject']} {finding['pointer'] or ''}")]
    parts = [("Found", _finding_message(finding)), *where, ("Fix", finding["remediation"])]
    return "\n\n".join(f"**{name}**\n\n{_fence(text)}" for name, text in parts if text.strip(" -"))


def _fence(text: str) -> str:
    shown = _clip(_visible(text), LONGEST_BODY // 4)
    fence = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(shown)), 3)
    return f"{fence}text\n{shown}\n{fence}"


def _line(text: str) -> str:
    return _clip(_visible(text), LONGEST_LINE)


def _visible(text: str) -> str:
    """On one line, what cannot be seen spelt out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
