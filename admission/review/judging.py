"""From a request to a decision and its response: what is searched, what counts, what is done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from admission.review.admission_review import Object, ReviewRequest, response
from admission.review.enforcement import REFUSED, Act, Case, Judged, decide_acts, request_of
from admission.review.masking import Masking, Move, is_maskable, mask
from admission.review.messages import annotation_of, denial, locate_finding, warnings_of
from admission.review.objects import LAST_APPLIED, passed_by_rule, row, searched_parts
from admission.review.owner_references import OwnerReference, controller_of
from admission.review.rulebook import Rulebook
from admission.review.tolerance import tolerate, wanted_owner
from gatecli.checks.personal_data import Clock, Hidden, Search
from gatecli.checks.served_models import (
    INLINE,
    UNATTESTED,
    AttestationSource,
    GivenAttestations,
    annotations_alone,
    names_places,
)
from gatecli.gates.objects import Keys, ObjectFindings, check_object, find_everything
from gatecli.gates.served_models import wanted_sources
from gatecli.model.admission import Mode
from gatecli.model.finding import Finding
from gatecli.model.text import RawText, object_leaves, object_texts
from gatecli.pii.redaction import value_hash


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
    other by a hash under the rulebook's secret key; "" for one without a value. `owner` names the object that
    the request is to be judged with again, once it was read: it may hold what was found. `sources` are
    where attestations may be, with which it is to be judged again, too.
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
    owner: OwnerReference | None = field(default=None, repr=False)
    sources: tuple[AttestationSource, ...] = field(default=(), repr=False)


def judge(
    request: ReviewRequest,
    rulebook: Rulebook,
    *,
    today: date,
    clock: Clock,
    phase: Phase = Phase.VALIDATING,
    owner: Object | None = None,
    attestations: GivenAttestations | None = None,
) -> Decision:
    """The decision on a request: it is searched, or a rule that the decision names lets it pass.

    Waivers hold through their last day, which `today` is compared with; `clock` gives seconds that only
    grow. Findings are those of `gatecli pii scan` on the same object; comments that forgive a line
    of a file do not apply in a cluster. A search that ran out of time ends as the policy's `onIncomplete`
    says, in any mode that refuses. `owner` and `attestations` are what an earlier decision on the request
    asked for.
    """
    if why := passed_by_rule(request, rulebook.rules):
        return Decision(allowed=True, reason=DecisionReason.NOT_APPLICABLE, mode=rulebook.rules.mode, why=why)
    scope = rulebook.scope(request.namespace)
    if scope.exempt:
        return Decision(allowed=True, reason=DecisionReason.EXEMPT, mode=scope.mode, why=scope.exempt)
    parts = searched_parts(request.object or {}, row(request), rulebook.rules)
    # By tabs, since lines invite the search for base64 that is broken over several.
    whole = "\t".join(object_texts(parts))
    size = len(whole.encode("utf-8", "surrogatepass"))
    unknown = _unknown_parts(parts, scope.search)
    text = whole if unknown is parts else "\t".join(object_texts(unknown))
    checks = rulebook.checks_for(of_copy=_is_copy(request, rulebook))
    checks = tuple(check for check in checks if check.may_find(parts, text, scope.search))
    if not checks:
        return Decision(allowed=True, reason=DecisionReason.CLEAN, mode=scope.mode, scanned_bytes=size)
    raw = RawText(request.kind.name, "", "json")
    search = replace(scope.search, clock=clock)
    end = clock() + search.limits.seconds
    given = attestations or GivenAttestations()
    case = Case(request, rulebook, scope, search, end, today, raw, checks, owner, given)
    decision = _judge_case(case, phase)
    sources = _unread_sources(decision, case) if attestations is None else ()
    return replace(decision, scanned_bytes=size, sources=sources)


def _unknown_parts(parts: Object, search: Search) -> Object:
    """An object, but for an attestation that was searched before and held nothing: it is long, and encoded.

    What stands elsewhere too is looked at there.
    """
    if not any(map(search.clean.holds, object_leaves(annotations_alone(parts)))):
        return parts
    metadata = parts["metadata"]
    annotations = {name: text for name, text in metadata["annotations"].items() if name != INLINE}
    return {**parts, "metadata": {**metadata, "annotations": annotations}}


def places_to_read(request: ReviewRequest, rulebook: Rulebook) -> tuple[AttestationSource, ...]:
    """Where attestations may be of a workload that holds none itself: read before, it is judged once."""
    serving = rulebook.serving
    if serving is None or request.object is None or passed_by_rule(request, rulebook.rules):
        return ()
    if rulebook.scope(request.namespace).exempt or _is_copy(request, rulebook):
        return ()
    if not names_places(request.object, serving.rules):
        return ()
    return wanted_sources(request.object, serving)


def _is_copy(request: ReviewRequest, rulebook: Rulebook) -> bool:
    """Whether a controller made the object of one that was judged: Kubernetes' own, or one of the policy."""
    listed = rulebook.policy.spec.attestation.workloads.controllers
    return request.user in listed or controller_of(request) is not None


