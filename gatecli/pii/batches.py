"""Which of many short texts could be reported, asked of many at once: cells, leaves of JSON, items of a list.

Texts that stand at the same keys are searched together, joined by line ends, which no value crosses.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from gatecli.model.text import Leaf
from gatecli.pii import group_testing
from gatecli.pii.budget import BudgetSpentError, ScanBudget
from gatecli.pii.decoding import may_hide, spells_integer
from gatecli.pii.detector import Detector
from gatecli.pii.layout import may_be_sql
from gatecli.pii.raw_text_prefilter import suspects
from gatecli.pii.views import View

MANY = 16
"""So few texts are searched one by one."""

SHORTEST = 1024
"""Characters of a text that is worth remembering: to search a shorter one takes less than a digest."""
MOST = 16_384

Context = tuple[str, ...]


def texts_worth_searching(
    detector: Detector, texts: Sequence[str], context_of: Callable[[int], Context], budget: ScanBudget
) -> Sequence[int]:
    """The indices of the texts that could hold anything, ascending: by their cues, then by their keys too."""
    if len(texts) == 1:
        return (0,)  # its search asks itself
    found = list(suspects(detector, texts))
    try:
        kept = reportable(detector, [texts[index] for index in found], map(context_of, found), budget)
    except BudgetSpentError:
        return found  # whose search says that it is incomplete
    return [found[number] for number in kept]


def reportable(
    detector: Detector, texts: Sequence[str], contexts: Iterable[Context], budget: ScanBudget
) -> list[int]:
    """The indices of the texts that may not be left out, ascending; `contexts` are their key paths.

    Raises `BudgetSpentError`. Of expressions of a policy's own it is not known what they match beyond a line.
    """
    if len(texts) <= MANY or detector.has_foreign_forms:
        return list(range(len(texts)))
    batches: dict[Context, list[int]] = {}
    found: set[int] = set()
    for index, (text, context) in enumerate(zip(texts, contexts, strict=True)):
        if "\n" in text or _may_be_json(text) or may_be_sql(text):
            found.add(index)  # a name may stand apart from its value
        else:
            batches.setdefault(context, []).append(index)
    for context, held in batches.items():
        found |= _reportable_at(detector, texts, held, context, budget)
    return sorted(found)


def _reportable_at(
    detector: Detector, texts: Sequence[str], held: Sequence[int], context: Context, budget: ScanBudget
) -> set[int]:
    """Those of the texts `held` in which anything is promising, or would be once it is decoded."""
    here = [texts[index] for index in held]
    hiding = group_testing.suspects(partial(_may_read_otherwise, budget), here)
    begins = list(accumulate((len(text) + 1 for text in here), initial=0))
    matches = detector.promising("\n".join(here), context, budget)
    numbers = {bisect_right(begins, match.start) - 1 for match in matches}
    return {held[number] for number in numbers.union(hiding)}


def _may_read_otherwise(budget: ScanBudget, text: str) -> bool:
    budget.spend(len(text))
    return may_hide(text) or spells_integer(text)


def _may_be_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def views_worth_opening(
    detector: Detector, context: Context, budget: ScanBudget, views: list[View]
) -> list[View]:
    """`views` without those at a key of a document that hold nothing, decoded or not."""
    fields = [view for view in views if view.steps and "/" in view.steps[-1]]
    contexts = [context + view.context for view in fields]
    kept = reportable(detector, [view.text for view in fields], contexts, budget)
    if len(kept) == len(fields):
        return views
    left_out = {id(view) for view in fields} - {id(fields[index]) for index in kept}
    return [view for view in views if id(view) not in left_out]


@dataclass(frozen=True, slots=True)
class CleanTexts:
    """Long texts that one search found nothing in: a cluster sends the same ones again.

    By the SHA-256 of a text, and all else that a search of it depends on.
    """

    _known: set[bytes] = field(default_factory=set, repr=False)

    def holds(self, leaf: Leaf) -> bool:
        """Whether a leaf held nothing before."""
        return len(leaf.text) >= SHORTEST and _key_of(leaf) in self._known

    def without_known(self, leaves: Sequence[Leaf]) -> tuple[Leaf, ...]:
        """The leaves without those that held nothing before."""
        return tuple(leaf for leaf in leaves if not self.holds(leaf))

    def learn(self, leaves: Iterable[Leaf]) -> None:
        """Remember the long ones among leaves that hold nothing."""
        for leaf in leaves:
            if len(leaf.text) >= SHORTEST:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known.add(_key_of(leaf))


def _key_of(leaf: Leaf) -> bytes:
    """Whether a leaf is a file depends on its very keys: `binaryData/x` is one, `binaryData/0/x` is not."""
    place = repr((leaf.kind.value, leaf.keys, leaf.hint))
    return hashlib.sha256(f"{place}\0{leaf.text}".encode("utf-8", "surrogatepass")).digest()
