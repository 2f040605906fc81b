"""The last line: whatever is about to be shown, with the personal data in it masked.

Findings name no value of their own. What else a sentence names is a stranger's all the same: a file, a
folder, an object, a key, a column, an option. This needs no knowledge of where a name came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from gatecli.pii.budget import Budget, BudgetSpentError, unlimited
from gatecli.pii.decoding import expand
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.redaction import masked_at
from gatecli.pii.scanning import may_hold

UNREADABLE = "(not shown)"
"""Instead of a text that cannot be searched to its end."""


@lru_cache(maxsize=8192)
def concealed(text: str) -> str:
    """`text` with every value in it masked that is personal everywhere; published test values stay.

    Encoded values are found too. Quick, and without presidio: what only may be reported is masked as well.
    """
    detector = _everything()
    if not may_hold(detector, text):
        return text
    try:
        return masked_at(text, _spans(detector, text, unlimited()))
    except BudgetSpentError:
        return UNREADABLE


@cache
def _everything() -> Detector:
    return Detector(default_entities())


def _spans(detector: Detector, text: str, budget: Budget) -> Iterator[tuple[int, int]]:
    for view in expand(text, budget):
        for match in detector.promising(view.text, view.context, budget):
            if not match.well_known:
                yield view.origin(match.start, match.end)
