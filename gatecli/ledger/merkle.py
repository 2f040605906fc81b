"""The Merkle tree of a log (RFC 6962, section 2.1): its root, and proofs about it, in one pass.

Nothing here holds more than one hash for each level of the tree. A proof is a few hashes of whole subtrees;
which subtrees follows from the sizes alone, so that they can be hashed while the leaves stream by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves."""

Span = tuple[int, int]
"""The leaves start ≤ i < stop of a tree: those of one subtree."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows by leaves: the roots of its full subtrees, the largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self.size = 0

    def append(self, data: bytes) -> None:
        """Add a leaf."""
        node = hashlib.sha256(b"\x00" + data).digest()
        size, peaks = self.size, self._peaks
        self.size = size + 1
        while size & 1:
            node = hashlib.sha256(b"\x01" + peaks.pop() + node).digest()
            size >>= 1
        peaks.append(node)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *left, node = self._peaks
        for peak in reversed(left):
            node = node_hash(peak, node)
        return node


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root of a tree over the data of its leaves."""
    frontier = Frontier()
    for data in leaves:
        frontier.append(data)
    return frontier.root()


def inclusion_proof(leaves: Iterable[bytes], index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of the leaf at `index` in the tree of the first `size` leaves (RFC 6962, 2.1.1).

    Raises ValueError where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has none at {index}")
    return _span_hashes(leaves, _path_spans(index, 0, size))


def consistency_proof(leaves: Iterable[bytes], first: int, second: int) -> tuple[bytes, ...]:
    """That the tree of `first` leaves is the beginning of that of `second` (RFC 6962, 2.1.2).

    Raises ValueError unless 0 < first ≤ second.
    """
    if not 0 < first <= second:
        raise ValueError(f"{first} leaves are not the beginning of {second}")
    return _span_hashes(leaves, _consistency_spans(first, second))


def inclusion_holds(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether an audit path leads from the data of a leaf to a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            place, last = _up_to_left_child(place, last)
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def consistency_holds(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a proof leads from one root to a later one (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:  # a whole subtree is its own proof
        path.insert(0, first_root)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            place, last = _up_to_left_child(place, last)
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _up_to_left_child(place: int, last: int) -> tuple[int, int]:
    """Past the levels where the rightmost node has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _largest_power_below(size: int) -> int:
    """The leaves of the left subtree of a tree of two leaves and more."""
    return 1 << ((size - 1).bit_length() - 1)


def _path_spans(index: int, start: int, stop: int) -> list[Span]:
    spans: list[Span] = []
    while stop - start > 1:
        middle = start + _largest_power_below(stop - start)
        if index < middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _consistency_spans(first: int, second: int) -> list[Span]:
    spans: list[Span] = []
    start, stop = 0, second
    while stop != first:
        middle = start + _largest_power_below(stop - start)
        if first <= middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    if start > 0:  # else the old root itself, which whoever verifies has
        spans.append((start, stop))
    return spans[::-1]


def _span_hashes(leaves: Iterable[bytes], spans: Sequence[Span]) -> tuple[bytes, ...]:
    """The roots of subtrees that do not overlap, in their order; ValueError where leaves are missing."""
    ordered = sorted(spans)
    frontiers = {span: Frontier() for span in ordered}
    todo = iter(ordered)
    span = next(todo, None)
    for place, data in enumerate(leaves):
        if span and place == span[1]:
            span = next(todo, None)
        if span is None:
            break
        if place >= span[0]:
            frontiers[span].append(data)
    if any(frontier.size < stop - start for (start, stop), frontier in frontiers.items()):
        raise ValueError("the log has fewer leaves than the tree")
    return tuple(frontiers[span].root() for span in spans)
