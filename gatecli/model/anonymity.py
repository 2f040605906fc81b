"""How identifiable a table's rows are: what is asked, what is measured, what is demanded.

The terms are the field's. A class is an equivalence class: the records that share their values of
every quasi-identifier (Samarati and Sweeney 1998). Measures that are ratios of counts are exact;
those that are irrational (entropy l, δ-disclosure) are rounded against the publisher at the twelfth
significant digit, so that comparing any of them with a threshold is exact and never luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from gatecli.model.worst_measures import worst_measures

if TYPE_CHECKING:
    from gatecli.model.anonymity_risks import (
        AttributeRisks,
        PopulationEstimator,
        ReferenceMeasures,
        SudaScores,
        WeightedRisks,
    )


class Missing(StrEnum):
    """What a missing quasi-identifier stands for."""

    OWN_VALUE = "own-value"
    """A value like any other: records that miss it are alike."""
    WILDCARD = "wildcard"
    """Any value: records match where they agree or one of them misses the value ("maybe match",
    Ciglic, Eder and Koncilia, "k-Anonymity of Microdata with NULL Values", DEXA 2014)."""
    REFUSE = "refuse"
    """Nothing: a missing value in a quasi-identifier or a sensitive attribute is a finding."""


class Scale(StrEnum):
    """How far apart two values of a sensitive attribute are, for t-closeness."""

    NUMERIC = "numeric"
    """By their ranks among the attribute's distinct values (numbers, dates and times)."""
    CATEGORICAL = "categorical"
    """All equally far."""
    HIERARCHICAL = "hierarchical"
    """By the height of their lowest common ancestor."""


class ValueFormat(StrEnum):
    """How the texts of a column write numbers or dates."""

    YEAR_FIRST = "year-first"
    """`1999-10-08`, also with a time of day."""
    DAY_FIRST = "day-first"
    """`08.10.1999`, `8/10/1999`."""
    MONTH_FIRST = "month-first"
    """`10/08/1999`."""
    DECIMAL_POINT = "decimal-point"
    """`1234.5`, `1,234.5`, `1'234.5`."""
    DECIMAL_COMMA = "decimal-comma"
    """`1234,5`, `1.234,5`, `1 234,5`."""


class Doubt(StrEnum):
    """Why a scale has to be stated; until then it is categorical, on which t is the largest it can be."""

    FEW_INTEGERS = "few-integers"
    """Amounts, or codes of categories."""
    AMBIGUOUS_DATES = "ambiguous-dates"
    """`10/08/1999`: the tenth of August, or the eighth of October."""
    AMBIGUOUS_NUMBERS = "ambiguous-numbers"
    """`1.234` beside `999`: a decimal point, or one between thousands."""


@dataclass(frozen=True, slots=True)
class ValueCode:
    """A value that stands for none, in one column, or where `column` is None in every one."""

    code: str
    column: str | None = None

    @classmethod
    def read(cls, text: str) -> ValueCode:
        """`CODE` or `COLUMN=CODE`."""
        column, _, code = text.rpartition("=")
        return cls(code, column or None)

    def __str__(self) -> str:
        return self.code if self.column is None else f"{self.column}={self.code}"


Hierarchy = Mapping[str, tuple[str, ...]]
"""A value, and its ancestors from the parent up to, not including, the root; all equally many."""


