"""What others know about a table's population, against the thresholds that the table must keep."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.tables.measures import AnonymitySubject, Breach
from gatecli.errors import UsageError
from gatecli.model.anonymity import Measures, Thresholds
from gatecli.model.anonymity_risks import PopulationEstimator, ReferenceMeasures
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.number import show, show_up

K_MAP = Rule(
    "anon-k-map-below-threshold", Severity.ERROR, "Classes are smaller than k in the reference table"
)
PRESENCE = Rule(
    "anon-presence-above-threshold",
    Severity.ERROR,
    "A reference table shows, or nearly shows, who is in the data",
)
POPULATION_UNIQUENESS = Rule(
    "anon-population-uniqueness-above-threshold",
    Severity.ERROR,
    "Too many records are estimated to be unique in the population",
)

REFERENCE_RULES: tuple[Rule, ...] = (K_MAP, PRESENCE, POPULATION_UNIQUENESS)

_ENLARGE = "generalise the quasi-identifiers, drop one of them, or suppress the rows of small classes"
_ESTIMATED = {
    PopulationEstimator.COUNT: "counted",
    PopulationEstimator.SAMPLING_WEIGHTS: "estimated from the sampling weights",
    PopulationEstimator.WITHHELD: (
        "as many as in the sample; an estimate is withheld: "
        "the sample is too small to tell, or no model fits it"
    ),
    PopulationEstimator.EXTENDED_NEGATIVE_BINOMIAL: "estimated by the extended negative binomial model",
}
_COVER = "compare with a reference that holds everyone the data is about, with the same columns and spelling"


def find_reference(subject: AnonymitySubject, thresholds: Thresholds) -> Iterator[Finding]:
    """A finding for each of k-map, δ-presence and population uniqueness that is not as demanded.

    Raises UsageError for a demand that nothing was measured for: that is no pass.
    """
    measures = subject.measures
    breaches = [
        *_k_map(measures, thresholds),
        *_presence(measures, thresholds),
        *_population(measures, thresholds),
    ]
    for rule, message, mend, about in breaches:
        yield make_finding(
            rule,
            message,
            subject=subject.name,
            place=subject.place,
            mend=mend,
            identity=f"{subject.name}\0{subject.place.pointer or ''}\0{about}",
        )


def _required_measures(measures: Measures, demanded: str) -> ReferenceMeasures:
    if measures.reference is None:
        raise UsageError(
            f"{demanded} is required, but no reference table is given",
            advice="give a table of the population, or drop the threshold",
        )
    return measures.reference


def _k_map(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    wanted = thresholds.k_map
    if wanted is None:
        return
    reference = _required_measures(measures, "k-map")
    if reference.k_map >= wanted:
        return
    noun = "record" if measures.units is None else "unit"
    lacking = reference.uncovered_records
    if lacking:
        plural = noun if lacking == 1 else f"{noun}s"
        why = f"{reference.name} lacks {lacking:,} {plural} of the data"
    else:
        why = f"the smallest class of the data in {reference.name} is smaller than {wanted}"
    yield (K_MAP, f"k-map = {reference.k_map} < {wanted}: {why}", _COVER if lacking else _ENLARGE, "k-map")


def _presence(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    limit = thresholds.delta_presence
    if limit is None:
        return
    reference = _required_measures(measures, "delta-presence")
    if reference.delta_presence_max <= limit:
        return
    shown = f"delta-presence = {show_up(reference.delta_presence_max)} > {show(limit)}"
    if reference.excess_records:
        why = f"the data holds {reference.excess_records:,} more of its classes than {reference.name} does"
    else:
        why = f"of a class of {reference.name} that share is in the data"
    mend = _COVER if reference.excess_records else f"{_ENLARGE}, or publish a smaller sample"
    yield (PRESENCE, f"{shown}: {why}", mend, "presence")


def _population(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    limit = thresholds.max_population_uniqueness
    if limit is None:
        return
    estimator = measures.population_estimator
    is_withheld = estimator is PopulationEstimator.WITHHELD
    share = measures.sample_uniqueness if is_withheld else measures.population_uniques
    if share is None or estimator is None:
        raise UsageError(
            "max-population-uniqueness is required, but it was not estimated",
            advice="give the sampling weights or fraction, and no missing value that may be anything",
        )
    if share > limit:
        above = f"{show_up(share * 100)} % > {show(limit * 100)} %"
        most = "up to " if is_withheld else ""
        message = f"{most}{above} of the records are unique in the population ({_ESTIMATED[estimator]})"
        yield (POPULATION_UNIQUENESS, message, _ENLARGE, "population")
