"""One object that exists, judged as the webhook would if it were created today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from admission.logs import LOGGER
from admission.review.admission_review import Operation, ReviewRequest, Type, too_deep
from admission.review.enforcement import Act
from admission.review.judging import Decision, DecisionReason, judge
from admission.review.objects import KINDS as SEARCHED
from admission.review.owner_references import CONTROLLERS
from admission.review.rulebook import Rulebook
from admission.scan.kinds import Kind
from admission.server.health import Clock
from gatecli.checks.personal_data import PII_SCAN_INCOMPLETE, Search
from gatecli.checks.served_models import AttestationSource, GivenAttestations, stands_beside
from gatecli.model.document import Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.trust import ServedModelRules
from gatecli.pii.redaction import redact_text
from gatecli.pii.scanning import scan

Mark = tuple[str, str, bool]
"""A value that an owner holds: rule, keyed hash, and whether it is forgiven there."""

_CONTROLLER = min(CONTROLLERS)


@dataclass(frozen=True, slots=True)
class About:
    """An object as a report may name it; a name that is itself personal data is masked.

    `is_masked` says that no API knows it by this name.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    is_masked: bool = False

    @property
    def path(self) -> str:
        """`team-a/Deployment/web`."""
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, what the webhook would do about it, and the object; None where a kind was not listed."""

    finding: Finding
    act: Act
    about: About | None


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """What was seen of one object. `copies` are findings that its owner has too, where they are told.

    `sources` are where attestations may be, with which it is to be judged again.
    """

    namespace: str
    reason: DecisionReason
    found: tuple[Found, ...] = ()
    copies: int = 0
    sources: tuple[AttestationSource, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What objects are judged by. `owners` holds what the owners met so far hold, by uid."""

    rulebook: Rulebook
    day: date
    clock: Clock
    owners: dict[str, frozenset[Mark]] = field(default_factory=dict)


def look(
    item: Mapping[str, Any],
    kind: Kind,
    version: str,
    context: ScanContext,
    attestations: GivenAttestations | None = None,
) -> ObjectResult:
    """What the webhook would say to the creation of a listed object. Raises nothing."""
    obj = {**item, "apiVersion": f"{kind.group}/{version}" if kind.group else version, "kind": kind.name}
    metadata = item.get("metadata")
    namespace = str(metadata.get("namespace") or "") if isinstance(metadata, dict) else ""
    try:
        return _look_at(obj, kind, version, namespace, context, attestations)
    except Exception:  # noqa: BLE001 - one object that a bug keeps from being judged must not hide the others
        LOGGER.error("an object could not be judged", exc_info=True, extra={"fields": {"kind": kind.name}})
        return _unsearched_result(obj, namespace, context, "an internal error; the log says more")


def _look_at(
    obj: dict[str, Any],
    kind: Kind,
    version: str,
    namespace: str,
    context: ScanContext,
    attestations: GivenAttestations | None,
) -> ObjectResult:
    if too_deep(obj) and not context.rulebook.scope(namespace).exempt:
        return _unsearched_result(obj, namespace, context, "it is nested too deeply")
    owners = [context.owners[uid] for uid in _controllers(obj) if uid in context.owners]
    request = ReviewRequest(
        uid="",
        operation=Operation.CREATE,
        kind=Type(kind.group, version, kind.name),
        resource=Type(kind.group, version, kind.plural),
        namespace=namespace,
        name=str(obj["metadata"].get("name") or ""),
        user=_maker(obj, context, is_known=bool(owners)),
        object=obj,
    )
    decision = judge(
        request, context.rulebook, today=context.day, clock=context.clock, attestations=attestations
    )
    if _may_own(kind):
        context.owners[str(obj["metadata"].get("uid"))] = frozenset(_marks(decision))
    told = _own_findings(decision, frozenset().union(*owners))
    if not told:
        copies = len(decision.findings)
        return ObjectResult(namespace, decision.reason, copies=copies, sources=decision.sources)
    about = _about(obj, namespace, context.rulebook.scope(namespace).search)
    seen = tuple(Found(_place_finding(finding, about), act, about) for finding, act in told)
    copies = len(decision.findings) - len(seen)
    return ObjectResult(namespace, decision.reason, seen, copies, decision.sources)


