"""Which texts, and which parts of a raw file, could hold anything at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gatecli.pii import group_testing
from gatecli.pii.budget import ScanBudget
from gatecli.pii.decoding import may_hide, spells_integer
from gatecli.pii.detector import Detector, parts
from gatecli.pii.matching import find_sought, readable
from gatecli.pii.scanning import may_hold

_EDGES = str.maketrans("'{|", "   ")


def suspects(detector: Detector, texts: Sequence[str]) -> Iterator[int]:
    """The indices of the texts that `may_hold` does not clear, ascending: no cue crosses a line end."""
    return group_testing.suspects(partial(may_hold, detector), texts)


def could_match(detector: Detector, text: str, budget: ScanBudget) -> bool:
    """Whether any pattern matches a valid number in `text` that could be reported beside any word of it.

    Sound for the raw text of a YAML, JSON or CSV file without escapes: what stands beside a value there
    (white space, a quote, a bracket, a comma, a semicolon, a bar, a colon) is no boundary of any pattern, or
    is blank in `without_edges`, so that a match in the value is one in the text (tests hold each to it).
    A key stands in the text as well as its value. What could be encoded counts as a match.
    """
    spoken = detector.vocabulary.entities_in(text)
    for _start, raw in parts(text):
        part = readable(raw)
        budget.spend(len(part))
        if may_hide(part) or spells_integer(part):
            return True
        possible = detector.prefilter.sought(part, spoken)
        if any(next(find_sought(shown, possible, budget), None) is not None for shown in without_edges(part)):
            return True
    return False


def without_edges(line: str) -> tuple[str, ...]:
    """The line, and where it differs, as it reads with the delimiters blank that an address may hold."""
    blank = line.translate(_EDGES)
    return (line,) if blank == line else (line, blank)
