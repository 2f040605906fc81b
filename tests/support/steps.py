"""How much work something is, counted in what is the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def steps(work: Callable[[str], object], text: str) -> int:
    """How many functions a second run calls: the first fills caches and imports."""
    counted = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    work(text)
    sys.setprofile(note)
    try:
        work(text)
    finally:
        sys.setprofile(None)
    return counted
