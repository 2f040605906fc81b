"""The record of a decision to spend a privacy budget, as it was read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatecli.model.document_stamp import DocumentStamp


class AllocationColumn(StrEnum):
    """A column of the table of ε, by its name in the shipped template."""

    DATASET = "Dataset"
    UNIT = "Unit"
    EPSILON = "ε"
    DELTA = "δ"
    SHARE = "Share of what is left"
    EXPIRY = "Expires"


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A row of the table, as plain text, and the line that it stands in."""

    line: int
    cells: Mapping[AllocationColumn, str]


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What a decision record says.

    `status` is that of its front matter, None where it states none. `line` is that of the first table of ε,
    None where there is none, `missing` the columns that a table lacks. `fault` says why the file is not one
    that gatecli wrote any more: it completes a sentence. `questions` are how many wait for an answer.
    """

    path: str
    status: str | None = None
    line: int | None = None
    rows: tuple[AllocationRow, ...] = ()
    missing: tuple[AllocationColumn, ...] = ()
    stamp: DocumentStamp | None = None
    fault: str | None = None
    questions: int = 0
