"""What a scan for personal data can find wrong with its inputs."""

from __future__ import annotations

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.sources.files import ReadError

PII_UNREADABLE = Rule(
    "pii-unreadable",
    Severity.ERROR,
    "A file or a folder that was to be scanned cannot be read",
    uncheckable=True,
)

RULES: tuple[Rule, ...] = (PII_UNREADABLE,)


def unreadable(path: str, error: ReadError) -> Finding:
    """The finding that the scan could not read `path`."""
    at = error.position
    place = Place(path, at.line if at else None, at.column if at else None)
    return make_finding(PII_UNREADABLE, f"{path} {error.problem}", subject=path, place=place, mend=error.mend)
