"""The checks of one object of a cluster: reviews and the background scan call them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gatecli.checks.personal_data import Hidden, Search, find_hidden
from gatecli.checks.served_models import GivenAttestations
from gatecli.gates import PII, Gate
from gatecli.gates.embedded_files import BINARY
from gatecli.gates.judgement import JudgementTerms, apply_policy
from gatecli.model.finding import Finding, Suppression
from gatecli.model.text import Leaf, RawText
from gatecli.model.waiver import PlacedWaiver
from gatecli.pii.raw_text_prefilter import may_hold

Keys = tuple[str | int, ...]
Object = dict[str, Any]
Seen = tuple[Finding, Hidden | None]
"""A finding, and the value that it is about; None where it is about none."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What an owner of the object holds; `pointer_here` turns a place in the owner into the object's."""

    raw: RawText
    object: Object
    leaves: tuple[Leaf, ...]
    pointer_here: Callable[[str | None], str | None]


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """An object to check, also as its leaves; both are without what the policy leaves out.

    All searches end by `deadline`, in seconds of the search's clock. `terms` hold the waivers that reach the
    object. The text at `repeats` only repeats the object. `owners` is asked where a waiver may reach through
    an owner. `attestations` are those that were read beside the object.
    """

    raw: RawText
    object: Object
    leaves: tuple[Leaf, ...]
    search: Search
    deadline: float
    terms: JudgementTerms
    repeats: Keys | None = None
    owners: Callable[[], Iterable[Owner]] = tuple
    attestations: GivenAttestations = field(default_factory=GivenAttestations)


@dataclass(frozen=True, slots=True)
class ObjectCheck:
    """One kind of check: what is wrong with an object, whatever is done about it.

    `may_find` is a quick necessary condition: of an object, all its texts in one, and the search. `find`
    gives the findings of the rules of `gate`, whose waivers reach them. It reads nothing but the request.
    `of_copies` is False where what a controller makes of an object that was judged is not asked again,
    `of_leaves` where the request needs no leaves.
    """

    gate: Gate
    may_find: Callable[[Object, str, Search], bool]
    find: Callable[[ObjectRequest], Iterable[Seen]]
    of_copies: bool = True
    of_leaves: bool = True


def _may_hold_personal_data(obj: Object, text: str, search: Search) -> bool:
    """All texts together, each once: quicker than one by one, and as sound."""
    return BINARY in obj or may_hold(search.detector, text)


def _find_personal_data(request: ObjectRequest) -> Iterable[Seen]:
    """The findings of `gatecli pii scan` on the same object; what held nothing is not searched again."""
    clean = request.search.clean
    leaves = clean.without_known(request.leaves)
    found = tuple(find_hidden(request.raw, leaves, request.search))
    if all(hidden is not None for _, hidden in found):
        dirty = {hidden.leaf for _, hidden in found if hidden is not None}
        clean.learn(leaf for leaf in leaves if leaf not in dirty)
    return found


PERSONAL_DATA = ObjectCheck(PII, _may_hold_personal_data, _find_personal_data)
CHECKS: tuple[ObjectCheck, ...] = (PERSONAL_DATA,)
"""All kinds of checks, in the order in which an object goes through them."""


@dataclass(frozen=True, slots=True)
class ObjectFindings:
    """What an object holds: every value, and each finding as the policy and the waivers weigh it.

    Faults of waivers stand behind the findings. `is_complete` is False where a search ended early.
    """

    values: tuple[Hidden, ...]
    weighed: tuple[Seen, ...]
    is_complete: bool


def remaining_search(search: Search, deadline: float) -> Search:
    """The search with the time that is left: all searches of one object share one budget."""
    seconds = max(0.0, deadline - search.clock())
    return replace(search, limits=replace(search.limits, seconds=seconds))


def find_everything(request: ObjectRequest, checks: Sequence[ObjectCheck] = CHECKS) -> tuple[Seen, ...]:
    """The findings of all checks, before policy and waivers."""
    return tuple(seen for check in checks for seen in check.find(request))


def check_object(request: ObjectRequest, checks: Sequence[ObjectCheck] = CHECKS) -> ObjectFindings:
    """The findings of all checks, weighed by the policy and the waivers."""
    seen = find_everything(request, checks)
    return ObjectFindings(
        tuple(hidden for _, hidden in seen if hidden is not None),
        _weigh(request, list(_without_repeats(seen, request.repeats)), checks),
        not any(finding.rule.uncheckable for finding, _ in seen),
    )


def _weigh(request: ObjectRequest, seen: Sequence[Seen], checks: Sequence[ObjectCheck]) -> tuple[Seen, ...]:
    findings = [finding for finding, _ in seen]
    if request.terms.waivers and findings:
        for owner in request.owners():
            findings = _inherit_waivers(request, findings, owner, checks)
    judged = _apply_waivers(findings, request.terms)
    about = [hidden for _, hidden in seen] + [None] * (len(judged) - len(seen))
    return tuple(zip(judged, about, strict=True))


def _apply_waivers(findings: Sequence[Finding], terms: JudgementTerms) -> tuple[Finding, ...]:
    """The findings as the policy weighs them; a waiver that is about other objects is not unused here."""
    concerned = [placed for placed in terms.waivers if _concerns(placed, findings)]
    return apply_policy(findings, terms.policy, concerned, terms.baseline, terms.today)


def _concerns(placed: PlacedWaiver, findings: Sequence[Finding]) -> bool:
    return any(placed.waiver.covers(finding) for finding in findings)


def _without_repeats(seen: Sequence[Seen], repeats: Keys | None) -> Iterator[Seen]:
    """Without the findings whose values the text at `repeats` only repeats."""
    own = {hidden.identity for _, hidden in seen if hidden and hidden.leaf.keys != repeats}
    for finding, hidden in seen:
        is_copy = hidden is not None and hidden.leaf.keys == repeats
        if hidden is None or not is_copy or hidden.identity not in own:
            yield finding, hidden


def _inherit_waivers(
    request: ObjectRequest, findings: Sequence[Finding], owner: Owner, checks: Sequence[ObjectCheck]
) -> list[Finding]:
    """The findings, those suppressed that a waiver of the object's owner forgives."""
    search = remaining_search(request.search, request.deadline)
    asked = replace(request, raw=owner.raw, object=owner.object, leaves=owner.leaves, search=search)
    twins = [finding for finding, _ in find_everything(asked, checks)]
    forgiven: dict[tuple[str, str | None], list[Suppression | None]] = {}
    for twin in _apply_waivers(twins, request.terms)[: len(twins)]:
        at = (twin.rule.id, owner.pointer_here(twin.place.pointer))
        forgiven.setdefault(at, []).append(twin.suppressed)
    # Of one kind at one place the n-th here is the n-th there: both hold the same text.
    inherited = []
    for finding in findings:
        twins_here = forgiven.get((finding.rule.id, finding.place.pointer))
        suppressed = twins_here.pop(0) if twins_here else None
        inherited.append(finding if finding.suppressed else replace(finding, suppressed=suppressed))
    return inherited
