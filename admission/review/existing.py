"""What was there before: of an update only what it adds is new.

A value was there before where the old object holds it at the same place, as often. A list may be
reordered, so that its items have no place of their own, but for those that Kubernetes tells apart by a name.
A value that is moved to another key, copied, or put in the place of another is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from admission.review.admission_review import Object
from gatecli.checks.personal_data import Hidden
from gatecli.gates.objects import ObjectRequest, Seen
from gatecli.model.text import Leaf, LeafKind
from gatecli.pii.redaction import value_hash

Keys = tuple[str | int, ...]
Trace = tuple[str, ...]
"""What a value is known again by: its rule, its hash, and its place."""

_NAMED = frozenset({"containers", "ephemeralContainers", "initContainers", "volumes"})
"""Lists whose items are told apart by their names; a variable may take the place of another."""


def count_traces(seen: Iterable[Seen], obj: Object, key: bytes) -> Counter[Trace]:
    """The values in `obj`, and how often each is at its place."""
    return Counter(trace_of(hidden, obj, key) for _, hidden in seen if hidden is not None)


def trace_of(hidden: Hidden, obj: Object, key: bytes) -> Trace:
    """The trace of one value in `obj`; `key` is secret."""
    detection, kind = hidden.detection, "key" if hidden.leaf.kind is LeafKind.KEY else "value"
    place = map(str, _named_keys(hidden.leaf.keys, obj))
    return detection.rule, value_hash(detection.normalised, key), kind, *place


def only_in(one: ObjectRequest, other: ObjectRequest) -> tuple[Leaf, ...]:
    """The leaves that `one` has, and `other` has not, or not as often."""
    there = Counter(_identity(leaf, other.object) for leaf in other.leaves)
    return tuple(_beyond(one, there))


def _beyond(content: ObjectRequest, there: Counter[tuple[object, ...]]) -> Iterator[Leaf]:
    for leaf in content.leaves:
        identity = _identity(leaf, content.object)
        if there[identity] > 0:
            there[identity] -= 1
        else:
            yield leaf


def _identity(leaf: Leaf, obj: Object) -> tuple[object, ...]:
    """All that a search of the leaf depends on, and its place."""
    return leaf.kind, leaf.text, leaf.hint, _named_keys(leaf.keys, obj)


def _named_keys(keys: Keys, obj: object) -> Keys:
    """The keys, with the items of lists by their names; an item without a name is as any other."""
    named: list[str | int] = []
    above: str | int = ""
    for key in keys:
        obj = _child(obj, key)
        named.append(key if isinstance(key, str) else _item_name(above, obj))
        above = key
    return tuple(named)


def _child(obj: object, key: str | int) -> object:
    if isinstance(obj, dict):
        return obj.get(key)
    return obj[key] if isinstance(obj, list) and isinstance(key, int) and key < len(obj) else None


def _item_name(above: str | int, item: object) -> str:
    name = item.get("name") if above in _NAMED and isinstance(item, dict) else None
    return f"[{name}]" if isinstance(name, str) else "[]"
