"""A report of an earlier run, as far as a later one relies on it."""

from __future__ import annotations

from dataclasses import dataclass

from gatecli.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a JSON report says was judged, by which policy, and found."""

    path: str
    gate: str
    policy: str
    """The SHA-256 of the resolved policy."""
    exit_code: int
    findings: tuple[Finding, ...]
    parts: tuple[str, ...] = ()
    """The gates of a report of several, sorted."""
