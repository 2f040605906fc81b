"""From options to what is asked about a table and what is demanded of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gatecli.anonymity.hierarchies import Hierarchy
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import source_name
from gatecli.cli import table_options as given
from gatecli.cli.numbers import exact, split_pairs
from gatecli.errors import UsageError
from gatecli.gates.table_measurement import read_hierarchies, tree_of
from gatecli.gates.table_task import TableTask, task_for
from gatecli.model.anonymity import (
    AnonymityQuestion,
    Missing,
    RecursiveDiversity,
    Scale,
    Thresholds,
    ValueCode,
    ValueFormat,
)
from gatecli.model.comma_list import split_list
from gatecli.model.generalisation import LossMetric, SearchTerms
from gatecli.model.number import BelowOne, NonNegative, Positive, Proportion
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.thresholds import strictest

MEMORY_LIMIT = "1GB"
MOST_SUPPRESSED = "0.05"

_SIZE = re.compile(r"0*[1-9]\d{0,8}(\.\d+)?\s*([kmgt]i?)?b", re.IGNORECASE | re.ASCII)
_NOT_NEGATIVE: TypeAdapter[Fraction] = TypeAdapter(NonNegative)
_POSITIVE: TypeAdapter[Fraction] = TypeAdapter(Positive)
_SHARE: TypeAdapter[Fraction] = TypeAdapter(Proportion)
_BELOW_ONE: TypeAdapter[Fraction] = TypeAdapter(BelowOne)

_KINDS = {
    "entropy_l": _POSITIVE,
    "t": _NOT_NEGATIVE,
    "alpha": _SHARE,
    "beta": _NOT_NEGATIVE,
    "enhanced_beta": _NOT_NEGATIVE,
    "delta": _POSITIVE,
    "max_risk": _SHARE,
    "average_risk": _SHARE,
    "delta_presence": _NOT_NEGATIVE,
    "max_population_uniqueness": _NOT_NEGATIVE,
}
"""How a demand's number is read."""

_OPTIONS = {"delta": "--delta-disclosure"}


@dataclass(frozen=True, slots=True)
class Columns:
    """What was said about a table's columns, as it was typed."""

    quasi_identifiers: given.QuasiIdentifiers = None
    sensitive: given.Sensitive = None
    numeric: given.Numeric = None
    scales: given.Scales = None
    hierarchies: given.Hierarchies = None
    missing: given.MissingValues = None
    formats: given.ValueFormats = None
    missing_codes: given.MissingCodes = None
    suppressed_codes: given.SuppressedCodes = None


@dataclass(frozen=True, slots=True)
class Demands:
    """What was demanded of the classes, as it was typed."""

    k: given.K = None
    l: given.L = None  # noqa: E741 - the field's standard name
    entropy_l: given.EntropyL = None
    recursive_c: given.RecursiveC = None
    recursive_l: given.RecursiveL = None
    t: given.T = None
    alpha: given.Alpha = None
    beta: given.Beta = None
    enhanced_beta: given.EnhancedBeta = None
    delta: given.DeltaDisclosure = None
    max_risk: given.MaxRisk = None
    average_risk: given.AverageRisk = None
    tier: given.TierName = None


@dataclass(frozen=True, slots=True)
class Persons:
    """What was said about whom the rows are about."""

    unit: given.Unit = None
    trajectory: given.Trajectory = False
    known: given.Known = None
    household: given.Household = None
    weights: given.Weights = None
    normalise: given.Normalise = False


@dataclass(frozen=True, slots=True)
class Population(Persons):
    """What was said about whom the rows are about, and demanded of them among all people."""

    reference: given.Reference = None
    sampling_fraction: given.SamplingFraction = None
    k_map: given.KMap = None
    delta_presence: given.DeltaPresence = None
    max_population_uniqueness: given.MaxPopulationUniqueness = None


@dataclass(frozen=True, slots=True)
class SearchGiven:
    """What was said about the search for a generalisation, as it was typed."""

    max_suppression: given.MaxSuppression = MOST_SUPPRESSED
    loss: given.Loss = LossMetric.GENERALISED
    effort: given.Effort = "1"
    cells: given.Cells = True
    local: given.Local = True


@dataclass(frozen=True, slots=True)
class TableGiven:
    """How a table is read, as it was typed."""

    delimiter: given.Delimiter = None
    encoding: given.Encoding = None
    table: given.Sheet = None
    memory_limit: given.MemoryLimit = MEMORY_LIMIT
    timeout: given.Timeout = None

    def options(self, numeric: Sequence[str] | None) -> TableOptions:
        """For those who open it; `numeric` are columns as they were typed."""
        if not _SIZE.fullmatch(self.memory_limit):
            raise UsageError(
                f"--memory-limit {self.memory_limit}: not a size", advice="for example 512MB or 2GB"
            )
        return TableOptions(
            self.delimiter,
            self.encoding,
            split_list(numeric),
            table=self.table,
            memory_limit=self.memory_limit,
            timeout=self.timeout,
        )


def start_of(source: str) -> Path:
    """Where the search for a policy begins: beside the data, or here for a database."""
    return Path() if "://" in source else Path(source)


