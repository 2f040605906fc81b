"""Waivers are checked too: one that no longer holds, holds too long or forgives nothing is a finding."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.quoting import quote_text
from gatecli.model.waiver import FALSEHOOD_DAYS, PlacedWaiver

EXPIRED = Rule("waiver-expired", Severity.WARNING, "A waiver is past its date, or its date is malformed")
TOO_LONG = Rule("waiver-too-long", Severity.ERROR, "A waiver lasts longer than the policy permits")
UNUSED = Rule("waiver-unused", Severity.WARNING, "A waiver forgives nothing that was found")

WAIVER_RULES = (EXPIRED, TOO_LONG, UNUSED)


def find_waiver_faults(
    waivers: Sequence[PlacedWaiver], findings: Collection[Finding], *, today: date, max_days: int
) -> Iterator[Finding]:
    """What is wrong with the waivers of a run; what an expired one forgave counts again."""
    for placed in waivers:
        waiver = placed.waiver
        if waiver.expiry is None or waiver.is_expired(today):
            yield _expired_finding(placed)
            continue
        covered = [finding for finding in findings if waiver.covers(finding)]
        is_false = any(finding.rule.falsehood for finding in covered)
        most = min(max_days, FALSEHOOD_DAYS) if is_false else max_days
        if (waiver.expiry - today).days > most:
            yield _too_long(placed, today + timedelta(days=most), most, is_false=is_false)
        if not covered:
            yield _unused_finding(placed)


def _fault(rule: Rule, placed: PlacedWaiver, key: str, message: str, mend: str) -> Finding:
    name, place = placed.waiver.metadata.name, placed.place
    identity = f"{name}\0{getattr(placed.waiver.spec, key)}"
    return make_finding(rule, message, subject=name, place=place, mend=mend, identity=identity)


def _expired_finding(placed: PlacedWaiver) -> Finding:
    spec = placed.waiver.spec
    why = f"expired on {spec.expires}"
    if placed.waiver.expiry is None:
        why = f"has the malformed expiry {quote_text(spec.expires)}, which counts as expired"
    return _fault(
        EXPIRED,
        placed,
        "expires",
        f"waiver {placed.waiver.metadata.name} of {spec.rule} {why}: it forgives nothing",
        f"fix the finding and delete the waiver, or have {spec.owner} renew it with a new date (YYYY-MM-DD)",
    )


def _too_long(placed: PlacedWaiver, latest: date, max_days: int, *, is_false: bool) -> Finding:
    spec = placed.waiver.spec
    limit = "that a false declaration may be waived for: it forgives nothing"
    return _fault(
        TOO_LONG,
        placed,
        "expires",
        f"waiver {placed.waiver.metadata.name} of {spec.rule} lasts until {spec.expires}, "
        f"more than the {max_days} days {limit if is_false else 'that the policy permits'}",
        f"set expires to {latest.isoformat()} or earlier",
    )


def _unused_finding(placed: PlacedWaiver) -> Finding:
    spec = placed.waiver.spec
    target = spec.subject or f"fingerprint {spec.fingerprint}"
    return _fault(
        UNUSED,
        placed,
        "rule",
        f"waiver {placed.waiver.metadata.name} forgives nothing: this run found no {spec.rule} for {target}",
        "delete the waiver, or correct its rule, subject or fingerprint",
    )
