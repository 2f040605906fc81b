"""What a finding of a published test value is: as the policy says, and never more than a real one."""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.model.finding import Severity
from gatecli.model.policy import TestValues
from gatecli.pii.interface import Detection

_AT_MOST: Mapping[TestValues, Severity] = {
    "note": Severity.NOTE,
    "warn": Severity.WARNING,
    "as-entity": Severity.ERROR,
}


def severity_as_meant(own: Severity, test_values: TestValues, *, well_known: bool) -> Severity:
    """The severity of what was found, of an entity with the severity `own`."""
    if not well_known:
        return own
    return max(own, _AT_MOST[test_values], key=lambda severity: severity.rank)


def mend_of(pointer: str | None, detection: Detection, test_values: TestValues) -> str:
    """What to do about a value at `pointer`; None where it stands at no key."""
    tolerated = test_values != "as-entity"
    if detection.well_known and tolerated:
        return "nothing, if it is meant as test data"
    if pointer and "/env/" in pointer:
        return "move the value to a Secret and reference it (valueFrom.secretKeyRef)"
    if pointer:
        return "move the value to a secret store and reference it, or remove it"
    return "remove it, or replace it by a published test value" if tolerated else "remove it"
