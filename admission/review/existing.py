"""Compares an object with an older one: which values does an update add?

A value was there before where the old object holds it at the same place, as often. A list may be
reordered, so that its items have no place of their own, but for those that Kubernetes tells apart by a name.
A value that is moved to another key, copied, or put in the place of another is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from admission.review.admission_review import Object
from gatecli.checks.personal_data import Hidden
from gatecli.gates.objects import Keys, Seen
from gatecli.model.text import Leaf, LeafKind
from gatecli.pii.redaction import value_hash

Trace = tuple[str, ...]
"""What identifies a value in both objects: its rule, its hash, and its place."""

_NAMED = frozenset({"containers", "ephemeralContainers", "initContainers", "volumes"})
"""Lists whose items are told apart by their names; a variable may take the place of another."""


def count_traces(seen: Iterable[Seen], places: StablePlaces, key: bytes) -> Counter[Trace]:
    """The values in an object, and how often each is at its place."""
    return Counter(trace_of(hidden, places, key) for _, hidden in seen if hidden is not None)


def trace_of(hidden: Hidden, places: StablePlaces, key: bytes) -> Trace:
    """The trace of one value in the object of `places`; `key` is secret."""
    detection, kind = hidden.detection, "key" if hidden.leaf.kind is LeafKind.KEY else "value"
    place = map(str, places(hidden.leaf.keys))
    return detection.rule, value_hash(detection.normalised, key), kind, *place


def leaves_apart(
    one: Sequence[Leaf], other: Sequence[Leaf], here: StablePlaces, there: StablePlaces
) -> tuple[tuple[Leaf, ...], tuple[Leaf, ...]]:
    """The leaves that only `one` has, or more often than `other`; and those that only `other` has."""
    mine = [(leaf, _identity(leaf, here)) for leaf in one]
    theirs = [(leaf, _identity(leaf, there)) for leaf in other]
    return tuple(_beyond(mine, theirs)), tuple(_beyond(theirs, mine))


Identity = tuple[object, ...]


def _beyond(one: Sequence[tuple[Leaf, Identity]], other: Sequence[tuple[Leaf, Identity]]) -> Iterator[Leaf]:
    left = Counter(identity for _, identity in other)
    for leaf, identity in one:
        if left[identity] > 0:
            left[identity] -= 1
        else:
            yield leaf


def _identity(leaf: Leaf, places: StablePlaces) -> Identity:
    """All that a search of the leaf depends on, and its place."""
    return leaf.kind, leaf.text, leaf.hint, places(leaf.keys)


class StablePlaces:
    """Paths in one object that survive reordering: a named item is written `[name]`, any other `[]`."""

    def __init__(self, obj: Object) -> None:
        self._known: dict[Keys, tuple[Keys, object]] = {(): ((), obj)}

    def __call__(self, keys: Keys) -> Keys:
        return self._step(keys)[0]

    def _step(self, keys: Keys) -> tuple[Keys, object]:
        """The place, and what stands there; what leads to many places is walked once."""
        if (known := self._known.get(keys)) is not None:
            return known
        above, last = keys[:-1], keys[-1]
        place, around = self._step(above)
        value = _child(around, last)
        name = last if isinstance(last, str) else _item_name(above[-1:], value)
        self._known[keys] = found = ((*place, name), value)
        return found


def _child(obj: object, key: str | int) -> object:
    if isinstance(obj, dict):
        return obj.get(key)
    return obj[key] if isinstance(obj, list) and isinstance(key, int) and key < len(obj) else None


def _item_name(holder: Keys, item: object) -> str:
    name = item.get("name") if not _NAMED.isdisjoint(holder) and isinstance(item, dict) else None
    return f"[{name}]" if isinstance(name, str) else "[]"
