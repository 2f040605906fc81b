"""Which of many texts could hold anything, found by group testing: many clean texts cost as much as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

FEW = 4
"""So few texts are asked one by one."""


def suspects(may_hold: Callable[[str], bool], texts: Sequence[str]) -> Iterator[int]:
    """The indices of the texts that `may_hold` does not clear, ascending.

    Texts are asked together, joined by line ends; `may_hold` must hold of a joined text where it holds of
    one of its texts.
    """
    yield from _within(may_hold, texts, 0, len(texts))


def _within(may_hold: Callable[[str], bool], texts: Sequence[str], start: int, end: int) -> Iterator[int]:
    if end - start <= FEW:
        yield from (index for index in range(start, end) if may_hold(texts[index]))
        return
    if not may_hold("\n".join(texts[start:end])):
        return
    middle = (start + end) // 2
    yield from _within(may_hold, texts, start, middle)
    yield from _within(may_hold, texts, middle, end)
