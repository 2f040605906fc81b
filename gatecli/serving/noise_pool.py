"""Noise that was drawn before it is needed: OpenDP takes 120 µs for one draw, and 6 to 10 µs in a batch."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

BATCH = 1024

Draw = Callable[[Sequence[int]], list[int]]
"""Adds noise to whole numbers: an engine's method with its scale."""


@dataclass(slots=True)
class NoisePool:
    """Each draw is used once, in the order of drawing, by the process that drew it: a fork begins anew."""

    draw: Draw
    batch: int = BATCH
    _values: deque[int] = field(default_factory=deque, repr=False)
    _owner: int = field(default_factory=os.getpid)

    def add_noise(self, numbers: Sequence[int]) -> list[int]:
        """Each number with a draw of its own."""
        self._require_own()
        while len(self._values) < len(numbers):
            self.fill()
        return [number + self._values.popleft() for number in numbers]

    async def add_noise_soon(self, numbers: Sequence[int]) -> list[int]:
        """The same in a loop: where little is left, a batch is drawn in another thread first."""
        if self.is_low:
            await asyncio.to_thread(self.fill)
        return self.add_noise(numbers)

    def fill(self) -> None:
        """Draw a batch; safe in another thread, as a draw is put there whole and taken once."""
        self._values.extend(self.draw([0] * self.batch))

    @property
    def is_low(self) -> bool:
        """Whether less than half a batch is left."""
        self._require_own()
        return len(self._values) * 2 < self.batch

    def _require_own(self) -> None:
        if self._owner != os.getpid():
            self._values.clear()
            self._owner = os.getpid()
