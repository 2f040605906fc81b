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

if TYPE_CHECKING:
    from gatecli.model.anonymity_risks import (
        AttributeRisks,
        PopulationEstimator,
        ReferenceMeasures,
        SudaScores,
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


Hierarchy = Mapping[str, tuple[str, ...]]
"""A value, and its ancestors from the parent up to, not including, the root; all equally many."""


@dataclass(frozen=True, slots=True)
class AnonymityQuestion:
    """What is measured. Without sensitive attributes only the measures of classes are.

    `unit` is a column that names whom a record is about; with it a class is as large as the number of
    distinct units in it. `recursive_l` is the l of recursive (c,l)-diversity. `scales` overrides the
    scale that a sensitive attribute's type or text suggests.
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

    def __post_init__(self) -> None:
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
    no c is large enough. `enhanced_beta` is None where no β is.
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

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "scale": self.scale.value,
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


_LEAST = frozenset({"l", "entropyL"})
_NOT_RANKED = frozenset({"scale", "values", "recursiveL"})


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class Measures:
    """How identifiable the rows of a table are. Holds counts and measures, no value of any row.

    `sizes` is the distribution of class sizes, ascending; sizes count units where a unit was named and,
    under `Missing.WILDCARD`, every record that may match. `missing` counts the missing values of each
    column that has any. `population_uniques` is the estimated share of the records that are unique in
    the population, and `population_estimator` whose estimate it is; None without a sampling fraction.
    `reference`, `suda` and `attributes` are there where they were asked for.
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
        """The prosecutor's risk for the record most at risk: 1 ÷ k."""
        return Fraction(1, self.k)

    @property
    def marketer_risk(self) -> Fraction:
        """The share of records that a linkage of all of them is expected to hit: classes ÷ records."""
        return Fraction(self.classes, self.units_in_classes)

    @property
    def units_in_classes(self) -> int:
        """Records, or where a unit was named the distinct units of each class, summed."""
        return sum(item.records for item in self.sizes)

    @property
    def sample_uniqueness(self) -> Fraction:
        """The share of records that are unique in this table."""
        return Fraction(self.unique_records, self.units_in_classes)

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
            "classes": self.classes,
            "k": self.k,
            "uniqueRecords": self.unique_records,
            "averageRisk": float(self.average_risk),
            "maxRisk": float(self.max_risk),
            "marketerRisk": float(self.marketer_risk),
            **_worst(tuple(each.values())),
            "classSizes": _by_size(self.sizes),
            "sampleUniqueness": float(self.sample_uniqueness),
            "populationUniqueness": _number(self.population_uniques),
            **self._asked_for(),
            "bySensitive": each,
        }

    def _asked_for(self) -> dict[str, object]:
        estimator = self.population_estimator
        return {
            **({} if estimator is None else {"populationEstimator": estimator.value}),
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


def _worst(attributes: tuple[Mapping[str, object], ...]) -> dict[str, object]:
    if not attributes:
        return {}
    return {name: _worst_of(name, attributes) for name in attributes[0] if name not in _NOT_RANKED}


def _worst_of(name: str, attributes: tuple[Mapping[str, object], ...]) -> object:
    """None is worse than every number: no finite value is enough."""
    values = [attribute[name] for attribute in attributes]
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values):
        return None
    return min(numbers) if name in _LEAST else max(numbers)
