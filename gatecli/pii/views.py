"""A text as it reads once decoded, and where each of its characters stood in the original."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """`text` after `steps` of decoding.

    Character i of the text came from [starts[i], ends[i]) of the original. `context` is the key path
    inside the decoded document; `scanned` is whether the text only spells out what its parent shows
    as plainly, so that it is opened further but not searched again.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    steps: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that [start, end) of this text came from."""
        return self.starts[start], self.ends[end - 1]


def whole(text: str) -> View:
    """The original itself."""
    return View(text, range(len(text)), range(1, len(text) + 1))


def part(view: View, start: int, end: int, text: str, step: str, context: tuple[str, ...] = ()) -> View:
    """A view whose every character stands for all of [start, end) of `view` (base64, a JSON leaf)."""
    first, last = view.origin(start, end)
    size = len(text)
    return View(
        text,
        (first,) * size,
        (last,) * size,
        (*view.steps, step) if step else view.steps,
        view.context + context,
    )


def slice_of(view: View, start: int, end: int, step: str, context: tuple[str, ...]) -> View:
    """A view of [start, end) of `view`, character by character."""
    steps = (*view.steps, step) if step else view.steps
    return View(
        view.text[start:end], view.starts[start:end], view.ends[start:end], steps, view.context + context
    )


Piece = tuple[int, int, str]
"""[start, end) of a text, and what it reads as."""


def replace_pieces(view: View, pieces: Iterable[Piece], step: str) -> View:
    """`view` with every piece read as its text, the rest unchanged; pieces ascend."""
    texts: list[str] = []
    starts, ends = array("q"), array("q")  # of a large text, a list would take five times as much
    at = 0
    for start, end, text in (*pieces, (len(view.text), len(view.text), "")):
        texts += (view.text[at:start], text)
        starts.extend(view.starts[at:start])
        ends.extend(view.ends[at:start])
        if text:
            first, last = view.origin(start, end)
            starts.extend((first,) * len(text))
            ends.extend((last,) * len(text))
        at = end
    return View("".join(texts), starts, ends, (*view.steps, step), view.context)


Reader = Callable[[View], Iterable[View]]
"""One way to read a text once more: the views it opens, none where it does not apply."""
