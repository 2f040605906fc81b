"""What every source returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from gatecli.model.finding import Finding

Read_co = TypeVar("Read_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Read_co]):
    """What could be read, and a finding for each thing that could not."""

    values: tuple[Read_co, ...] = ()
    findings: tuple[Finding, ...] = ()
