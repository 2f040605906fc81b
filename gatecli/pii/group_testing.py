"""Which of many texts could hold anything, found by group testing: many clean texts cost as much as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

FEW = 4
"""So few texts are asked one by one."""


def suspects(may_hold: Callable[[str], bool], texts: Sequence[str], together: int = 1) -> Iterator[int]:
    """The indices of the texts that `may_hold` does not clear, ascending.

    Texts are asked together, joined by line ends; `may_hold` must hold of a joined text where it holds of
    one of its texts. So many that stand `together` are all suspects where one of them is.
    """
    pending = [range(len(texts))]
    while pending:
        among = pending.pop()
        if together == 1 and len(among) <= FEW:
            yield from (index for index in among if may_hold(texts[index]))
        elif may_hold("\n".join(texts[among.start : among.stop])):
            if len(among) <= together:
                yield from among
                continue
            middle = len(among) // 2
            pending += [among[middle:], among[:middle]]
