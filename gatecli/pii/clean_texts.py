"""Long texts that were searched to their end and hold nothing: a cluster sends the same ones again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gatecli.model.text import Leaf

SHORTEST = 1024
"""Characters of a text that is worth remembering: to search a shorter one takes less than a digest."""
MOST = 16_384


@dataclass(frozen=True, slots=True)
class CleanTexts:
    """Of one search: by the SHA-256 of a text, and the words that say what it holds."""

    _known: set[tuple[bytes, tuple[str, ...]]] = field(default_factory=set, repr=False)

    def without_known(self, leaves: Sequence[Leaf]) -> tuple[Leaf, ...]:
        """The leaves without those that held nothing before."""
        return tuple(leaf for leaf in leaves if len(leaf.text) < SHORTEST or _key_of(leaf) not in self._known)

    def learn(self, leaves: Iterable[Leaf]) -> None:
        """Remember the long ones among leaves that hold nothing."""
        for leaf in leaves:
            if len(leaf.text) >= SHORTEST:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known.add(_key_of(leaf))


def _key_of(leaf: Leaf) -> tuple[bytes, tuple[str, ...]]:
    return hashlib.sha256(leaf.text.encode("utf-8", "surrogatepass")).digest(), leaf.words()
