"""`kind: PrivacyWaiver`: one finding forgiven, by whom, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import model_validator

from gatecli.model.base import Metadata, Resource, Text, Value
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Suppression

FALSEHOOD_DAYS = 30
"""How long a waiver of a finding that says "this is false" may last."""


class WaiverSpec(Value):
    """All keys are required; of `subject` and `fingerprint` exactly one."""

    rule: Text
    subject: Text | None = None
    fingerprint: Text | None = None
    reason: Text
    owner: Text
    expires: Text

    @model_validator(mode="after")
    def _one_target(self) -> WaiverSpec:
        if (self.subject is None) == (self.fingerprint is None):
            raise ValueError("give exactly one of subject and fingerprint")
        return self


class PrivacyWaiver(Resource):
    """A waiver as it stands in a file or in a cluster."""

    kind: Literal["PrivacyWaiver"]
    metadata: Metadata
    spec: WaiverSpec

    @property
    def expiry(self) -> date | None:
        """The last day it holds; None where the date is malformed, which counts as expired."""
        try:
            return date.fromisoformat(self.spec.expires)
        except ValueError:
            return None

    def is_expired(self, today: date) -> bool:
        return self.expiry is None or self.expiry < today

    def covers(self, finding: Finding) -> bool:
        """Whether it names this finding, which is neither uncheckable nor unforgivable; expiry aside."""
        rule = finding.rule
        if rule.uncheckable or rule.unforgivable or rule.id != self.spec.rule:
            return False
        if self.spec.fingerprint is not None:
            return finding.fingerprint == self.spec.fingerprint
        return finding.subject.replace(" ", "@") == (self.spec.subject or "").replace(" ", "@")

    def forgives(self, finding: Finding, today: date) -> bool:
        """Whether a finding does not count by it: of a falsehood no longer than for a month ahead."""
        if self.expiry is None or self.is_expired(today) or not self.covers(finding):
            return False
        return not finding.rule.falsehood or self.expiry - today <= timedelta(days=FALSEHOOD_DAYS)

    @property
    def suppression(self) -> Suppression:
        spec = self.spec
        return Suppression("waiver", self.metadata.name, spec.reason, spec.expires, spec.owner)


@dataclass(frozen=True, slots=True)
class PlacedWaiver:
    """A waiver with where it stands, for findings about the waiver itself."""

    waiver: PrivacyWaiver
    place: Place
