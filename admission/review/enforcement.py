"""What is done about each finding of an object: by mode, severity, and what the object held before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import partial

from admission.review.admission_review import Object, ReviewRequest
from admission.review.objects import LAST_APPLIED, row, searched_parts
from admission.review.owner_references import ancestors
from admission.review.rulebook import NamespaceScope, Rulebook
from gatecli.checks.personal_data import Hidden, Search, search_leaves
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.objects import ObjectFindings, ObjectRequest, Owner, remaining_search
from gatecli.model.admission import Mode
from gatecli.model.finding import Finding, Severity
from gatecli.model.text import Leaf, RawText, object_leaves
from gatecli.pii.redaction import value_hash


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
    """One finding, what it is about, and what is done about it."""

    finding: Finding
    hidden: Hidden | None
    act: Act
    known: bool = False
    """Whether the object held it before: an update adds nothing."""
    of_real: Act | None = None
    """Of a published test value: what would be done about a real one."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that the judgement of one request works with."""

    request: ReviewRequest
    rulebook: Rulebook
    scope: NamespaceScope
    search: Search
    deadline: float
    day: date
    raw: RawText

    def further(self) -> Search:
        """The search with the time that is left: all searches of one request share one budget."""
        return remaining_search(self.search, self.deadline)


def leaves_of(request: ReviewRequest, obj: Object, rulebook: Rulebook) -> tuple[Leaf, ...]:
    """The texts of `obj` that are searched in such a request."""
    return object_leaves(searched_parts(obj, row(request), rulebook.rules))


def decide_acts(case: Case, found: ObjectFindings) -> list[Judged]:
    """Every finding with what is done about it, and what is wrong with the waivers it has."""
    acts = [
        Judged(finding, hidden, _act(case, finding, hidden), of_real=_act_of_real(case, finding, hidden))
        for finding, hidden in found.weighed
    ]
    if case.rulebook.rules.grandfather and any(one.act in REFUSED for one in acts):
        return list(_grandfather(case, acts))
    return acts


def request_of(case: Case, leaves: tuple[Leaf, ...]) -> ObjectRequest:
    """What the gate is asked about the object."""
    waivers = tuple(case.rulebook.waivers_in(case.request.namespace))
    terms = JudgementTerms(case.rulebook.policy, waivers, case.day)
    return ObjectRequest(
        case.raw, leaves, case.search, case.deadline, terms, LAST_APPLIED, partial(_owners_of, case)
    )


def _owners_of(case: Case) -> Iterator[Owner]:
    for ancestor in ancestors(case.request):
        leaves = leaves_of(case.request, ancestor.object, case.rulebook)
        yield Owner(replace(case.raw, path=str(ancestor.object["kind"])), leaves, ancestor.pointer)


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
    return _cap_act(Act.MASK if masks and hidden is not None else Act.DENY, case.scope.mode)


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


def _grandfather(case: Case, acts: Sequence[Judged]) -> Iterator[Judged]:
    """What the object held before, as often as it held it, is warned about; an incomplete search is not."""
    before = _values(case)
    for one in acts:
        value = _value(one.hidden, case) if one.hidden is not None else None
        if one.act in REFUSED and before[value] > 0:
            before[value] -= 1
            yield replace(one, act=Act.WARN, known=True)
        else:
            yield one


def _values(case: Case) -> Counter[tuple[str, str] | None]:
    old = case.request.old_object
    if old is None:
        return Counter()
    found = search_leaves(leaves_of(case.request, old, case.rulebook), case.further())
    return Counter(_value(seen, case) for seen in found if isinstance(seen, Hidden))


def _value(hidden: Hidden, case: Case) -> tuple[str, str]:
    """A value and its kind, without its place: a list may be reordered."""
    return hidden.detection.rule, value_hash(hidden.detection.normalised, case.rulebook.key)
