"""Which of several overlapping matches is the one to report: the same answer for the same text."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from operator import itemgetter

from gatecli.pii.interface import Detection

Span = tuple[int, int, int]
"""[start, end), and the number of what stands there."""


class Spans:
    """Spans that do not overlap, by place; both operations take logarithmic time."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def at(self, start: int, end: int) -> int | None:
        """The number of the first span that overlaps [start, end), None where none does."""
        place = bisect_right(self._spans, start, key=itemgetter(0))
        for low, high, number in self._spans[max(0, place - 1) : place + 1]:
            if low < end and start < high:
                return number
        return None

    def add(self, start: int, end: int, number: int) -> None:
        """A span that overlaps none that is known."""
        insort(self._spans, (start, end, number))


def resolve_overlaps(detections: Iterable[Detection], order: dict[str, int]) -> tuple[Detection, ...]:
    """The detections that stand, by place.

    Of two that overlap the stronger stands (checks and structure over a check, a check over a
    form), then the higher score, then the longer, then the entity that is named first.
    """
    chosen: list[Detection] = []
    taken = Spans()
    for detection in sorted(detections, key=lambda item: _preference(item, order)):
        if taken.at(detection.start, detection.end) is None:
            taken.add(detection.start, detection.end, len(chosen))
            chosen.append(detection)
    return tuple(sorted(chosen, key=lambda item: (item.start, item.end)))


def _preference(item: Detection, order: dict[str, int]) -> tuple[float, ...]:
    length = item.end - item.start
    return (-item.entity.strength, -item.score, -length, order[item.entity.id], item.start)
