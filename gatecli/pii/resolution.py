"""Which of several overlapping matches is the one to report: the same answer for the same text."""

from __future__ import annotations

from collections.abc import Iterable

from gatecli.pii.interface import Detection


def resolved(detections: Iterable[Detection], order: dict[str, int]) -> tuple[Detection, ...]:
    """The detections that stand, by place.

    Of two that overlap the stronger stands (checks and structure over a check, a check over a
    form), then the higher score, then the longer, then the entity that is named first.
    """
    chosen: list[Detection] = []
    for detection in sorted(detections, key=lambda item: _preference(item, order)):
        if not any(_overlap(detection, other) for other in chosen):
            chosen.append(detection)
    return tuple(sorted(chosen, key=lambda item: (item.start, item.end)))


def _preference(item: Detection, order: dict[str, int]) -> tuple[float, ...]:
    length = item.end - item.start
    return (-item.entity.strength, -item.score, -length, order[item.entity.id], item.start)


def _overlap(one: Detection, other: Detection) -> bool:
    return one.start < other.end and other.start < one.end
