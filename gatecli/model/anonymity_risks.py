"""What else tells how identifiable rows are: a reference table, special uniques, single attributes.

Counts and measures alone, no value of any row. `DIS` and every ratio of counts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class PopulationEstimator(StrEnum):
    """Where a share of population uniques comes from."""

    COUNT = "count"
    """It was counted: the table is its population, or no record of it is unique."""
    SAMPLING_WEIGHTS = "sampling-weights"
    """The sum of a class's weights is its frequency in the population."""
    EXTENDED_NEGATIVE_BINOMIAL = "extended-negative-binomial"
    WITHHELD = "withheld"
    """Nothing says it: the sample is too small to tell, or no model fits it."""


@dataclass(frozen=True, slots=True)
class PopulationEstimate:
    """The share of a table's records that are unique in its population, and who says so; None if withheld."""

    uniqueness: Fraction | None
    estimator: PopulationEstimator


@dataclass(frozen=True, slots=True)
class WeightedRisks:
    """What sampling weights say of re-identification (`gatecli.anonymity.population.individual_risk`).

    `population` is the sum of the weights. `max_risk` is the highest individual risk, `expected` the sum of
    the risks of all records (or units): how many re-identifications are expected, and `average_risk` their
    share, the global risk. `uniqueness` is the share of records that are expected to be unique in the
    population. A household's risk is that of any of its members, 1 − Π(1 − r); None without households.
    Irrational numbers are rounded up at the twelfth significant digit.
    """

    population: Fraction
    max_risk: Fraction
    average_risk: Fraction
    expected: Fraction
    uniqueness: Fraction
    max_household_risk: Fraction | None = None
    average_household_risk: Fraction | None = None

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report, beside those that every table has."""
        household = self.max_household_risk
        return {
            "weightedPopulation": float(self.population),
            "expectedReidentifications": float(self.expected),
            **({} if household is None else {"maxHouseholdRisk": float(household)}),
        }


@dataclass(frozen=True, slots=True)
class ReferenceMeasures:
    """A table against a reference table, which stands for the population that others know.

    `k_map` is the size, in the reference, of the smallest class that the table holds (Sweeney,
    "Computational Disclosure Control", PhD thesis, MIT, 2001): 0 where the reference lacks a class.
    `delta_presence_min` and `…_max` bound, over the classes of the reference, the share of a class
    that is in the table (Nergiz, Atzori and Clifton, "Hiding the Presence of Individuals from Shared
    Databases", SIGMOD 2007): 1 where the table holds more of a class than the reference does.
    `marketer_risk` is the mean over the records of 1 ÷ the size of their class in the reference
    (Dankar and El Emam, "A Method for Evaluating Marketer Re-identification Risk", PAIS 2010).
    `uncovered_…` are in classes that the reference lacks, `excess_records` are those that the table
    holds beyond the reference: where there are any, the reference is not the table's population.
    All count units where a unit was named.
    """

    name: str
    records: int
    classes: int
    k_map: int
    delta_presence_min: Fraction
    delta_presence_max: Fraction
    marketer_risk: Fraction
    uncovered_classes: int = 0
    uncovered_records: int = 0
    excess_records: int = 0
    digest: str = ""

    @property
    def journalist_risk(self) -> Fraction:
        """The journalist's risk for the record most at risk, 1 ÷ k-map (El Emam and Dankar, "Protecting
        Privacy Using k-Anonymity", JAMIA 15(5), 2008); 1 where the reference lacks its class.
        """
        return Fraction(1, max(self.k_map, 1))

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "kMap": self.k_map,
            "deltaPresence": float(self.delta_presence_max),
            "deltaPresenceMin": float(self.delta_presence_min),
            "journalistRisk": float(self.journalist_risk),
            "referenceMarketerRisk": float(self.marketer_risk),
            "referenceRecords": self.records,
            "referenceClasses": self.classes,
            "uncoveredRecords": self.uncovered_records,
            "excessRecords": self.excess_records,
        }


@dataclass(frozen=True, slots=True)
class SudaAttribute:
    """How much one attribute has to do with special uniques.

    `minimal_uniques` counts those that hold it, `contribution` is their share of all scores; shares of
    several attributes sum to more than 1, since a minimal unique holds several.
    """

    attribute: str
    minimal_uniques: int
    contribution: Fraction


@dataclass(frozen=True, slots=True)
class SudaScores:
    """Special uniques of a table (`gatecli.anonymity.suda`), as distributions.

    `minimal_uniques` counts minimal sample uniques by size, 1 to `max_size`; `scores` counts records by
    SUDA score, ascending, the zero included. `dis` is the probability that a unique match is a correct
    one, for the file; None without a sampling fraction. `dis_scores` counts the sample uniques by tenths
    of DIS-SUDA, from 0…0.1 to 0.9…1, and `dis_max` is the highest; both None where it is not defined.
    """

    records: int
    sample_uniques: int
    max_size: int
    minimal_uniques: tuple[int, ...]
    scores: tuple[tuple[int, int], ...]
    attributes: tuple[SudaAttribute, ...]
    dis: Fraction | None = None
    dis_scores: tuple[int, ...] | None = None
    dis_max: float | None = None

    @property
    def special_uniques(self) -> int:
        """Records with a minimal sample unique of at most `max_size` attributes."""
        return sum(records for score, records in self.scores if score)

    @property
    def unscored_uniques(self) -> int:
        """Sample uniques of which no set of at most `max_size` attributes is unique: their score is 0."""
        return self.sample_uniques - self.special_uniques

    @property
    def max_score(self) -> int:
        """The highest score of a record."""
        return self.scores[-1][0]

    @property
    def mean_score(self) -> Fraction:
        """The mean score over all records."""
        return Fraction(sum(score * records for score, records in self.scores), self.records)

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            "maxSize": self.max_size,
            "specialUniques": self.special_uniques,
            "unscoredUniques": self.unscored_uniques,
            "minimalUniques": {str(size): count for size, count in enumerate(self.minimal_uniques, 1)},
            "maxScore": self.max_score,
            "meanScore": float(self.mean_score),
            "dis": None if self.dis is None else float(self.dis),
            "maxDisSuda": self.dis_max,
            "contributions": {each.attribute: float(each.contribution) for each in self.attributes},
        }


@dataclass(frozen=True, slots=True)
class AttributeRisk:
    """How well some attributes together tell rows apart (Motwani and Xu, "Efficient Algorithms for
    Masking and Finding Quasi-Identifiers", 2007).
    """

    attributes: tuple[str, ...]
    rows: int
    distinct: int
    unique_rows: int
    pairs_together: int

    @property
    def distinction(self) -> Fraction:
        """Distinct combinations ÷ rows."""
        return Fraction(self.distinct, self.rows)

    @property
    def separation(self) -> Fraction:
        """Pairs of rows that differ ÷ pairs of rows; 1 if there are no pairs."""
        return 1 - Fraction(self.pairs_together, max(self.rows * (self.rows - 1) // 2, 1))

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {"distinction": float(self.distinction), "separation": float(self.separation)}


@dataclass(frozen=True, slots=True)
class AttributeRisks:
    """All quasi-identifiers together, and each of them alone, in the order of the question."""

    together: AttributeRisk
    each: tuple[AttributeRisk, ...]

    def as_mapping(self) -> dict[str, object]:
        """The measures by their names in a report."""
        return {
            **self.together.as_mapping(),
            "byAttribute": {one.attributes[0]: one.as_mapping() for one in self.each},
        }
