"""What is done about each finding of an object: by mode, severity, and what Kubernetes lets change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import partial

from admission.review.admission_review import Object, ReviewRequest
from admission.review.immutable_fields import is_immutable
from admission.review.objects import LAST_APPLIED, row, searched_parts
from admission.review.owner_references import ancestors
from admission.review.rulebook import NamespaceScope, Rulebook
from gatecli.checks.personal_data import Hidden, Search
from gatecli.checks.served_models import GivenAttestations
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.objects import ObjectCheck, ObjectFindings, ObjectRequest, Owner, remaining_search
from gatecli.model.admission import Mode
from gatecli.model.finding import Finding, Severity
from gatecli.model.text import RawText, object_leaves


class Act(StrEnum):
    """What is done about one finding."""

    DENY = "deny"
    MASK = "mask"
    WARN = "warn"
    AUDIT = "audit"
    NONE = "none"


REFUSED = frozenset({Act.DENY, Act.MASK})
"""What the validating webhook lets nobody through with: it sees what masking has left."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One finding, what it is about, and what is done about it.

    `known` says in words who held it before, where the request does not bring it; "" where it does.
    """

    finding: Finding
    hidden: Hidden | None
    act: Act
    known: str = ""
    of_real: Act | None = None
    """Of a published test value: what would be done about a real one."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that the judgement of one request works with.

    `checks` are those that the object goes through. `owner` is the object's owner as the cluster has it, and
    `attestations` are what was read beside the object, where they were asked for.
    """

    request: ReviewRequest
    rulebook: Rulebook
    scope: NamespaceScope
    search: Search
    deadline: float
    day: date
    raw: RawText
    checks: tuple[ObjectCheck, ...]
    owner: Object | None = None
    attestations: GivenAttestations = field(default_factory=GivenAttestations)

    def further(self) -> Search:
        """The search with the time that is left: all searches of one request share one budget."""
        return remaining_search(self.search, self.deadline)


def decide_acts(case: Case, found: ObjectFindings) -> list[Judged]:
    """Every finding with what is done about it, and what is wrong with the waivers it has."""
    return [
        Judged(finding, hidden, _act(case, finding, hidden), of_real=_act_of_real(case, finding, hidden))
        for finding, hidden in found.weighed
    ]


def request_of(case: Case, obj: Object) -> ObjectRequest:
    """What the checks are asked about an object of the kind that the request is about."""
    parts = searched_parts(obj, row(case.request), case.rulebook.rules)
    waivers = tuple(case.rulebook.waivers_in(case.request.namespace))
    terms = JudgementTerms(case.rulebook.policy, waivers, case.day)
    return ObjectRequest(
        case.raw,
        parts,
        object_leaves(parts) if any(check.of_leaves for check in case.checks) else (),
        case.search,
        case.deadline,
        terms,
        LAST_APPLIED,
        partial(_owners_of, case),
        case.attestations,
    )


def _owners_of(case: Case) -> Iterator[Owner]:
    for ancestor in ancestors(case.request):
        parts = searched_parts(ancestor.object, row(case.request), case.rulebook.rules)
        raw = replace(case.raw, path=str(ancestor.object["kind"]))
        yield Owner(raw, parts, object_leaves(parts), ancestor.pointer)


def _act(case: Case, finding: Finding, hidden: Hidden | None) -> Act:
    if finding.rule.uncheckable:
        return _cap_act(
            Act.DENY if case.rulebook.rules.on_incomplete == "deny" else Act.WARN, case.scope.mode
        )
    if finding.suppressed is not None:
        return Act.NONE
    if finding.severity is not Severity.ERROR:
        return _cap_act(Act.WARN if finding.severity is Severity.WARNING else Act.AUDIT, case.scope.mode)
    expressly = case.scope.expressly.get(finding.rule.id)
    masks = expressly == "mask" or (case.scope.mode == "mask" and expressly is None)
    can_be_masked = hidden is not None and not is_immutable(case.request, hidden.leaf.keys)
    return _cap_act(Act.MASK if masks and can_be_masked else Act.DENY, case.scope.mode)


def _act_of_real(case: Case, finding: Finding, hidden: Hidden | None) -> Act | None:
    if hidden is None or not hidden.detection.well_known:
        return None
    own = case.search.severities[hidden.detection.entity.id]
    severity = case.rulebook.policy.spec.severities.get(finding.rule.id, own)
    return _act(case, replace(finding, severity=severity), hidden)


def _cap_act(act: Act, mode: Mode) -> Act:
    """What a mode that refuses nothing makes of it."""
    if mode == "audit":
        return Act.AUDIT
    return Act.WARN if mode == "warn" and act in REFUSED else act