def _unread_sources(decision: Decision, case: Case) -> tuple[AttestationSource, ...]:
    """Where an attestation may be of what was found without one."""
    serving = case.rulebook.serving
    if serving is None or all(finding.rule.id != UNATTESTED.id for finding in decision.findings):
        return ()
    return wanted_sources(case.request.object or {}, serving)


def _judge_case(case: Case, phase: Phase) -> Decision:
    found = check_object(request_of(case, case.request.object or {}), case.checks)
    acts = tolerated = tolerate(case, decide_acts(case, found))
    masking = Masking()
    refusing = REFUSED
    # What was not searched to its end is not masked either: nobody knows what else it holds.
    if phase is Phase.MUTATING and found.is_complete:
        refusing = frozenset({Act.DENY})
        if any(one.act is Act.MASK for one in acts):
            acts, masking = _mask_findings(case, acts, found)
    return replace(_decide(case, acts, masking, refusing), owner=wanted_owner(case, tolerated))


def _mask_findings(case: Case, acts: Sequence[Judged], found: ObjectFindings) -> tuple[list[Judged], Masking]:
    """The patch; what is left once it is applied cannot be masked, and is refused."""
    wanted = {id(one.hidden) for one in acts if one.act is Act.MASK}
    values = {one.hidden.identity for one in acts if one.act is Act.MASK and one.hidden}
    chosen = [
        seen
        for seen in found.values
        if id(seen) in wanted or (seen.leaf.keys == LAST_APPLIED and seen.identity in values)
    ]
    obj = case.request.object or {}
    masking = mask(obj, chosen, case.further(), _move(case))
    left = set(_left_keys(case, acts, found, masking.object))
    return [replace(one, act=Act.DENY) if _stays(one, obj, left) else one for one in acts], masking


def _left_keys(case: Case, acts: Sequence[Judged], found: ObjectFindings, masked: Object) -> Iterator[Keys]:
    """Where the masked object holds what should have been masked; everywhere, if nobody can tell."""
    asked = replace(request_of(case, masked), search=case.further())
    stays = {
        (one.hidden.leaf.keys, one.hidden.identity) for one in acts if one.hidden and one.act is not Act.MASK
    }
    known = {finding.fingerprint for finding, _ in found.weighed}
    rules = {one.finding.rule.id for one in acts if one.act is Act.MASK}
    for finding, hidden in find_everything(asked, case.checks):
        if hidden is not None:
            if finding.rule.id in rules and (hidden.leaf.keys, hidden.identity) not in stays:
                yield hidden.leaf.keys
        elif finding.rule.uncheckable or finding.fingerprint not in known:
            yield from (one.hidden.leaf.keys for one in acts if one.hidden)


def _stays(one: Judged, obj: Object, left: set[Keys]) -> bool:
    if one.act is not Act.MASK or one.hidden is None:
        return False
    return not is_maskable(one.hidden.leaf, obj) or one.hidden.leaf.keys in left


def _move(case: Case) -> Move | None:
    template = row(case.request).template
    rules = case.rulebook.rules
    # Where the policy searches the data of Secrets, no value is to be put there.
    if template is None or not rules.secret_ref or rules.secrets == "data" or not case.request.namespace:
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
        rules = case.rulebook.rules
        takes_secrets = rules.secrets != "data" and not row(case.request).metadata_only
        message = denial(refused, rules.max_findings, takes_secrets=takes_secrets)
        return replace(decision, message=message)
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
            test = f": a published test value{_OF_REAL.get(one.of_real, '')}" if one.of_real else ""
            known = f": {one.known}" if one.known else ""
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
