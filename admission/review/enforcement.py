"""What each finding of an object means: by policy, waivers, owners, and what the object held before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from admission.review.admission_review import Object, ReviewRequest
from admission.review.messages import Seen
from admission.review.objects import LAST_APPLIED, row, searched_parts
from admission.review.owner_references import Ancestor, ancestors
from admission.review.rulebook import NamespaceScope, Rulebook
from gatecli.checks.personal_data import Hidden, Search, find_hidden, search_leaves
from gatecli.gates.judgement import apply_policy
from gatecli.model.admission import Mode
from gatecli.model.finding import Finding, Severity, Suppression
from gatecli.model.text import Leaf, RawText, object_leaves
from gatecli.model.waiver import PlacedWaiver
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
        seconds = max(0.0, self.deadline - self.search.clock())
        return replace(self.search, limits=replace(self.search.limits, seconds=seconds))


def leaves_of(request: ReviewRequest, obj: Object, rulebook: Rulebook) -> tuple[Leaf, ...]:
    """The texts of `obj` that are searched in such a request."""
    return object_leaves(searched_parts(obj, row(request), rulebook.rules))


def weigh_findings(case: Case, seen: Sequence[Seen]) -> list[Judged]:
    """Every finding with what is done about it, and what is wrong with the waivers it has."""
    waivers = case.rulebook.waivers_in(case.request.namespace)
    kept = list(_without_echoes(seen))
    findings = [finding for finding, _ in kept]
    if waivers and findings:
        for ancestor in ancestors(case.request):
            findings = _inherit_waivers(case, findings, waivers, ancestor)
    about = [hidden for _, hidden in kept]
    judged = _apply_waivers(case, findings, waivers)
    about += [None] * (len(judged) - len(about))
    acts = [
        Judged(finding, hidden, _act(case, finding, hidden))
        for finding, hidden in zip(judged, about, strict=True)
    ]
    if case.rulebook.rules.grandfather and any(one.act in REFUSED for one in acts):
        return list(_grandfather(case, acts))
    return acts


def _apply_waivers(
    case: Case, findings: Sequence[Finding], waivers: Sequence[PlacedWaiver]
) -> tuple[Finding, ...]:
    """The findings as the gate weighs them; a waiver that is about others is not unused here."""
    concerned = [one for one in waivers if any(one.waiver.covers(finding) for finding in findings)]
    return apply_policy(findings, case.rulebook.policy, concerned, None, case.day)


def _without_echoes(seen: Sequence[Seen]) -> Iterator[Seen]:
    """Without what the annotation of `kubectl apply` only repeats."""
    own = {_kind_and_value(hidden) for _, hidden in seen if hidden and hidden.leaf.keys != LAST_APPLIED}
    for finding, hidden in seen:
        is_copy = hidden is not None and hidden.leaf.keys == LAST_APPLIED
        if hidden is None or not is_copy or _kind_and_value(hidden) not in own:
            yield finding, hidden


def _kind_and_value(hidden: Hidden) -> tuple[str, str]:
    return hidden.detection.rule, hidden.detection.normalised


def _inherit_waivers(
    case: Case, findings: Sequence[Finding], waivers: Sequence[PlacedWaiver], ancestor: Ancestor
) -> list[Finding]:
    """The findings, those suppressed that a waiver of the object's owner forgives."""
    leaves = leaves_of(case.request, ancestor.object, case.rulebook)
    raw = replace(case.raw, path=str(ancestor.object["kind"]))
    twins = [finding for finding, _ in find_hidden(raw, leaves, case.further())]
    forgiven: dict[tuple[str, str | None], list[Suppression | None]] = {}
    for twin in _apply_waivers(case, twins, waivers)[: len(twins)]:
        at = (twin.rule.id, ancestor.pointer(twin.place.pointer))
        forgiven.setdefault(at, []).append(twin.suppressed)
    # Of one kind at one place the n-th here is the n-th there: both hold the same text.
    found = []
    for finding in findings:
        twins_here = forgiven.get((finding.rule.id, finding.place.pointer))
        suppressed = twins_here.pop(0) if twins_here else None
        found.append(finding if finding.suppressed else replace(finding, suppressed=suppressed))
    return found


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
