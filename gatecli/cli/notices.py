"""What a gate says while it works, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gatecli.frontdoor.console import err
from gatecli.gates.notices import Notice, NotScanned, Progress, Remark, Timing

PATIENCE = 0.5
"""Seconds before progress is shown: short work needs none."""

_CLEAR = "\r\x1b[K"


@dataclass(slots=True)
class Listener:
    """Shows notices as they come, and gathers the timings.

    Progress is one line on a terminal, which is gone in the end, and nothing anywhere else.
    """

    verbose: int = 0
    quiet: bool = False
    spent: dict[str, float] = field(default_factory=dict)
    _begun: float | None = None

    def __call__(self, notice: Notice) -> None:
        """Show one notice."""
        match notice:
            case Progress(step, share):
                self._show_progress(step, share)
                return
            case Timing(part, seconds):
                self.spent[part] = seconds
            case Remark(text):
                self._show(f"{text}\n")
            case NotScanned():
                self._show("" if self.quiet else not_scanned(notice, self.verbose))
        self.clear()

    def _show_progress(self, step: str, share: float) -> None:
        if not sys.stderr.isatty():
            return
        if self._begun is None:
            self._begun = time.monotonic()
        if time.monotonic() - self._begun >= PATIENCE:
            err(f"{_CLEAR}{share:4.0%}  {step} …")

    def _show(self, text: str) -> None:
        self.clear()
        if text:
            err(text)

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._begun is not None:
            err(_CLEAR)
            self._begun = None

    def timings(self) -> str:
        """A line for each part of the run, with its share of the whole."""
        whole = sum(self.spent.values())
        return "".join(
            f"{name:<10} {seconds:7.2f} s  {seconds / whole if whole else 0:4.0%}\n"
            for name, seconds in (*self.spent.items(), ("all", whole))
        )


@contextmanager
def listening(verbose: int = 0, *, quiet: bool = False) -> Iterator[Listener]:
    """Who shows what a gate says; nothing is left on the terminal, whatever happens."""
    listener = Listener(verbose, quiet)
    try:
        yield listener
    finally:
        listener.clear()


def not_scanned(notice: NotScanned, verbose: int) -> str:
    """What narrowed the search, where it is asked; what was not searched is in every report."""
    return "".join(f"note: {note}\n" for note in notice.notes) if verbose else ""
