"""A gate's progress notices: values for a `notify` callback, not part of the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step of long work is: `share` is 0 … 1."""

    step: str
    share: float


@dataclass(frozen=True, slots=True)
class NotScanned:
    """Sentences on what narrowed a search, and on how files were read."""

    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about the run, such as what Terraform said, or that the cache is not used."""

    text: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that one part of a run took."""

    part: str
    seconds: float


Notice: TypeAlias = Progress | NotScanned | Remark | Timing
Notify: TypeAlias = Callable[[Notice], None]


def ignore(_notice: Notice) -> None:
    """Listen to nothing."""
