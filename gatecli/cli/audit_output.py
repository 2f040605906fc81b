"""What audits show: the word, what it rests on, and what would have been found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gatecli.cli.yaml_output import json_text
from gatecli.model.audit import AuditOutcome, AuditResult, audit_document
from gatecli.model.number import show, show_down, show_up
from gatecli.model.verdict import ExitCode


class AuditFormat(StrEnum):
    """The formats of an audit."""

    TEXT = "text"
    JSON = "json"


EXIT_CODES: Mapping[AuditOutcome, ExitCode] = MappingProxyType(
    {
        AuditOutcome.REFUTED: ExitCode.CLOSED,
        AuditOutcome.NOTHING_FOUND: ExitCode.OPEN,
        AuditOutcome.COULD_NOT_RUN: ExitCode.UNCHECKABLE,
    }
)


def result_text(result: AuditResult, output: AuditFormat) -> str:
    """One result in a format."""
    return json_text(audit_document([result])) if output is AuditFormat.JSON else _plain(result)


def _plain(result: AuditResult) -> str:
    claim = f"ε = {show(result.claim.epsilon)} at δ = {show(result.claim.delta)}"
    lines = [_headline(result, claim)]
    if result.event:
        lines.append(f"{result.method}: {result.event}")
    lines += [f"{name}: {value}" for name, value in result.measures]
    return "\n  ".join(lines) + "\n"


def _headline(result: AuditResult, claim: str) -> str:
    confidence = f"{show_down(100 * result.confidence)} %"
    match result.outcome:
        case AuditOutcome.REFUTED:
            bound = f"ε ≥ {show_down(result.lower)} ({confidence})"
            return f"refuted: {bound}, and {result.subject} claims {claim}"
        case AuditOutcome.NOTHING_FOUND:
            return f"nothing found: {result.subject}, {claim} ({_reach(result)})"
        case _:
            return f"could not run: {result.subject}, {claim}: {result.reason}"


def _reach(result: AuditResult) -> str:
    if result.power is None:
        return f"ε ≥ {show_down(result.lower)} is all that it shows"
    share = show_down(100 * result.power.probability)
    return f"would have found a leak of ε ≥ {show_up(result.power.epsilon)} with {share} %"
