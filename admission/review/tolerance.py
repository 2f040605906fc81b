"""`existing: warn`: which findings a request does not bring, since the object or its owner held them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from admission.review.admission_review import Object
from admission.review.enforcement import REFUSED, Act, Case, Judged, request_of
from admission.review.existing import StablePlaces, Trace, count_traces, leaves_apart, trace_of
from admission.review.owner_references import OwnerReference, controller_of, expected_object
from gatecli.gates.objects import ObjectRequest, Seen, find_everything
from gatecli.model.divided import divided_lists
from gatecli.model.text import Leaf

THERE_BEFORE = "it was there before"


@dataclass(frozen=True, slots=True)
class Update:
    """An object beside an older one, and the leaves that only one of them has."""

    new: ObjectRequest
    old: ObjectRequest
    here: StablePlaces
    there: StablePlaces
    added: tuple[Leaf, ...]
    removed: tuple[Leaf, ...]


def tolerate(case: Case, acts: Sequence[Judged]) -> list[Judged]:
    """The acts, with a warning for what was there before, as often as it was there."""
    if case.rulebook.rules.existing != "warn" or not any(one.act in REFUSED for one in acts):
        return list(acts)
    sources = [(words, _compare(case, old)) for words, old in _sources(case)]
    if any(one.finding.rule.uncheckable for one in acts):
        # Part of the object was not searched: only what was searched in the changed leaves can clear it.
        held = (words for words, update in sources if _adds_nothing(case, update))
        words = next(held, "")
        return [_tolerate_one(one, words) for one in acts]
    asked = [(words, _values_of(case, update)) for words, update in sources]
    return [_tolerate_one(one, _words_for(one, asked)) for one in acts]


def wanted_owner(case: Case, acts: Sequence[Judged]) -> OwnerReference | None:
    """The owner that could show that the request brings nothing new; None where nothing hangs on it.

    `acts` are those before anything was masked.
    """
    if case.owner is not None or case.rulebook.rules.existing != "warn":
        return None
    return controller_of(case.request) if any(one.act in REFUSED for one in acts) else None


Holds = Callable[[Judged], bool]
"""Whether a source still holds a finding. Each yes uses up one occurrence."""


def _tolerate_one(one: Judged, words: str) -> Judged:
    return replace(one, act=Act.WARN, known=words) if words and one.act in REFUSED else one


def _words_for(one: Judged, sources: Sequence[tuple[str, Holds]]) -> str:
    if one.act not in REFUSED:
        return ""
    # Every source is asked, so that each uses up its occurrence: one value in both is one value, not two.
    held = [words for words, holds in sources if holds(one)]
    return held[0] if held else ""


def _sources(case: Case) -> Iterator[tuple[str, Object]]:
    """Who may have held a value before, in words, and the object as it is there."""
    if case.request.old_object is not None:
        yield THERE_BEFORE, case.request.old_object
    reference = controller_of(case.request)
    if case.owner is not None and reference is not None and reference.is_to(case.owner):
        expected = expected_object(case.owner, reference, case.request.object or {})
        yield f"its {reference.kind} holds it", expected


def _compare(case: Case, obj: Object) -> Update:
    new, old = request_of(case, case.request.object or {}), request_of(case, obj)
    here, there = StablePlaces(new.object), StablePlaces(old.object)
    return Update(new, old, here, there, *leaves_apart(_leaves_of(new), _leaves_of(old), here, there))


def _leaves_of(asked: ObjectRequest) -> tuple[Leaf, ...]:
    """All that a search of the object reads: its leaves, and each list of short numbers as one text."""
    return (*asked.leaves, *divided_lists(asked.leaves))


def _adds_nothing(case: Case, update: Update) -> bool:
    """Whether the leaves that an update adds were searched to their end, and hold nothing."""
    return not _find(case, replace(update.new, leaves=update.added))


def _find(case: Case, asked: ObjectRequest) -> Sequence[Seen]:
    return find_everything(replace(asked, search=case.further()), case.checks)


def _values_of(case: Case, update: Update) -> Holds:
    """What the old object holds. A leaf that both have needs no count; others may differ in part."""
    key, added, removed = case.rulebook.key, set(update.added), set(update.removed)
    held = _find(case, update.old)
    gone = [(finding, hidden) for finding, hidden in held if hidden is not None and hidden.leaf in removed]
    counted = count_traces(gone, update.there, key)
    fingerprints = {finding.fingerprint for finding, hidden in held if hidden is None}

    def holds(one: Judged) -> bool:
        if one.hidden is None:
            return one.finding.fingerprint in fingerprints
        is_left = one.hidden.leaf not in added
        return is_left or _use_up(counted, trace_of(one.hidden, update.here, key))

    return holds


def _use_up(counted: Counter[Trace], trace: Trace) -> bool:
    counted[trace] -= 1
    return counted[trace] >= 0
