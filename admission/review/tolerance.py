"""`existing: warn`: which findings a request does not bring, since the object or its owner held them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from admission.review.enforcement import REFUSED, Act, Case, Judged, request_of
from admission.review.existing import Content, Trace, count_traces, only_in, trace_of
from admission.review.objects import KINDS, searched_parts
from admission.review.owner_references import OwnerReference, controller_of, place_in_copy
from gatecli.gates.objects import ObjectRequest, Seen, find_everything
from gatecli.model.text import Leaf, object_leaves

THERE_BEFORE = "it was there before"


@dataclass(frozen=True, slots=True)
class Update:
    """An update by its leaves: those that only the new object has, and those that only the old one had."""

    new: ObjectRequest
    old: ObjectRequest
    added: tuple[Leaf, ...]
    removed: tuple[Leaf, ...]


def tolerate(case: Case, acts: Sequence[Judged]) -> list[Judged]:
    """The acts, with a warning for what was there before, as often as it was there."""
    if case.rulebook.rules.existing != "warn" or not any(one.act in REFUSED for one in acts):
        return list(acts)
    update = _update_of(case)
    if any(one.finding.rule.uncheckable for one in acts):
        # What was not read may hold anything, but for what an update has left as it was.
        whole = update is not None and _adds_nothing(case, update)
        return [_known(one, THERE_BEFORE) if whole else one for one in acts]
    sources = [*(_before(case, update, acts) if update else ()), *_inherited(case)]
    return [_known(one, _words_for(one, sources)) for one in acts]


def wanted_owner(case: Case, acts: Sequence[Judged]) -> OwnerReference | None:
    """The owner that could show that the request brings nothing new; None where nothing hangs on it.

    `acts` are those before anything was masked.
    """
    if case.owner is not None or case.rulebook.rules.existing != "warn":
        return None
    return controller_of(case.request) if any(one.act in REFUSED for one in acts) else None


Holds = Callable[[Judged], bool]
"""Whether a source holds a finding; each time that it is asked, one time less."""


def _known(one: Judged, words: str) -> Judged:
    return replace(one, act=Act.WARN, known=words) if words and one.act in REFUSED else one


def _words_for(one: Judged, sources: Sequence[tuple[str, Holds]]) -> str:
    if one.act not in REFUSED:
        return ""
    # All are asked: what two hold once each is not held twice.
    held = [words for words, holds in sources if holds(one)]
    return held[0] if held else ""


def _update_of(case: Case) -> Update | None:
    if case.request.old_object is None:
        return None
    new, old = (request_of(case, obj or {}) for obj in (case.request.object, case.request.old_object))
    here, there = Content(new.object, new.leaves), Content(old.object, old.leaves)
    return Update(new, old, only_in(here, there), only_in(there, here))


def _adds_nothing(case: Case, update: Update) -> bool:
    """Whether the leaves that an update adds were searched to their end, and hold nothing."""
    return not _find(case, replace(update.new, leaves=update.added))


def _find(case: Case, asked: ObjectRequest) -> Sequence[Seen]:
    return find_everything(replace(asked, search=case.further()), case.rulebook.checks)


def _before(case: Case, update: Update, acts: Sequence[Judged]) -> Iterator[tuple[str, Holds]]:
    """The old object. Leaves that it has too are not searched again; the others may have changed in part."""
    key, added = case.rulebook.key, set(update.added)
    removed = replace(update.old, leaves=update.removed)
    counted = count_traces(_find(case, removed), removed.object, key)
    without_value = any(one.hidden is None and one.act in REFUSED for one in acts)
    findings = _find(case, update.old) if without_value else ()
    fingerprints = {finding.fingerprint for finding, _ in findings}

    def holds(one: Judged) -> bool:
        if one.hidden is None:
            return one.finding.fingerprint in fingerprints
        is_left = one.hidden.leaf not in added
        return is_left or _take(counted, trace_of(one.hidden, update.new.object, key))

    yield THERE_BEFORE, holds


def _inherited(case: Case) -> Iterator[tuple[str, Holds]]:
    """The owner that the object was made from, if it is the one that the object names."""
    reference = controller_of(case.request)
    if case.owner is None or reference is None or not reference.is_to(case.owner):
        return
    key, obj = case.rulebook.key, case.request.object or {}
    parts = searched_parts(case.owner, KINDS[reference.group, reference.kind], case.rulebook.rules)
    asked = replace(request_of(case, obj), object=parts, leaves=object_leaves(parts))
    place_here = partial(place_in_copy, reference, case.request.kind.name)
    counted = count_traces(_find(case, asked), parts, key, place_here)

    def holds(one: Judged) -> bool:
        return one.hidden is not None and _take(counted, trace_of(one.hidden, obj, key))

    yield f"its {reference.kind} holds it", holds


def _take(counted: Counter[Trace], trace: Trace) -> bool:
    counted[trace] -= 1
    return counted[trace] >= 0
