"""Waivers that a change adds to the law of its target: none of them forgives anything before it is merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.waiver import PlacedWaiver, PrivacyWaiver

WAIVER_ADDED = Rule(
    "waiver-added",
    Severity.WARNING,
    "A waiver is not among those of the revision whose law holds",
    unforgivable=True,
)

RULES: tuple[Rule, ...] = (WAIVER_ADDED,)


def find_added_waivers(
    law: Iterable[PlacedWaiver], here: Iterable[PlacedWaiver], revision: str
) -> Iterator[Finding]:
    """The waivers of the working tree that the law lacks: new ones, and those that were changed."""
    left = Counter(_terms(placed.waiver) for placed in law)
    for placed in here:
        terms = _terms(placed.waiver)
        if left[terms] > 0:
            left[terms] -= 1
        else:
            yield _finding_of(placed, revision)


def _terms(waiver: PrivacyWaiver) -> str:
    """All that it says, of which nothing may change unseen."""
    return waiver.model_dump_json(by_alias=True)


def _finding_of(placed: PlacedWaiver, revision: str) -> Finding:
    name, spec = placed.waiver.metadata.name, placed.waiver.spec
    target = spec.subject or f"fingerprint {spec.fingerprint}"
    return make_finding(
        WAIVER_ADDED,
        f"waiver {name} of {spec.rule} for {target}, by {spec.owner} until {spec.expires}, is not one of "
        f"{revision}: it forgives nothing here",
        subject=name,
        place=placed.place,
        mend=f"have a code owner merge the waiver into {revision} first, or fix what it would forgive",
        identity=_terms(placed.waiver),
    )
