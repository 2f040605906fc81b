"""Where a text that is about to be shown holds personal data: in names of files, keys, columns, options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain

from gatecli.pii.budget import BudgetSpentError, ScanBudget, unlimited_budget
from gatecli.pii.decoding import expand
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.raw_text_prefilter import may_hold
from gatecli.pii.redaction import masked_at

_BETWEEN = re.compile(r"[_']|(?<![:/])/")
_ENDING = re.compile(r"(@[\w-]+(?:\.[\w-]+)+)(\.\w{1,12})(?![\w.-])")
"""The ending of a file that is named after an address, which no address could have."""
_VERSION = re.compile(r"(@[^\s@]+)@")
"""The mark between a name and its version, where the name is an address."""


UNREADABLE = "(not shown)"
"""Instead of a text that cannot be searched to its end."""


def masked_spans(text: str) -> str:
    """`text` with every value in it masked that is personal everywhere; published test values stay.

    Encoded values are found too. Quick, and without presidio: what only may be reported is masked as well.
    """
    detector = _everything()
    if not may_hold(detector, text):
        return text
    try:
        return masked_at(text, _spans(detector, text, unlimited_budget()))
    except BudgetSpentError:
        return UNREADABLE


@cache
def _everything() -> Detector:
    return Detector(default_entities())


def _spans(detector: Detector, text: str, budget: ScanBudget) -> Iterator[tuple[int, int]]:
    for view in chain(expand(text, budget), expand(_as_words(text), budget)):
        for match in detector.promising(view.text, view.context, budget):
            if not match.well_known:
                yield from _without_folders(detector, text, *view.origin(match.start, match.end), budget)


def _without_folders(
    detector: Detector, text: str, start: int, end: int, budget: ScanBudget
) -> Iterator[tuple[int, int]]:
    """The span of an address without the folders or the mark before it, which its form permits."""
    at = text.find("@", start, end)
    begin = start if at < 0 else max(start, *(text.rfind(mark, start, at) + 1 for mark in "/'"))
    if begin == start or detector.promising(text[begin:end], (), budget):
        yield begin, end


def _as_words(text: str) -> str:
    """`text`, of the same length, as the words that a name is made of: `id_…`, `carol@….csv`."""
    words = _VERSION.sub(r"\1\n", _BETWEEN.sub("\n", text))
    return _ENDING.sub(lambda found: found[1] + " " * len(found[2]), words)
