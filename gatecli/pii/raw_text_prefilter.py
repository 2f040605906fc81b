"""Which texts, and which parts of a raw file, could hold anything at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gatecli.pii import group_testing
from gatecli.pii.base64_text import holds_wrapped
from gatecli.pii.budget import ScanBudget, TooDeepError
from gatecli.pii.context import is_fraction
from gatecli.pii.decoding import (
    as_read,
    expand,
    hidden_texts,
    is_spelled_otherwise,
    may_hide,
    spells_integer,
)
from gatecli.pii.detector import Detector, parts
from gatecli.pii.interface import Match
from gatecli.pii.matching import find_sought, readable

TOGETHER = 32
"""Neighbours in a list of texts that are suspects together: a column of numbers is full of cues."""
LONGEST_HIDDEN = 2**16
"""Characters that stand encoded in a text and are looked into without its being parsed."""
_EDGES = str.maketrans("'{|", "   ")


def may_hold(detector: Detector, text: str) -> bool:
    """Whether a scan of `text` could find anything: as it stands, or decoded.

    It may be asked about a whole serialised body: no leaf of a JSON or YAML body that is refused
    here holds anything.
    """
    return detector.prefilter.may_match(text) or may_hide(text)


def suspects(detector: Detector, texts: Sequence[str]) -> Iterator[int]:
    """The indices of the texts that `may_hold` does not clear, ascending: no cue crosses a line end.

    Their neighbours are among them: asking each would cost more than what is asked of the suspects next.
    """
    return group_testing.suspects(partial(may_hold, detector), texts, TOGETHER)


def could_match(
    detector: Detector, shown: Sequence[str], budget: ScanBudget, spoken: frozenset[str] = frozenset()
) -> bool:
    """Whether any pattern matches a valid number in a text that could be reported beside any word of it.

    The entities `spoken` are spoken of outside of it.

    `shown` is the text of a YAML, JSON or CSV file without escapes, and then as it reads with its lines
    joined or its quotes single. It is sound for them: what stands beside a value (white space, a quote, a
    bracket, a comma, a semicolon, a bar, a colon) is no boundary of any pattern of ours, or is blank in
    `without_edges`, so that a match in the value is one in the text (tests hold each to it). A key stands in
    the text as well as its value. What stands encoded in a part of it is decoded and searched; what could be
    encoded as a whole counts as a match, and so does every text where a policy has expressions of its own.
    """
    texts = tuple(dict.fromkeys((*shown, *map(as_read, shown))))
    tests = (is_spelled_otherwise, spells_integer, holds_wrapped)
    if detector.has_foreign_forms or any(
        reads_otherwise(text) for reads_otherwise in tests for text in texts
    ):
        return True
    spoken = spoken.union(*map(detector.vocabulary.entities_in, texts))
    return any(_matches_any(detector, text, spoken, budget) for text in texts) or any(
        _hides_any(detector, text, spoken, budget) for text in texts
    )


def _hides_any(detector: Detector, text: str, spoken: frozenset[str], budget: ScanBudget) -> bool:
    """Whether anything matches in what stands encoded in parts of a text."""
    budget.spend(len(text))
    for hidden in hidden_texts(text):
        if len(hidden) > LONGEST_HIDDEN:
            return True
        try:
            views = [view.text for view in expand(hidden, budget)]
        except TooDeepError:
            return True
        said = spoken.union(*map(detector.vocabulary.entities_in, views))
        if any(_matches_any(detector, view, said, budget) for view in views):
            return True
    return False


def _matches_any(detector: Detector, text: str, spoken: frozenset[str], budget: ScanBudget) -> bool:
    for _start, raw in parts(text):
        part = readable(raw)
        budget.spend(len(part))
        sought = detector.prefilter.search_places(part, spoken)
        worth = partial(_may_be_told, part, spoken)
        if next(find_sought(part, sought, budget, worth), None) is not None:
            return True
        # Only an address may hold what delimits it.
        addresses = [each for each in sought if each[1].anchor]
        blank = without_edges(part)[-1] if addresses else part
        if blank is not part and next(find_sought(blank, addresses, budget), None) is not None:
            return True
    return False


def _may_be_told(text: str, spoken: frozenset[str], match: Match) -> bool:
    """Whether a match is no decimal fraction, or a word of the text may tell what it is."""
    return match.entity.id in spoken or not is_fraction(match, text)


def without_edges(line: str) -> tuple[str, ...]:
    """The line, and where it differs, as it reads with the delimiters blank that an address may hold."""
    blank = line.translate(_EDGES)
    return (line,) if blank == line else (line, blank)
