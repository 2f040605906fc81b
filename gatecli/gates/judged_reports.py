"""Verdicts that may be attested: of this run, or of a report in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.errors import UncheckableError, UsageError
from gatecli.model.attestation import UsedWaiver
from gatecli.model.number import read_exact
from gatecli.model.verdict import Verdict
from gatecli.sources.baseline import MAX_BYTES, REPORT
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.json_text import read_json

_ADVICE = "write it again: --report json=FILE"


@dataclass(frozen=True, slots=True)
class JudgedSubject:
    """One subject of a verdict: its kind, digest and artifacts, what was measured, and its inputs."""

    kind: str
    name: str
    sha256: str
    artifacts: Mapping[str, str]
    measures: Mapping[str, object]
    inputs: Mapping[str, Any]

    def exact(self, name: str) -> Fraction | None:
        """A measure as an exact number; None where it is none."""
        value = self.measures.get(name)
        try:
            return read_exact(value) if value is not None and not isinstance(value, float) else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """What an attestation states of a verdict that passed."""

    gate: str
    policy: tuple[str, str]
    subjects: tuple[JudgedSubject, ...]
    findings: Mapping[str, int]
    suppressed: int
    waivers: tuple[UsedWaiver, ...]

    def of_kind(self, kind: str) -> tuple[JudgedSubject, ...]:
        return tuple(each for each in self.subjects if each.kind == kind)


def judged_run(verdict: Verdict) -> JudgedRun:
    """A verdict of this run that passed."""
    return JudgedRun(
        verdict.gate,
        (verdict.policy.name, verdict.policy.sha256),
        tuple(_subject(each.kind, each.name, each.measures, each.inputs) for each in verdict.checked),
        _sorted_counts(each.rule.id for each in verdict.active),
        verdict.suppressed_count,
        _sorted_waivers(
            UsedWaiver(why.name, each.rule.id, why.expires)
            for each in verdict.findings
            if (why := each.suppressed) is not None and why.by == "waiver"
        ),
    )


def read_judged_report(path: Path) -> JudgedRun:
    """A JSON report that passed. Raises UsageError for another file or verdict, UncheckableError for a broken
    one.
    """
    name = path.as_posix()
    try:
        (document,) = read_json(name, read_text(path, MAX_BYTES))
    except ReadError as error:
        raise UncheckableError(f"{name} {error.problem}", advice=error.mend) from None
    data = document.data
    if not isinstance(data, dict) or data.get("schema") != REPORT:
        raise UsageError(f"{name} is not a report of gatecli", advice=_ADVICE)
    try:
        return _report(data, name)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UncheckableError(f"{name} is not a whole report", advice=_ADVICE) from None


def _report(data: Mapping[str, Any], name: str) -> JudgedRun:
    findings: list[dict[str, Any]] = data["findings"]
    active = [each for each in findings if each["suppressed"] is None]
    passed = data["verdict"] == "pass" and data["exit_code"] == 0
    if not passed or any(each["severity"] == "error" for each in active):
        raise UsageError(f"{name}: its verdict is not a pass", advice="fix what it reports, and check again")
    return JudgedRun(
        str(data["gate"]),
        (str(data["policy"]["name"]), str(data["policy"]["sha256"])),
        tuple(
            _subject(each["kind"], each["name"], each["measures"], each.get("inputs", {}))
            for each in data["checked"]
        ),
        _sorted_counts(each["rule"] for each in active),
        len(findings) - len(active),
        _sorted_waivers(
            UsedWaiver(why["name"], each["rule"], why["expires"])
            for each in findings
            if (why := each["suppressed"]) is not None and why["by"] == "waiver"
        ),
    )


def _subject(
    kind: str, name: str, measures: Mapping[str, object], inputs: Mapping[str, Any]
) -> JudgedSubject:
    listed: Sequence[Mapping[str, str]] = inputs.get("artifacts", ())
    artifacts = {each["path"]: each["sha256"].lower() for each in listed}
    return JudgedSubject(kind, name, str(inputs.get("sha256", "")), artifacts, measures, inputs)


def _sorted_counts(rules: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(rules).items()))


def _sorted_waivers(used: Iterable[UsedWaiver]) -> tuple[UsedWaiver, ...]:
    """Each once: one waiver may forgive several findings."""
    return tuple(sorted(set(used), key=lambda each: (each.name, each.rule)))
