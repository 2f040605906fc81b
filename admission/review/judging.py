"""From a request to a decision and its response: what is searched, what counts, what is done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from admission.review.admission_review import Object, ReviewRequest, response
from admission.review.enforcement import REFUSED, Act, Case, Judged, decide_acts, leaves_of, request_of
from admission.review.masking import Masking, Move, is_maskable, mask
from admission.review.messages import annotation_of, denial, locate_finding, warnings_of
from admission.review.objects import LAST_APPLIED, passed_by_rule, row, searched_parts
from admission.review.rulebook import Rulebook
from gatecli.checks.personal_data import Clock, Hidden, search_leaves
from gatecli.gates.embedded_files import BINARY
from gatecli.gates.objects import check_object
from gatecli.model.admission import Mode
from gatecli.model.finding import Finding
from gatecli.model.text import Leaf, RawText, object_texts
from gatecli.pii.redaction import value_hash
from gatecli.pii.scanning import may_hold


class Phase(StrEnum):
    """Which webhook asks. Only the mutating one may patch; the validating one sees the final state."""

    MUTATING = "mutating"
    VALIDATING = "validating"


class DecisionReason(StrEnum):
    """Why a decision is what it is; for metrics and the audit log."""

    NOT_APPLICABLE = "not-applicable"
    EXEMPT = "exempt"
    CLEAN = "clean"
    SUPPRESSED = "suppressed"
    AUDITED = "audited"
    WARNED = "warned"
    GRANDFATHERED = "grandfathered"
    MASKED = "masked"
    DENIED = "denied"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request, and what it rests on. But for `secrets` it holds no value.

    `findings` are all, forgiven ones too, with the severities and fingerprints of the command line, and
    `acts` what is done about each; `why` says in words why nothing was searched. `secrets` must exist
    before `patch` is sent, and are not to be made in a dry run. `scanned_bytes` is the text that was
    searched, each distinct piece once; 0 where none was. `marks` tell the value of each finding from any
    other by a hash under the rulebook's secret key; "" of what is about none.
    """

    allowed: bool
    reason: DecisionReason
    mode: Mode = "deny"
    why: str = ""
    message: str = ""
    findings: tuple[Finding, ...] = ()
    acts: tuple[Act, ...] = ()
    warnings: tuple[str, ...] = ()
    patch: tuple[Any, ...] = field(default=(), repr=False)
    secrets: tuple[Object, ...] = field(default=(), repr=False)
    incomplete: bool = False
    scanned_bytes: int = 0
    marks: tuple[str, ...] = field(default=(), repr=False)


def judge(
    request: ReviewRequest, rulebook: Rulebook, *, today: date, clock: Clock, phase: Phase = Phase.VALIDATING
) -> Decision:
    """The decision on a request: it is searched, or a rule that the decision names lets it pass.

    Waivers hold through their last day, which `today` is compared with; `clock` gives seconds that only
    grow. Findings are those of `gatecli pii scan` on the same object; comments that forgive a line in a
    file are none in a cluster. A search that the time ran out for ends as the policy's `onIncomplete`
    says, in any mode that refuses.
    """
    if why := passed_by_rule(request, rulebook.rules):
        return Decision(allowed=True, reason=DecisionReason.NOT_APPLICABLE, mode=rulebook.rules.mode, why=why)
    scope = rulebook.scope(request.namespace)
    if scope.exempt:
        return Decision(allowed=True, reason=DecisionReason.EXEMPT, mode=scope.mode, why=scope.exempt)
    # By tabs, since lines invite the search for base64 that is broken over several.
    text = "\t".join(object_texts(searched_parts(request.object or {}, row(request), rulebook.rules)))
    size = len(text.encode("utf-8", "surrogatepass"))
    # All texts together, each once: quicker than one by one, and as sound (`gatecli.pii.raw_text_prefilter`).
    if BINARY not in (request.object or {}) and not may_hold(scope.search.detector, text):
        return Decision(allowed=True, reason=DecisionReason.CLEAN, mode=scope.mode, scanned_bytes=size)
    raw = RawText(request.kind.name, "", "json")
    search = replace(scope.search, clock=clock)
    case = Case(request, rulebook, scope, search, clock() + search.limits.seconds, today, raw)
    leaves = leaves_of(request, request.object or {}, rulebook)
    return replace(_judge_leaves(case, leaves, phase), scanned_bytes=size)


def _judge_leaves(case: Case, leaves: tuple[Leaf, ...], phase: Phase) -> Decision:
    found = check_object(request_of(case, leaves))
    acts = decide_acts(case, found)
    masking = Masking()
    refusing = REFUSED
    # What was not searched to its end is not masked either: nobody knows what else it holds.
    if phase is Phase.MUTATING and found.is_complete:
        refusing = frozenset({Act.DENY})
        if any(one.act is Act.MASK for one in acts):
            acts, masking = _mask_findings(case, acts, found.values)
    return _decide(case, acts, masking, refusing)


