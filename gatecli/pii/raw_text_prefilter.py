"""Which texts, and which lines of a raw file, could hold personal data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gatecli.pii import group_testing
from gatecli.pii.budget import ScanBudget
from gatecli.pii.decoding import may_hide
from gatecli.pii.detector import Detector
from gatecli.pii.matching import find, readable
from gatecli.pii.scanning import may_hold

_EDGES = str.maketrans("'{", "  ")


def suspects(detector: Detector, texts: Sequence[str]) -> Iterator[int]:
    """The indices of the texts that `may_hold` does not clear, ascending: no cue crosses a line end."""
    return group_testing.suspects(partial(may_hold, detector), texts)


def could_match(detector: Detector, text: str, budget: ScanBudget) -> bool:
    """Whether any pattern matches a valid number in any line of `text`, whatever its context.

    Sound for the raw text of a YAML or JSON file without escapes: what stands beside a value there (white
    space, a quote, a bracket, a comma, a colon) is no boundary of any pattern, or is blank in
    `without_edges`, so that a match in the value is one in the line (tests hold each entity to it).
    What could be encoded counts as a match.
    """
    lines = text.splitlines()
    for index in suspects(detector, lines):
        line = readable(lines[index])
        if may_hide(line):
            return True
        entities = detector.prefilter.candidates(line)
        if any(next(find(shown, entities, budget), None) is not None for shown in without_edges(line)):
            return True
    return False


def without_edges(line: str) -> tuple[str, ...]:
    """The line, and where it differs, as it reads with the two delimiters blank that an address may hold."""
    blank = line.translate(_EDGES)
    return (line,) if blank == line else (line, blank)