@dataclass(frozen=True, slots=True)
class AnonymityQuestion:
    """What is measured. Without sensitive attributes only the measures of classes are.

    `unit` is a column that names whom a record is about; with it a class is as large as the number of
    distinct units in it. `recursive_l` is the l of recursive (c,l)-diversity. `scales` overrides the
    scale that a sensitive attribute's type or text suggests, `formats` says how a column's text is written.

    What others know of a unit with several rows: one row; with `known`, any so many of its rows; with
    `trajectory`, all of them. `household` is a column that names whom records belong together with.
    `missing_codes` stand for a missing value; a row whose quasi-identifiers are all `suppressed_codes` is
    in no class. `weights` is a column of sampling weights: how many people a row stands for.
    """

    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    missing: Missing = Missing.OWN_VALUE
    unit: str | None = None
    normalise: bool = False
    recursive_l: int = 2
    scales: Mapping[str, Scale] = field(default_factory=lambda: MappingProxyType({}))
    hierarchies: Mapping[str, Hierarchy] = field(default_factory=lambda: MappingProxyType({}))
    sampling_fraction: Fraction | None = None
    trajectory: bool = False
    known: int | None = None
    household: str | None = None
    formats: Mapping[str, ValueFormat] = field(default_factory=lambda: MappingProxyType({}))
    missing_codes: tuple[ValueCode, ...] = ()
    suppressed_codes: tuple[ValueCode, ...] = ()
    weights: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it names."""
        others = (name for name in (self.unit, self.household, self.weights) if name is not None)
        return (*self.quasi_identifiers, *self.sensitive, *others)

    @property
    def is_joined(self) -> bool:
        """Whether several rows of a unit are known together."""
        return self.trajectory or self.known is not None

    def __post_init__(self) -> None:
        if self.known is not None and self.known < 1:
            raise ValueError("at least 1 row of a person is known")
        if self.recursive_l < 1:
            raise ValueError("the l of recursive diversity is at least 1")
        if self.sampling_fraction is not None and not 0 < self.sampling_fraction <= 1:
            raise ValueError("a sampling fraction is above 0 and at most 1")


@dataclass(frozen=True, slots=True)
class RecursiveDiversity:
    """Recursive (c,l)-diversity: r₁ < c·(r_l + … + r_m), counts in descending order."""

    c: Fraction
    l: int  # noqa: E741 - the field's standard name


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a table must keep; None demands nothing.

    `k_map` and `delta_presence` (the highest share of a class of the reference that the table holds)
    need a reference table, `max_population_uniqueness` a sampling fraction.
    """

    k: int | None = None
    l: int | None = None  # noqa: E741 - the field's standard name
    entropy_l: Fraction | None = None
    recursive: RecursiveDiversity | None = None
    t: Fraction | None = None
    alpha: Fraction | None = None
    beta: Fraction | None = None
    enhanced_beta: Fraction | None = None
    delta: Fraction | None = None
    max_risk: Fraction | None = None
    average_risk: Fraction | None = None
    k_map: int | None = None
    delta_presence: Fraction | None = None
    max_population_uniqueness: Fraction | None = None

    @property
    def recursive_l(self) -> int:
        """The l of recursive diversity: its own, else that of distinct diversity, else 2."""
        return self.recursive.l if self.recursive else self.l or 2


@dataclass(frozen=True, slots=True)
class ClassSize:
    """How many classes are of one size, and how many records they hold."""

    size: int
    classes: int
    records: int


