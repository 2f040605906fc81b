"""What a report is: a pure function of a Verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gatecli.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Style:
    """How a verdict is shown; no verdict depends on it. Only `text` looks at anything but `made_at`."""

    colour: bool = False
    width: int = 100
    verbosity: int = 0
    """-1 quiet, 0 normal, 1 and more: also suppressed findings and measures."""
    made_at: str = ""
    """When the verdict was made (RFC 3339, UTC), where the report is kept as evidence."""


class Report(Protocol):
    """A format by name; each module of this package that has `name` and `render` is one."""

    name: str

    def render(self, verdict: Verdict, style: Style, /) -> str:
        """The whole report, ending in a newline; the same verdict gives the same text."""
        ...