def _mask_findings(
    case: Case, acts: Sequence[Judged], everything: Sequence[Hidden]
) -> tuple[list[Judged], Masking]:
    """The patch; what is left once it is applied cannot be masked, and is refused."""
    wanted = {id(one.hidden) for one in acts if one.act is Act.MASK}
    rules = {one.finding.rule.id for one in acts if one.act is Act.MASK}
    chosen = [
        seen
        for seen in everything
        if id(seen) in wanted or (seen.leaf.keys == LAST_APPLIED and seen.detection.rule in rules)
    ]
    obj = case.request.object or {}
    masking = mask(obj, chosen, case.further(), _move(case))
    left = {
        seen.leaf.keys if isinstance(seen, Hidden) else ()
        for seen in search_leaves(leaves_of(case.request, masking.object, case.rulebook), case.further())
        if not isinstance(seen, Hidden) or seen.detection.rule in rules
    }
    if () in left:
        left |= {one.hidden.leaf.keys for one in acts if one.hidden}
    return [replace(one, act=Act.DENY) if _stays(one, left) else one for one in acts], masking


def _stays(one: Judged, left: set[tuple[str | int, ...]]) -> bool:
    if one.act is not Act.MASK or one.hidden is None:
        return False
    return not is_maskable(one.hidden.leaf) or one.hidden.leaf.keys in left


def _move(case: Case) -> Move | None:
    template = row(case.request).template
    if template is None or not case.rulebook.rules.secret_ref or not case.request.namespace:
        return None
    metadata = (case.request.object or {}).get("metadata", {})
    name = metadata.get("name") or metadata.get("generateName") or case.request.name
    return Move(case.request.namespace, f"{case.request.kind.name}/{name}", template, case.rulebook.key)


def _decide(case: Case, acts: Sequence[Judged], masking: Masking, refusing: frozenset[Act]) -> Decision:
    ordered = tuple(sorted(acts, key=lambda one: one.finding.sort_key))
    refused = [(one.finding, one.hidden) for one in ordered if one.act in refusing]
    incomplete = any(one.finding.rule.uncheckable for one in ordered)
    decision = Decision(
        allowed=not refused,
        reason=_reason(ordered, refused=bool(refused), masked=bool(masking.patch), incomplete=incomplete),
        mode=case.scope.mode,
        findings=tuple(one.finding for one in ordered),
        acts=tuple(one.act for one in ordered),
        warnings=warnings_of(_warnings(ordered)),
        incomplete=incomplete,
        marks=tuple(_mark(one.hidden, case.rulebook) for one in ordered),
    )
    if refused:
        return replace(decision, message=denial(refused, case.rulebook.rules.max_findings))
    return replace(decision, patch=masking.patch, secrets=masking.secrets)


def _mark(hidden: Hidden | None, rulebook: Rulebook) -> str:
    return "" if hidden is None else value_hash(hidden.detection.normalised, rulebook.key)


def _reason(acts: Sequence[Judged], *, refused: bool, masked: bool, incomplete: bool) -> DecisionReason:
    done = {one.act for one in acts}
    table: Iterable[tuple[bool, DecisionReason]] = (
        (refused and not incomplete, DecisionReason.DENIED),
        (incomplete, DecisionReason.INCOMPLETE),
        (masked, DecisionReason.MASKED),
        (any(one.known for one in acts), DecisionReason.GRANDFATHERED),
        (Act.WARN in done, DecisionReason.WARNED),
        (Act.AUDIT in done, DecisionReason.AUDITED),
        (bool(acts), DecisionReason.SUPPRESSED),
    )
    return next((reason for holds, reason in table if holds), DecisionReason.CLEAN)


_TOLD = {Act.WARN: "", Act.MASK: ": masked"}
_OF_REAL = {Act.DENY: "; a real one would be refused", Act.MASK: "; a real one would be masked"}


def _warnings(acts: Sequence[Judged]) -> Iterator[str]:
    for one in acts:
        if one.act in _TOLD:
            known = ": it was there before" if one.known else ""
            test = f": a published test value{_OF_REAL.get(one.of_real, '')}" if one.of_real else ""
            yield f"{locate_finding(one.finding, one.hidden)}{test}{known}{_TOLD[one.act]}"


def answer(request: ReviewRequest, decision: Decision, rulebook: Rulebook) -> dict[str, Any]:
    """The response. The audit log gets reason, mode, policy, and each finding's place and fingerprint."""
    annotations = {
        "reason": decision.reason.value,
        "mode": decision.mode,
        "policy": f"{rulebook.stamp.name} sha256:{rulebook.stamp.sha256}",
    }
    if decision.why:
        annotations["why"] = decision.why
    if decision.findings:
        annotations["findings"] = annotation_of(decision.findings)
    return response(
        request.uid,
        allowed=decision.allowed,
        message=decision.message,
        warnings=decision.warnings,
        annotations=annotations,
        patch=decision.patch,
    )