def task_of(
    source: str,
    columns: Columns,
    demands: Demands,
    population: Population,
    policy: PrivacyPolicy,
    options: TableOptions,
    search: SearchGiven,
) -> TableTask:
    """The task that options describe. Raises UsageError where one means nothing, or nothing is demanded."""
    quasi_identifiers = split_list(columns.quasi_identifiers)
    if not quasi_identifiers:
        raise UsageError(
            "no quasi-identifier is named",
            advice="--quasi-identifier age,zip,…; "
            f"to find them: gatecli anonymity discover {source_name(source)}",
        )
    wanted = thresholds_of(demands, population, policy)
    hierarchies = read_hierarchies(split_pairs(columns.hierarchies, "--hierarchy"))
    sensitive = split_list(columns.sensitive)
    scales = _scales(columns.scales)
    _useful(hierarchies, (*quasi_identifiers, *sensitive), scales)
    question = AnonymityQuestion(
        quasi_identifiers,
        sensitive,
        columns.missing or Missing(policy.spec.anonymity.missing),
        unit=population.unit,
        trajectory=population.trajectory,
        known=population.known,
        household=population.household,
        weights=population.weights,
        formats=_formats(columns.formats),
        missing_codes=_codes(columns.missing_codes),
        suppressed_codes=_codes(columns.suppressed_codes),
        normalise=population.normalise,
        recursive_l=wanted.recursive_l,
        scales=scales,
        hierarchies={each.column: tree_of(each) for each in hierarchies if each.column in sensitive},
        sampling_fraction=None
        if population.sampling_fraction is None
        else exact(population.sampling_fraction, "--sampling-fraction", _SHARE),
    )
    return task_for(
        source,
        question,
        wanted,
        options,
        hierarchies=tuple(each for each in hierarchies if each.column in quasi_identifiers),
        reference=population.reference,
        search=SearchTerms(
            exact(search.max_suppression, "--max-suppression", _BELOW_ONE),
            search.loss,
            exact(search.effort, "--effort", _POSITIVE),
            search.cells,
            search.local,
        ),
    )


def thresholds_of(demands: Demands, population: Population, policy: PrivacyPolicy) -> Thresholds:
    """The strictest of what the options, the tier and the policy demand; raises UsageError for nothing."""
    typed = replace(
        Thresholds(k=demands.k, l=demands.l, recursive=_recursive(demands), k_map=population.k_map),
        **_numbers(demands, population),
    )
    wanted = strictest([typed, tier_thresholds(demands.tier, policy), policy.spec.anonymity.thresholds])
    if wanted == Thresholds():
        raise UsageError(
            "no threshold is given for the table", advice="give --k, another threshold, or --tier"
        )
    return wanted


def _numbers(*groups: Demands | Population) -> dict[str, Any]:
    typed = {name: getattr(group, name) for group in groups for name in _KINDS if hasattr(group, name)}
    return {
        name: exact(text, _option(name), _KINDS[name]) for name, text in typed.items() if text is not None
    }


def _option(name: str) -> str:
    return _OPTIONS.get(name, "--" + name.replace("_", "-"))


def _recursive(demands: Demands) -> RecursiveDiversity | None:
    if demands.recursive_c is None:
        if demands.recursive_l is not None:
            raise UsageError("--recursive-l without --recursive-c", advice="give both: c is the factor")
        return None
    c = exact(demands.recursive_c, "--recursive-c", _POSITIVE)
    return RecursiveDiversity(c, demands.recursive_l or demands.l or 2)


def tier_thresholds(name: str | None, policy: PrivacyPolicy) -> Thresholds:
    """What a tier of the policy demands. Raises UsageError where it has no such tier."""
    if name is None:
        return Thresholds()
    tier = policy.spec.tiers.get(name)
    if tier is None:
        known = ", ".join(sorted(policy.spec.tiers)) or "none"
        raise UsageError(f"--tier {name}: the policy has no such tier", advice=f"its tiers are {known}")
    return tier.thresholds


def _useful(trees: Sequence[Hierarchy], columns: Collection[str], scales: Collection[str]) -> None:
    """Raises UsageError for a hierarchy that would silently not be used."""
    for each in trees:
        if each.column not in columns:
            raise UsageError(
                f"--hierarchy {each.column}: the check uses no such column",
                advice=f"its column is one of {', '.join(columns)}",
            )
        if each.column in scales:
            raise UsageError(
                f"{each.column} has both a --scale and a --hierarchy",
                advice="leave one out: a hierarchy is a scale",
            )


def _codes(typed: Sequence[str] | None) -> tuple[ValueCode, ...]:
    return tuple(map(ValueCode.read, split_list(typed)))


def _formats(typed: Sequence[str] | None) -> dict[str, ValueFormat]:
    pairs = split_pairs(typed, "--value-format")
    known = {each.value for each in ValueFormat}
    if wrong := [written for written in pairs.values() if written not in known]:
        raise UsageError(
            f"--value-format {wrong[0]}: no such format", advice=f"the formats are {', '.join(ValueFormat)}"
        )
    return {column: ValueFormat(written) for column, written in pairs.items()}


def _scales(typed: Sequence[str] | None) -> dict[str, Scale]:
    pairs = split_pairs(typed, "--scale")
    known = {Scale.NUMERIC.value, Scale.CATEGORICAL.value}
    if wrong := [scale for scale in pairs.values() if scale not in known]:
        raise UsageError(f"--scale {wrong[0]}: no such scale", advice="numeric or categorical")
    return {column: Scale(scale) for column, scale in pairs.items()}
