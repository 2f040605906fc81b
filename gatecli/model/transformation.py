"""What was done to a table: the record that a transformation leaves beside its output."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gatecli.model.base import Many, Text, Value
from gatecli.model.column_classification import Class, ColumnGeneralisation, Treatment
from gatecli.model.dataset import Sha256
from gatecli.model.table_evidence import EvidenceTool, TableSource


class TreatedColumn(Value):
    """What became of one column."""

    column_class: Class = Field(alias="class")
    treatment: Treatment
    to: ColumnGeneralisation | None = None


class DigestedDocument(Value):
    """A document that said what to do, by its name and its digest."""

    name: Text
    sha256: Sha256


class PseudonymKeyReference(Value):
    """Where the key of the pseudonyms is kept; never the key."""

    secret: Text = Field(description="the address of the secret in Key Vault, without its version")
    version: Text = Field(description="the version that was used")
    is_pinned: bool = Field(description="whether the version was asked for, or was the newest")
    context: Text | None = Field(default=None, description="whom the pseudonyms are for")


class MeasuredAnonymity(Value):
    """The k that the new table was measured to have; `demanded` is what the policy asks for."""

    k: int
    quasi_identifiers: Many[Text]
    unit: Text | None = None
    demanded: dict[str, int | Text] = Field(default_factory=dict)


class Transformation(Value):
    """A table that was made from another one, column by column.

    It spends nothing of a privacy budget, and promises no differential privacy: pseudonyms are personal
    data still, and k-anonymity is what `anonymity` says, for its quasi-identifiers alone.
    """

    schema_name: Literal["gatecli/transformation/v1"] = Field(
        default="gatecli/transformation/v1", alias="schema", validate_default=True
    )
    tool: EvidenceTool
    source: TableSource
    output: TableSource
    rows: int
    classification: DigestedDocument
    policy: DigestedDocument
    columns: dict[Text, TreatedColumn]
    key: PseudonymKeyReference | None = None
    anonymity: MeasuredAnonymity | None = None
    is_pseudonymous: bool = Field(description="whether it holds pseudonyms, which are personal data")
