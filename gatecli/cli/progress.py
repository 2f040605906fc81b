"""How far long work is: one line on a terminal's stderr, and nothing anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gatecli.cli.console import err

PATIENCE = 0.5
"""Seconds before anything is said: short work needs no progress."""

_CLEAR = "\r\x1b[K"


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """What is told of steps (`counting the records`, 0 … 1); the line is gone in the end."""
    if not sys.stderr.isatty():
        yield lambda _step, _share: None
        return
    begun = time.monotonic()

    def tell(step: str, share: float) -> None:
        if time.monotonic() - begun >= PATIENCE:
            err(f"{_CLEAR}{share:4.0%}  {step} …")

    try:
        yield tell
    finally:
        err(_CLEAR)
