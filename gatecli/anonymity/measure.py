"""The measures of a table: the engine counts and finds the worst classes, exact numbers come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from gatecli.anonymity.contingency import count_codes, sizes_of
from gatecli.anonymity.dictionary_encoding import EncodedTable, encode_table, prepare_columns
from gatecli.anonymity.exposure import smallest_classes
from gatecli.anonymity.hierarchy_proposals import find_doubts
from gatecli.anonymity.joined_rows import PERSON, join_rows, require_joinable
from gatecli.anonymity.population.uniqueness import population_uniqueness
from gatecli.anonymity.sensitive import CodedClasses, measure_attribute
from gatecli.anonymity.survey_weights import measure_weighted, read_weights
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.functions import keep_table, only_row, times
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.value_codes import find_suspects
from gatecli.anonymity.wildcards import matches
from gatecli.errors import NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, ClassSize, Measures, Missing, Scale
from gatecli.model.anonymity_risks import PopulationEstimate, PopulationEstimator, WeightedRisks

Tell = Callable[[str, float], None]
"""Told what is done next, and which share of the whole is done, in coarse steps."""


def untold(_step: str, _done: float) -> None:
    """Ignore progress: the default."""


def measure(opened: OpenedTable, question: AnonymityQuestion, tell: Tell = untold) -> Measures:
    """Every measure that `question` asks for; `tell` is called before each step, and at the end with 1.

    Raises UsageError for a column that the table does not have, NothingToCheckError where it has no
    rows, UncheckableError where the engine cannot compute it or its time is up.
    """
    if not question.quasi_identifiers:
        raise UsageError("no quasi-identifier is named", advice="name the columns that others may know")
    require_columns(opened.name, opened.columns, question.columns)
    _require_scales(question)
    _require_codes(question)
    require_joinable(question)
    with computing(opened):
        return _measure(opened, question, tell)


def _require_scales(question: AnonymityQuestion) -> None:
    """Raises UsageError for a scale or format that would silently not be used, or that lacks its tree."""
    if strange := [column for column in question.scales if column not in question.sensitive]:
        raise UsageError(
            f"{strange[0]!r} has a scale but is not a sensitive column",
            advice=f"the sensitive columns are {', '.join(question.sensitive) or 'none'}",
        )
    known = (*question.quasi_identifiers, *question.sensitive)
    if strange := [column for column in question.formats if column not in known]:
        raise UsageError(
            f"{strange[0]!r} has a format but is not asked about",
            advice=f"the columns are {', '.join(known)}",
        )
    bare = [column for column, scale in question.scales.items() if scale is Scale.HIERARCHICAL]
    if bare := [column for column in bare if not question.hierarchies.get(column)]:
        raise UsageError(
            f"the scale of {bare[0]!r} is hierarchical, but it has no hierarchy",
            advice="choose numeric or categorical, or give its hierarchy to: gatecli anonymity check DATA",
        )


def _require_codes(question: AnonymityQuestion) -> None:
    """Raises UsageError for a code of a column that the question does not name."""
    for code in (*question.missing_codes, *question.suppressed_codes):
        if code.column is not None and code.column not in question.columns:
            raise UsageError(
                f"the code {code} is for a column that is not asked about",
                advice=f"the columns are {', '.join(question.columns)}",
            )


@dataclass(frozen=True, slots=True)
class _Totals:
    records: int
    units: int | None
    without_unit: int
    missing: Mapping[str, int]

    @property
    def people(self) -> int | None:
        """Units; all rows that have none are one together."""
        return None if self.units is None else self.units + bool(self.without_unit)


def _measure(opened: OpenedTable, question: AnonymityQuestion, tell: Tell) -> Measures:
    steps = 3 + len(question.sensitive)
    tell("counting the records", 0.0)
    source = prepare_columns(opened, question)
    source = keep_table(source) if opened.is_slow_to_scan else source
    totals = _totals(opened, question, source)
    source = source if question.weights is None else read_weights(opened, question, source)
    tell("numbering the values", 1 / steps)
    codes = encode_table(opened, question, source)
    suspects = find_suspects(codes.dimensions)
    doubts = find_doubts(opened, question, codes.dimensions)
    tell("forming the classes", 2 / steps)
    codes = join_rows(opened, question, codes) if question.is_joined else codes
    pairs = matches(codes) if question.missing is Missing.WILDCARD and totals.missing else None
    is_plain = codes.unit is None and pairs is None and question.household is None
    sized = None if is_plain and codes.sensitive else _size_classes(codes, pairs)
    classes = CodedClasses(codes, pairs, None if codes.unit is None else sized, totals.people)
    found = []
    for at, code in enumerate(codes.sensitive):
        tell(f"measuring {code.attribute}", (3 + at) / steps)
        found.append(measure_attribute(question, classes, code))
    sizes = found[0].sizes if sized is None else sizes_of(sized)
    if sized is not None and question.is_joined:
        sizes = smallest_classes(
            codes.table.select(PERSON, *codes.keys).distinct(), PERSON, sized, codes.keys
        )
    households = (
        smallest_classes(codes.table.select("h", *codes.keys), "h", sized, codes.keys)
        if sized is not None and question.household is not None
        else ()
    )
    if codes.unit is None and sum(item.records for item in sizes) != totals.records:
        raise UncheckableError(
            f"{opened.name}: the table changed while it was read",
            advice="run it again while nothing writes to the table",
        )
    weighted = None if question.weights is None else measure_weighted(opened, codes, pairs)
    estimate = _estimate_uniqueness(question, sizes, weighted, is_overlapping=pairs is not None)
    tell("measured", 1.0)
    return Measures(
        question,
        records=totals.records,
        classes=sum(item.classes for item in sizes),
        sizes=sizes,
        average_risk=_average_risk(sizes) if weighted is None else weighted.average_risk,
        by_sensitive=tuple(each.measures for each in found),
        missing=totals.missing,
        units=totals.units,
        without_unit=totals.without_unit,
        suppressed=_count_suppressed(opened, question, totals.records),
        suspected_codes=suspects,
        doubts=doubts,
        households=households,
        weighted=weighted,
        population_uniques=None if estimate is None else estimate.uniqueness,
        population_estimator=None if estimate is None else estimate.estimator,
    )


def _totals(opened: OpenedTable, question: AnonymityQuestion, source: Table) -> _Totals:
    """Rows, units and missing values, in one pass."""
    roles = [f"q{at}" for at in range(len(question.quasi_identifiers))]
    roles += [f"s{at}" for at in range(len(question.sensitive))]
    sums = {role: times(source[role].isnull()) for role in roles}
    if question.unit is not None:
        sums["units"] = source["u"].nunique()
        sums["without"] = times(source["u"].isnull())
    row = only_row(source.aggregate(records=source.count(), **sums))
    records = int(row["records"])
    if not records:
        what = "only rows that are suppressed" if question.suppressed_codes else "no rows"
        raise NothingToCheckError(f"{opened.name} has {what}", advice="give a table that holds records")
    names = (*question.quasi_identifiers, *question.sensitive)
    missing = {name: int(row[role]) for name, role in zip(names, roles, strict=True) if row[role]}
    units = None if question.unit is None else int(row["units"])
    return _Totals(records, units, int(row.get("without", 0)), missing)


def _count_suppressed(opened: OpenedTable, question: AnonymityQuestion, records: int) -> int:
    """The rows that are in no class."""
    if not question.suppressed_codes:
        return 0
    return int(only_row(opened.table.aggregate(all=opened.table.count()))["all"]) - records


def _size_classes(codes: EncodedTable, pairs: Table | None) -> Table:
    """Classes with `size`, what each counts, and `own`, the records (or units) that are of it."""
    keys = list(codes.keys)
    own = count_codes(codes, None, None).rename(own="n")
    if pairs is None:
        return keep_table(own.mutate(size=own["own"]))
    every = count_codes(codes, None, pairs).rename(size="n")
    return keep_table(every.join(own, keys).select(*keys, "size", "own"))


def _estimate_uniqueness(
    question: AnonymityQuestion,
    sizes: tuple[ClassSize, ...],
    weighted: WeightedRisks | None,
    *,
    is_overlapping: bool,
) -> PopulationEstimate | None:
    """From the weights where there are some, else from the sampling fraction, which takes classes apart."""
    if weighted is not None:
        return PopulationEstimate(weighted.uniqueness, PopulationEstimator.SAMPLING_WEIGHTS)
    if is_overlapping or question.sampling_fraction is None:
        return None
    return population_uniqueness(sizes, question.sampling_fraction)


def _average_risk(sizes: tuple[ClassSize, ...]) -> Fraction:
    """The mean over the records of one over the size of their class."""
    risks = sum((Fraction(item.records, item.size) for item in sizes), start=Fraction(0))
    return risks / sum(item.records for item in sizes)
