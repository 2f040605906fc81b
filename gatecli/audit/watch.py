"""A look at a mechanism's processes, many times a second: how many, how large, and what time they take."""

from __future__ import annotations

import threading

from gatecli.audit.descendants import descendants, end_all, memory_of, processor_seconds
from gatecli.audit.worker import SandboxLimits

_EVERY = 0.02
"""Seconds between two looks: a bomb of processes grows for so long."""
_MEGABYTE = 1024**2


class Watch:
    """Ends a process with all that it started once they pass a limit; `breach` then says which.

    `is_time` says that the limit was that of processor time.
    """

    def __init__(self, root: int, limits: SandboxLimits) -> None:
        self._root, self._limits = root, limits
        self._begun = processor_seconds([root])
        self._held = memory_of([root])
        self._most = 0.0
        self.breach = ""
        self.is_time = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="gatecli-audit-watch", daemon=True)
        self._thread.start()

    def seconds(self) -> float | None:
        """The processor time of all of them since the watch began; None where only they know it."""
        return self._seconds(descendants(self._root))

    def _seconds(self, below: list[int]) -> float | None:
        now = processor_seconds([self._root, *below])
        if now is None or self._begun is None:
            return None
        self._most = max(self._most, now - self._begun)  # who has ended is not counted any more
        return self._most

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self.breach and not self._over.wait(_EVERY):
            below = descendants(self._root)
            self.is_time = (self._seconds(below) or 0.0) > 2 * self._limits.seconds + self._limits.silence
            self.breach = self._breach(below)
        if self.breach:
            end_all(self._root)

    def _breach(self, below: list[int]) -> str:
        if len(below) > self._limits.processes:
            return f"the mechanism started more than {self._limits.processes} processes"
        # One process alone has a limit of the kernel's.
        if below and memory_of([self._root, *below]) > self._held + self._limits.memory:
            return f"the mechanism's processes took more than {self._limits.memory // _MEGABYTE} MB together"
        return "the time is over" if self.is_time else ""
