"""Datasets that a release was made from, and what is promised about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gatecli.model.anonymity import RecursiveDiversity, Scale, Thresholds, ValueFormat
from gatecli.model.base import LENIENT, Many, Text, Value
from gatecli.model.number import NonNegative, Positive, Proportion
from gatecli.model.publication import Publications

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
AtLeastOne = Annotated[int, Field(ge=1)]


class Recursive(Value):
    """Recursive (c,l)-diversity."""

    c: Positive
    l: AtLeastOne  # noqa: E741 - the field's standard name


class Anonymity(Value):
    """The k-anonymity promise of a table; the policy's tier may demand more."""

    path: Text
    sha256: Sha256 | None = None
    quasi_identifiers: Annotated[Many[Text], Field(min_length=1)]
    sensitive: Many[Text] = ()
    unit: Text | None = Field(default=None, description="the column that says whom a record is about")
    trajectory: bool = Field(default=False, description="whether others may know all rows of a unit")
    known: AtLeastOne | None = Field(default=None, description="how many rows of a unit others may know")
    household: Text | None = Field(
        default=None, description="the column that says which rows belong together"
    )
    weights: Text | None = Field(default=None, description="the column of the sampling weights")
    normalise: bool = Field(default=False, description="whether case and surrounding blanks are ignored")
    numeric: Many[Text] = Field(default=(), description="columns of a text file that hold numbers")
    scales: dict[str, Annotated[Scale, LENIENT]] = Field(
        default_factory=dict, description="numeric or categorical, by sensitive column, for t"
    )
    formats: dict[str, Annotated[ValueFormat, LENIENT]] = Field(
        default_factory=dict, description="how the text of a column writes dates or numbers"
    )
    missing_codes: Many[Text] = Field(
        default=(), description="values that stand for a missing one: CODE, or COLUMN=CODE"
    )
    suppressed_codes: Many[Text] = Field(
        default=(), description="values that stand for a suppressed one; rows of these alone are in no class"
    )
    k: AtLeastOne | None = None
    l: AtLeastOne | None = None  # noqa: E741 - the field's standard name
    entropy_l: Positive | None = None
    recursive: Recursive | None = None
    t: NonNegative | None = None
    alpha: Proportion | None = None
    beta: NonNegative | None = None
    enhanced_beta: NonNegative | None = None
    delta: NonNegative | None = None
    max_risk: Proportion | None = None
    average_risk: Proportion | None = None
    reference: Text | None = Field(default=None, description="a table of the population, beside the data")
    k_map: AtLeastOne | None = None
    delta_presence: NonNegative | None = None
    sampling_fraction: Proportion | None = Field(
        default=None, description="the table's share of the population"
    )
    max_population_uniqueness: NonNegative | None = None

    @property
    def thresholds(self) -> Thresholds:
        """What the declaration itself demands."""
        given = self.recursive
        recursive = None if given is None else RecursiveDiversity(given.c, given.l)
        return Thresholds(
            k=self.k,
            l=self.l,
            entropy_l=self.entropy_l,
            recursive=recursive,
            t=self.t,
            alpha=self.alpha,
            beta=self.beta,
            enhanced_beta=self.enhanced_beta,
            delta=self.delta,
            max_risk=self.max_risk,
            average_risk=self.average_risk,
            k_map=self.k_map,
            delta_presence=self.delta_presence,
            max_population_uniqueness=self.max_population_uniqueness,
        )


class Dataset(Publications):
    """A dataset by name; `records` counts units of privacy where `unit` is not a record."""

    name: Text
    records: AtLeastOne | None = None
    table_schema: Text | None = Field(
        default=None,
        alias="schema",
        description="a JSON file that says what its columns are, beside the declaration",
    )
    anonymity: Anonymity | None = None
