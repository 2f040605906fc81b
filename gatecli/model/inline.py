"""Findings forgiven beside the line they stand on: `# gatecli: allow pii-us-ssn -- reason until 2027-01-31`.

`by OWNER` at its end says who answers for it. The comment may begin with `#`, `//`, `--`, `;`, `/*`, `<!--`
or `{{/*`. It speaks of its own line, or of the next one where it stands alone. What does not have this form
forgives nothing, and is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression, make_finding
from gatecli.model.text import RawText

ALLOW_INVALID = Rule(
    "pii-allow-invalid", Severity.ERROR, "An inline allowance lacks a usable rule, reason or date"
)
ALLOW_EXPIRED = Rule("pii-allow-expired", Severity.WARNING, "An inline allowance is past its date")
ALLOW_TOO_LONG = Rule(
    "pii-allow-too-long", Severity.ERROR, "An inline allowance lasts longer than the policy permits"
)
ALLOW_UNUSED = Rule("pii-allow-unused", Severity.WARNING, "An inline allowance forgives nothing")

RULES: tuple[Rule, ...] = (ALLOW_INVALID, ALLOW_EXPIRED, ALLOW_TOO_LONG, ALLOW_UNUSED)

_FORM = "gatecli: allow RULE -- REASON until YYYY-MM-DD"
_OWNED = f"{_FORM} by OWNER"
_COMMENT = re.compile(
    r"(?:#+|//+|--+|;+|<!--|\{\{-?[ \t]*/\*|/\*+)[ \t]*gatecli:"
    r"(?!(?:keep|end|document) )"  # the marks of documents, which forgive nothing
    r"(?P<body>[^\r\n]*)"
)
_BODY = re.compile(
    r"allow\s+(?P<rule>\S+)\s+--\s+(?P<reason>\S.*?)\s+until\s+(?P<until>\S+)(?:\s+by\s+(?P<owner>\S+))?"
)
_CLOSING = re.compile(r"(?:-->|\*/(?:[ \t]*-?\}\})?)\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class InlineAllowance:
    """One rule forgiven on one line (`covers`) by the comment in `line`; `until` is its last day."""

    rule: str
    reason: str
    until: date
    line: int
    column: int
    covers: int
    owner: str = ""

    def is_expired(self, today: date) -> bool:
        return self.until < today


@dataclass(frozen=True, slots=True)
class AllowanceLimits:
    """What a policy asks of an allowance: how many days it lasts at most, and whether it names an owner."""

    max_days: int | None = None
    owner_required: bool = False


@dataclass(frozen=True, slots=True)
class InlineFault:
    """A comment that means to forgive and does not; the text completes "the allowance …"."""

    line: int
    column: int
    problem: str


@dataclass(frozen=True, slots=True)
class Allowances:
    """What the comments of one text forgive, and those that cannot be used."""

    path: str = ""
    valid: tuple[InlineAllowance, ...] = ()
    faults: tuple[InlineFault, ...] = ()


def inline_allowances(raw: RawText, known: Collection[str]) -> Allowances:
    """The allowances in a text, in its order; `known` are the rules there are."""
    if "gatecli:" not in raw.text:
        return Allowances(raw.path)
    valid: list[InlineAllowance] = []
    faults: list[InlineFault] = []
    for match in _COMMENT.finditer(raw.text):
        if match.end() <= raw.overlap:
            continue
        at = raw.position(match.start())
        alone = not raw.line_at(at.line)[: at.column - 1].strip()
        parsed = _parse_body(match["body"], known)
        if isinstance(parsed, str):
            faults.append(InlineFault(at.line, at.column, parsed))
        else:
            rule, reason, until, owner = parsed
            valid.append(InlineAllowance(rule, reason, until, at.line, at.column, at.line + alone, owner))
    return Allowances(raw.path, tuple(_stack_allowances(valid)), tuple(faults))


def _parse_body(body: str, known: Collection[str]) -> tuple[str, str, date, str] | str:
    match = _BODY.fullmatch(_CLOSING.sub("", body.rstrip()).strip())
    if match is None:
        return f"is not of the form `{_FORM}`"
    if match["rule"] not in known:
        return "names a rule that does not exist"
    if not _DATE.fullmatch(match["until"]):
        return "has a date that is not of the form YYYY-MM-DD"
    try:
        until = date.fromisoformat(match["until"])
    except ValueError:
        return "has a date that does not exist"
    return match["rule"], match["reason"], until, match["owner"] or ""


def _stack_allowances(allowances: Iterable[InlineAllowance]) -> Iterator[InlineAllowance]:
    """Comments that stand alone on lines that follow each other speak of the line after the last."""
    ordered = list(allowances)
    alone = {item.line for item in ordered if item.covers != item.line}
    for item in ordered:
        line = item.covers
        while line in alone:
            line += 1
        yield replace(item, covers=line) if line != item.covers else item


def apply_allowances(
    findings: Iterable[Finding],
    allowances: Iterable[Allowances],
    today: date,
    limits: AllowanceLimits = AllowanceLimits(),
) -> tuple[Finding, ...]:
    """The findings with those suppressed that an allowance of their file, rule and line covers.

    Findings about the allowances themselves are added. What could not be checked is never forgiven.
    """
    texts = tuple(allowances)
    open_ = {
        (text.path, item.rule, item.covers): item
        for text in texts
        for item in text.valid
        if not item.is_expired(today) and not _lacks_owner(item, limits)
    }
    used: set[tuple[str, str, int]] = set()
    judged: list[Finding] = []
    for finding in findings:
        key = (finding.place.path, finding.rule.id, finding.place.line or 0)
        item = None if finding.rule.uncheckable else open_.get(key)
        if item is None:
            judged.append(finding)
            continue
        used.add(key)
        place = f"{key[0]}:{item.line}"
        why = Suppression("inline", place, item.reason, item.until.isoformat(), item.owner)
        judged.append(finding if finding.suppressed else replace(finding, suppressed=why))
    return (*judged, *_faults(texts, used, today, limits))


def _lacks_owner(item: InlineAllowance, limits: AllowanceLimits) -> bool:
    return limits.owner_required and not item.owner


def _faults(
    texts: Iterable[Allowances],
    used: Collection[tuple[str, str, int]],
    today: date,
    limits: AllowanceLimits,
) -> Iterator[Finding]:
    form = _OWNED if limits.owner_required else _FORM
    for text in texts:
        for fault in text.faults:
            mend = f"write `{form}`, or delete it"
            message = f"the allowance {fault.problem}: it forgives nothing"
            yield _about(ALLOW_INVALID, text.path, fault.line, fault.column, message, mend, fault.problem)
        for item in text.valid:
            is_used = (text.path, item.rule, item.covers) in used
            fault_found = _fault_of(item, today, limits, is_used=is_used)
            if fault_found is not None:
                rule, message, mend = fault_found
                name = f"{item.rule}\0{item.until}"
                yield _about(rule, text.path, item.line, item.column, message, mend, name)


def _fault_of(
    item: InlineAllowance, today: date, limits: AllowanceLimits, *, is_used: bool
) -> tuple[Rule, str, str] | None:
    """What is wrong with an allowance of the right form: the rule, the message and how to mend it."""
    of = f"the allowance of {item.rule}"
    if item.is_expired(today):
        mend = "fix what it forgave and delete it, or give it a new date"
        return ALLOW_EXPIRED, f"{of} expired on {item.until}: it forgives nothing", mend
    if _lacks_owner(item, limits):
        message = f"{of} names no owner, which the policy asks for: it forgives nothing"
        return ALLOW_INVALID, message, f"write `{_OWNED}`, or delete it"
    if limits.max_days is not None and (item.until - today).days > limits.max_days:
        latest = today + timedelta(days=limits.max_days)
        message = (
            f"{of} lasts until {item.until}, more than the {limits.max_days} days that the policy permits"
        )
        return ALLOW_TOO_LONG, message, f"write `until {latest.isoformat()}` or an earlier date"
    if not is_used:
        return ALLOW_UNUSED, f"{of} forgives nothing in line {item.covers}", "delete it"
    return None


def _about(rule: Rule, path: str, line: int, column: int, message: str, mend: str, identity: str) -> Finding:
    place = Place(path, line, column)
    return make_finding(rule, message, subject=path, place=place, mend=mend, identity=f"{path}\0{identity}")
