"""What questions to a table behind a budget cost: the file that `gatecli.data` writes and the gate reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gatecli.model.base import LENIENT, Many, Text, Value
from gatecli.model.budget import Neighbouring
from gatecli.model.dataset import AtLeastOne, Sha256
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import BelowOne, NonNegative


class EvidenceTool(Value):
    """A program by its name and version."""

    name: Text
    version: Text


class ChargedLedger(Value):
    """The ledger that the questions were charged to."""

    id: Text
    name: Text


class TableSource(Value):
    """The rows: the digest of their bytes where they are files, and of what it is the digest."""

    sha256: Sha256
    digest_of: Text


class AnsweredQuestion(Value):
    """One question, or several that were paid for at once.

    `subject` is its name in the ledger, `question` the digest of what was asked. `answered` is false where
    it failed after it was paid for: it is spent all the same.
    """

    subject: Text
    question: Sha256
    epsilon: NonNegative
    delta: BelowOne
    answered: bool
    mechanisms: Annotated[Many[Mechanism], Field(min_length=1)]


class TableEvidence(Value):
    """All questions of one session; what they cost is relative to `neighbouring`, and to one unit.

    `unit_column` says whose a row is; without it each row is a unit of its own.
    """

    schema_name: Literal["gatecli/table-evidence/v1"] = Field(
        default="gatecli/table-evidence/v1", alias="schema", validate_default=True
    )
    tool: EvidenceTool
    engine: EvidenceTool
    dataset: Text
    unit: Text
    unit_column: Text | None = None
    rows_per_unit: AtLeastOne
    neighbouring: Annotated[Neighbouring, LENIENT]
    source: TableSource
    ledger: ChargedLedger | None = None
    questions: Annotated[Many[AnsweredQuestion], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_question_once(self) -> TableEvidence:
        if len({each.subject for each in self.questions}) < len(self.questions):
            raise ValueError("two questions have the same subject")
        return self
