"""What every source returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from gatecli.model.finding import Finding

Read = TypeVar("Read", covariant=True)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Read]):
    """What could be read, and a finding for each thing that could not."""

    values: tuple[Read, ...] = ()
    findings: tuple[Finding, ...] = ()
