"""`kind: ColumnClassification`: of what class each column of a table is, and what becomes of it.

Which treatments a class permits is the policy's to say (`spec.columns`), so that who classifies a column does
not write the law that the classification is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gatecli.model.base import LENIENT, Many, Metadata, Resource, Text, Value
from gatecli.model.dataset import AtLeastOne
from gatecli.model.number import Positive


class ColumnClass(StrEnum):
    """What a column tells about people."""

    DIRECT_IDENTIFIER = "direct-identifier"
    """It names a person by itself."""
    QUASI_IDENTIFIER = "quasi-identifier"
    """Others know it of a person, and together with others it singles one out."""
    SENSITIVE = "sensitive"
    """What must not be learnt about a person."""
    FREE_TEXT = "free-text"
    """Text in which anybody may be named."""
    PUBLIC = "public"
    """It tells nothing about a person."""


class ColumnTreatment(StrEnum):
    """What becomes of a column."""

    PSEUDONYMISE = "pseudonymise"
    """Each value is replaced by a keyed pseudonym, which is still personal data."""
    MASK = "mask"
    """What the search for personal data finds in a value is replaced by the name of its kind."""
    GENERALISE = "generalise"
    """Each value is replaced by a coarser one."""
    DROP = "drop"
    """The column is left out."""
    KEEP = "keep"
    """The column is written as it is."""


Class = Annotated[ColumnClass, LENIENT]
Treatment = Annotated[ColumnTreatment, LENIENT]

PERMITTED: Mapping[ColumnClass, frozenset[ColumnTreatment]] = MappingProxyType(
    {
        ColumnClass.DIRECT_IDENTIFIER: frozenset({ColumnTreatment.PSEUDONYMISE, ColumnTreatment.DROP}),
        ColumnClass.QUASI_IDENTIFIER: frozenset({ColumnTreatment.GENERALISE, ColumnTreatment.DROP}),
        ColumnClass.SENSITIVE: frozenset(
            {ColumnTreatment.KEEP, ColumnTreatment.GENERALISE, ColumnTreatment.DROP}
        ),
        ColumnClass.FREE_TEXT: frozenset({ColumnTreatment.MASK, ColumnTreatment.DROP}),
        ColumnClass.PUBLIC: frozenset(
            {
                ColumnTreatment.KEEP,
                ColumnTreatment.MASK,
                ColumnTreatment.GENERALISE,
                ColumnTreatment.DROP,
            }
        ),
    }
)
"""What a class permits where no policy says."""


class ColumnRules(Value):
    """Which treatments the classes of columns permit, and of which class a column is by its name."""

    classes: dict[Class, Many[Treatment]] = Field(
        default_factory=dict, description="the treatments that a class permits, in place of the shipped ones"
    )
    named: dict[Text, Class] = Field(
        default_factory=dict, description="the class of a column by its name, whatever a table says of it"
    )

    def permitted_treatments(self, column_class: ColumnClass) -> tuple[ColumnTreatment, ...]:
        """The treatments of a class, in the order of their names."""
        return tuple(sorted(self.classes.get(column_class, PERMITTED[column_class])))


Period = Literal["day", "month", "quarter", "year", "decade"]


class ColumnGeneralisation(Value):
    """Exactly one way to make values coarser."""

    bands: Positive | None = Field(default=None, description="numbers as bands of this width")
    prefix: AtLeastOne | None = Field(
        default=None, description="the first so many characters of a text, then `*`"
    )
    period: Period | None = Field(default=None, description="dates as the period that they lie in")
    hierarchy: Text | None = Field(
        default=None, description="a file of value;level1;level2;…;*, relative to the document"
    )
    level: AtLeastOne | None = Field(default=None, description="a level of `hierarchy`, from 1")

    @model_validator(mode="after")
    def _one(self) -> Self:
        ways = (self.bands, self.prefix, self.period, self.hierarchy)
        if sum(each is not None for each in ways) != 1:
            raise ValueError("needs exactly one of bands, prefix, period and hierarchy")
        if (self.hierarchy is None) != (self.level is None):
            raise ValueError("needs hierarchy and level together")
        return self


class ClassifiedColumn(Value):
    """The class and the treatment of one column."""

    column_class: Class = Field(alias="class", description="what it tells about people")
    treatment: Treatment = Field(description="what becomes of it; the policy says what its class permits")
    to: ColumnGeneralisation | None = Field(
        default=None, description="how it is generalised, where that is its treatment"
    )

    @model_validator(mode="after")
    def _matching(self) -> Self:
        if (self.treatment is ColumnTreatment.GENERALISE) != (self.to is not None):
            raise ValueError("has `to` exactly where its treatment is generalise")
        return self


class ColumnClassificationSpec(Value):
    """Every column of a table; one that is not named here is refused."""

    sensitivity: Text | None = Field(
        default=None, description="the tier of the policy whose k, l and t the new table must keep"
    )
    context: Text | None = Field(
        default=None,
        description="whom the table is for: pseudonyms of two contexts cannot be linked without the key",
    )
    unit: Text | None = Field(
        default=None, description="the column that says whom a row is about; k then counts people"
    )
    columns: Annotated[dict[Text, ClassifiedColumn], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_unit(self) -> Self:
        if self.unit is None:
            return self
        column = self.columns.get(self.unit)
        if column is None or column.treatment not in {ColumnTreatment.PSEUDONYMISE, ColumnTreatment.KEEP}:
            raise ValueError("has a unit that is not a column which is pseudonymised or kept")
        return self

    def treated_columns(self, treatment: ColumnTreatment) -> tuple[str, ...]:
        """The columns of one treatment, in the order of the document."""
        return tuple(name for name, column in self.columns.items() if column.treatment is treatment)

    def written_columns(self, column_class: ColumnClass) -> tuple[str, ...]:
        """The columns of one class that are in the new table."""
        return tuple(
            name
            for name, column in self.columns.items()
            if column.column_class is column_class and column.treatment is not ColumnTreatment.DROP
        )


class ColumnClassification(Resource):
    """The classification of a table's columns, as it stands in a file beside the code that uses it."""

    kind: Literal["ColumnClassification"]
    metadata: Metadata
    spec: ColumnClassificationSpec
