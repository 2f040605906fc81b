"""What an audit found, in the words of the field: refuted, nothing found, could not run. Never "verified"."""

from __future__ import annotations

from gatecli.model.audit import AuditOutcome, AuditResult
from gatecli.model.number import show, show_down, show_up

_DIGITS = 3


def sentence(result: AuditResult) -> str:
    """One result as one line."""
    match result.outcome:
        case AuditOutcome.REFUTED:
            return _refutation(result)
        case AuditOutcome.NOTHING_FOUND:
            return _nothing(result)
        case AuditOutcome.COULD_NOT_RUN:
            return f"could not run: {result.reason}"


def _refutation(result: AuditResult) -> str:
    first, second = result.inputs or ("", "")
    at = f" at δ = {show(result.claim.delta)}" if result.claim.delta else ""
    confidence = show_down(result.confidence * 100, 6)
    return (
        f"refuted: ε ≥ {show_down(result.lower, _DIGITS)}{at} ({confidence} %) "
        f"on the inputs {first} and {second}, "
        f'event "{result.event}"'
    )


def _nothing(result: AuditResult) -> str:
    samples = f"{result.samples:,} samples of each input"
    power = result.power
    if power is None:
        return f"nothing found: no ε would have been found with {samples}"
    percent = show_down(power.probability * 100)
    found = f"nothing found: would have found ε ≥ {show_up(power.epsilon, _DIGITS)} with {percent} %"
    return f"{found} ({samples})"