@dataclass(frozen=True, slots=True)
class SensitiveMeasures:
    """The measures of one sensitive attribute, each the worst over all classes.

    `distinct` counts classes by their number of distinct values. `recursive_c` is the infimum of the c
    for which the table is recursively (c, recursive_l)-diverse (c itself must be larger); None where
    no c is large enough. `enhanced_beta` is None where no β is. `format` is how its text was read, and
    `doubt` why its scale has to be stated.
    """

    attribute: str
    scale: Scale
    values: int
    l: int  # noqa: E741 - the field's standard name
    distinct: tuple[tuple[int, int], ...]
    alpha: Fraction
    entropy_l: Fraction
    recursive_l: int
    recursive_c: Fraction | None
    t: Fraction
    basic_beta: Fraction
    enhanced_beta: Fraction | None
    delta_disclosure: Fraction
    format: ValueFormat | None = None
    doubt: Doubt | None = None

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "scale": self.scale.value,
            **({} if self.doubt is None else {"doubt": self.doubt.value}),
            "values": self.values,
            "alpha": float(self.alpha),
            "l": self.l,
            "entropyL": float(self.entropy_l),
            "recursiveL": self.recursive_l,
            "recursiveC": _number(self.recursive_c),
            "t": float(self.t),
            "basicBeta": float(self.basic_beta),
            "enhancedBeta": _number(self.enhanced_beta),
            "deltaDisclosure": float(self.delta_disclosure),
        }


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class Measures:
    """How identifiable the rows of a table are. Holds counts and measures, no value of any row.

    `sizes` is the distribution of class sizes, ascending; sizes count units where a unit was named and,
    under `Missing.WILDCARD`, every record that may match. `missing` counts the missing values of each
    column that has any. `population_uniques` is the estimated share of the records that are unique in
    the population, and `population_estimator` whose estimate it is; None without weights or
    a sampling fraction.
    `reference`, `suda` and `attributes` are there where they were asked for. `without_unit` are rows that
    miss their unit, `suppressed` rows that are in no class. `suspected_codes` are values of a column that
    look like a code for a missing value and were not named. `doubts` say of which quasi-identifiers the text
    can be read in two ways, which matters to how they are generalised alone. `households` is the distribution
    of the smallest class that a household's members are of; `records` counts households there. With sampling
    weights, `weighted` holds the risks that they give, and every risk here is one of those; k stays the
    sample's.
    """

    question: AnonymityQuestion
    records: int
    classes: int
    sizes: tuple[ClassSize, ...]
    average_risk: Fraction
    by_sensitive: tuple[SensitiveMeasures, ...] = ()
    missing: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    units: int | None = None
    population_uniques: Fraction | None = None
    population_estimator: PopulationEstimator | None = None
    reference: ReferenceMeasures | None = None
    suda: SudaScores | None = None
    attributes: AttributeRisks | None = None
    without_unit: int = 0
    suppressed: int = 0
    suspected_codes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    doubts: Mapping[str, Doubt] = field(default_factory=lambda: MappingProxyType({}))
    households: tuple[ClassSize, ...] = ()
    weighted: WeightedRisks | None = None

    @property
    def k(self) -> int:
        """The size of the smallest class."""
        return self.sizes[0].size

    @property
    def unique_records(self) -> int:
        """Records that are alone in their class."""
        return self.sizes[0].records if self.k == 1 else 0

    @property
    def max_risk(self) -> Fraction:
        """The prosecutor's risk for the record most at risk, 1 ÷ k; with weights, the highest of all."""
        return Fraction(1, self.k) if self.weighted is None else self.weighted.max_risk

    @property
    def marketer_risk(self) -> Fraction:
        """The share of records that a linkage of all of them is expected to hit: the mean of their risks.

        That is classes ÷ records where no two classes overlap.
        """
        return self.average_risk

    @property
    def units_in_classes(self) -> int:
        """Records, or where a unit was named the distinct units of each class, summed."""
        return sum(item.records for item in self.sizes)

    @property
    def sample_uniqueness(self) -> Fraction:
        """The share of records that are unique in this table."""
        return Fraction(self.unique_records, self.units_in_classes)

    @property
    def household_risk(self) -> Fraction | None:
        """The mean over the households of the risk of their most exposed member; with weights, of that of any
        of them.
        """
        if self.weighted is not None:
            return self.weighted.average_household_risk
        if not self.households:
            return None
        risks = sum((Fraction(item.records, item.size) for item in self.households), start=Fraction(0))
        return risks / sum(item.records for item in self.households)

    def smaller_than(self, k: int) -> tuple[int, int]:
        """The classes smaller than `k`, and the records they hold."""
        small = [item for item in self.sizes if item.size < k]
        return sum(item.classes for item in small), sum(item.records for item in small)

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report: the worst at the top, each attribute below."""
        each = {item.attribute: item.as_mapping() for item in self.by_sensitive}
        return {
            "records": self.records,
            **({} if self.units is None else {"units": self.units}),
            **({"rowsWithoutUnit": self.without_unit} if self.without_unit else {}),
            **({} if not self.question.suppressed_codes else {"suppressedRows": self.suppressed}),
            "classes": self.classes,
            "k": self.k,
            "uniqueRecords": self.unique_records,
            "averageRisk": float(self.average_risk),
            "maxRisk": float(self.max_risk),
            "marketerRisk": float(self.marketer_risk),
            **self._of_households(),
            **worst_measures(tuple(each.values())),
            "classSizes": _by_size(self.sizes),
            "sampleUniqueness": float(self.sample_uniqueness),
            "populationUniqueness": _number(self.population_uniques),
            **self._asked_for(),
            "bySensitive": each,
        }

    def _of_households(self) -> dict[str, object]:
        risk = self.household_risk
        if risk is None:
            return {}
        exposed = sum(item.records for item in self.households if item.size == 1)
        count = sum(item.records for item in self.households)
        return {"households": count, "exposedHouseholds": exposed, "averageHouseholdRisk": float(risk)}

    def _asked_for(self) -> dict[str, object]:
        estimator = self.population_estimator
        return {
            **({} if estimator is None else {"populationEstimator": estimator.value}),
            **({} if self.weighted is None else self.weighted.as_mapping()),
            **({} if self.reference is None else self.reference.as_mapping()),
            **({} if self.suda is None else {"suda": self.suda.as_mapping()}),
            **({} if self.attributes is None else {"attributes": self.attributes.as_mapping()}),
        }


def _by_size(sizes: tuple[ClassSize, ...]) -> dict[str, dict[str, int]]:
    """Classes and their records by ranges of size that start at 1, 2, 3, 5, 10, 20, 50 and so on."""
    found: dict[str, dict[str, int]] = {}
    for item in sizes:
        held = found.setdefault(size_range(item.size), {"classes": 0, "records": 0})
        held["classes"] += item.classes
        held["records"] += item.records
    return found


def size_range(size: int) -> str:
    """The range of `classSizes` that a size is in."""
    if size < 5:
        return "3-4" if size > 2 else str(size)
    scale = 10 ** (len(str(size)) - 1)
    first = next(factor for factor in (5, 2, 1) if size >= factor * scale)
    after = {1: 2, 2: 5, 5: 10}[first]
    return f"{first * scale}-{after * scale - 1}"