def _maker(obj: Mapping[str, Any], context: ScanContext, *, is_known: bool) -> str:
    """Who made an object, as far as it tells: what the webhook takes from the user's name.

    That of an owner that was met is Kubernetes' own controller; another controller is one of the policy's.
    No template has ephemeral containers: who added one to a Pod is nobody's controller.
    """
    if _has_unknown_guest(obj, context.rulebook.policy.spec.attestation.workloads):
        return ""
    if is_known:
        return _CONTROLLER
    others = context.rulebook.policy.spec.attestation.workloads.controllers if any(_controllers(obj)) else ()
    return next(iter(others), "")


def _has_unknown_guest(obj: Mapping[str, Any], rules: ServedModelRules) -> bool:
    """Whether an ephemeral container runs an image that the policy does not let stand beside a model."""
    spec = obj.get("spec")
    guests = spec.get("ephemeralContainers") if isinstance(spec, dict) else None
    images = (each.get("image") for each in guests or () if isinstance(each, dict))
    return any(not stands_beside(str(image), rules) for image in images)


def _may_own(kind: Kind) -> bool:
    row = SEARCHED.get((kind.group, kind.name))
    return row is not None and bool(row.template)


def _controllers(obj: Mapping[str, Any]) -> Iterator[str]:
    references = obj["metadata"].get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("controller") is True:
            yield str(reference.get("uid"))


def _marks(decision: Decision) -> Iterator[Mark]:
    for finding, mark in zip(decision.findings, decision.marks, strict=True):
        if mark:
            yield finding.rule.id, mark, finding.suppressed is not None


def _own_findings(decision: Decision, held: frozenset[Mark]) -> list[tuple[Finding, Act]]:
    """The findings that no owner has: a copy of what counts there, or is forgiven at both, is told there."""
    seen = zip(decision.findings, decision.acts, decision.marks, strict=True)
    return [(finding, act) for finding, act, mark in seen if not _is_copy(finding, mark, held)]


def _is_copy(finding: Finding, mark: str, held: frozenset[Mark]) -> bool:
    at = (finding.rule.id, mark)
    return (*at, False) in held or (finding.suppressed is not None and (*at, True) in held)


def _about(obj: Mapping[str, Any], namespace: str, search: Search) -> About:
    metadata = obj.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    name = str(known.get("name") or "")
    shown = _safe_name(name, search)
    uid = str(known.get("uid") or "")
    return About(
        obj["apiVersion"], obj["kind"], _safe_name(namespace, search), shown, uid, is_masked=shown != name
    )


def _safe_name(name: str, search: Search) -> str:
    return redact_text(name, scan(search.detector, name, ("metadata", "name")).detections)


def _place_finding(finding: Finding, about: About) -> Finding:
    """The finding at its object: the webhook need not say which one it is about."""
    subject = f"{about.kind}/{about.name}" if finding.rule.uncheckable else finding.subject
    return replace(finding, subject=subject, place=replace(finding.place, path=about.path))


def _unsearched_result(
    obj: Mapping[str, Any], namespace: str, context: ScanContext, why: str
) -> ObjectResult:
    about = _about(obj, namespace, context.rulebook.scope(namespace).search)
    finding = make_finding(
        PII_SCAN_INCOMPLETE,
        f"{about.kind} was not searched to its end: {why}",
        subject=f"{about.kind}/{about.name}",
        place=Place(about.path),
        mend="check the object by hand, and report the bug",
    )
    return ObjectResult(namespace, DecisionReason.INCOMPLETE, (Found(finding, Act.DENY, about),))
