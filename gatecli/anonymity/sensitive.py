"""The measures of one sensitive attribute: the worst classes by the engine, their measures exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.anonymity import exact
from gatecli.anonymity.candidate_classes import bounds, suspects
from gatecli.anonymity.contingency import count_cells, count_codes, sizes_of
from gatecli.anonymity.dictionary_encoding import EncodedTable, SensitiveCode
from gatecli.anonymity.exact import ClassCounts
from gatecli.anonymity.hierarchical import ancestors_of, hierarchical_distances
from gatecli.anonymity.ordered import with_ordered_distance
from gatecli.anonymity.profiles import (
    categorical,
    homogeneous,
    mixed_classes,
    profile_classes,
    sum_cells,
    with_shares,
    worst,
)
from gatecli.anonymity.tables.functions import keep_table, rows
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion, ClassSize, Scale, SensitiveMeasures

MOST_VALUES = 10_000_000
"""Distinct values of a sensitive attribute, each a count in memory; nothing else here grows so."""


@dataclass(frozen=True, slots=True)
class CodedClasses:
    """The coded rows; the `pairs` that may match, where classes overlap; where units are counted, `sizes` by
    class and the number of `people`, because a class is not as large as its counts of values sum to.
    """

    codes: EncodedTable
    pairs: Table | None
    sizes: Table | None
    people: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """An attribute's measures, and the sizes of classes that its counts sum to."""

    measures: SensitiveMeasures
    sizes: tuple[ClassSize, ...]


@dataclass(frozen=True, slots=True)
class _Attribute:
    code: SensitiveCode
    marginals: Table
    shares: Mapping[int, int]
    people: int
    ancestors: Mapping[int, tuple[int, ...]]

    def distance(self, item: ClassCounts) -> Fraction:
        """How far a class is from the table, on the attribute's scale."""
        match self.code.scale:
            case Scale.NUMERIC:
                return exact.ordered_distance(item, self.shares, self.people)
            case Scale.CATEGORICAL:
                return exact.total_variation(item, self.shares, self.people)
            case Scale.HIERARCHICAL:
                return exact.hierarchical_distance(item, self.shares, self.ancestors, self.people)


def measure_attribute(question: AnonymityQuestion, classes: CodedClasses, code: SensitiveCode) -> Measured:
    """Every measure of the attribute that `code` stands for."""
    cells = keep_table(count_codes(classes.codes, code.column, classes.pairs))
    attribute = _attribute(question, classes, code, cells)
    keys = classes.codes.keys
    sums = keep_table(sum_cells(cells, keys))
    distinct = sorted(
        (int(row["l"]), int(row["classes"]))
        for row in rows(sums.group_by("l").aggregate(classes=sums.count()))
    )
    alike = _alike(attribute, sums)
    found = [] if distinct[-1][0] == 1 else _worst_mixed(question, classes, attribute, cells, sums, alike)
    sizes = sizes_of(sums.mutate(size=sums["weight"], own=sums["weight"]))
    pure = [ClassCounts({value: 1}, 1) for value in alike]
    return Measured(_summary(question, attribute, tuple(distinct), [*pure, *found]), sizes)


def _attribute(
    question: AnonymityQuestion, classes: CodedClasses, code: SensitiveCode, cells: Table
) -> _Attribute:
    if code.values > MOST_VALUES:
        raise UncheckableError(
            f"{code.attribute!r} holds {code.values:,} distinct values, more than {MOST_VALUES:,}",
            advice="round it, or band it",
        )
    codes = classes.codes
    if codes.unit is None and classes.pairs is None:
        counts = cells.group_by("s").aggregate(m=cells["n"].sum().cast("int64"))
    else:
        values = codes.table.mutate(s=codes.table[code.column])
        counts = count_cells(values, ["s"], codes.unit).rename(m="n")
    marginals = keep_table(counts)
    shares = {int(row["s"]): int(row["m"]) for row in rows(marginals)}
    hierarchy = question.hierarchies.get(code.attribute)
    ancestors = ancestors_of(code, hierarchy) if hierarchy and code.scale is Scale.HIERARCHICAL else {}
    people = sum(shares.values()) if classes.people is None else classes.people
    return _Attribute(code, marginals, shares, people, ancestors)


def _alike(attribute: _Attribute, sums: Table) -> list[int]:
    """Values that classes of one value hold, the worst among them."""
    alone = sums.filter(sums["l"] == 1).select(s=sums["only"]).distinct()
    if attribute.code.scale is not Scale.HIERARCHICAL:
        alone = homogeneous(alone, attribute.marginals)
    return [int(row["s"]) for row in rows(alone)]


def _worst_mixed(
    question: AnonymityQuestion,
    classes: CodedClasses,
    attribute: _Attribute,
    cells: Table,
    sums: Table,
    alike: Sequence[int],
) -> list[ClassCounts]:
    """The counts of the classes of several values that are worst by some measure, where a class of one
    value, `alike`, is not worse.
    """
    keys = classes.codes.keys
    limits = None if classes.people else bounds(attribute.code.scale, alike, attribute.shares)
    if limits is not None:
        chosen = keep_table(suspects(cells, keys, sums, attribute.marginals, limits))
        cells, sums = cells.semi_join(chosen, list(keys)), sums.semi_join(chosen, list(keys))
    cells = mixed_classes(cells, keys, sums, classes.sizes)
    spread = with_shares(cells, attribute.marginals, attribute.people)
    if attribute.code.scale is Scale.NUMERIC:
        moved = with_ordered_distance(
            spread, keys, attribute.marginals, attribute.people, attribute.code.values
        )
    else:
        moved = categorical(spread)
    profile = profile_classes(moved, keys, question.recursive_l)
    if attribute.code.scale is Scale.HIERARCHICAL:
        distances = hierarchical_distances(
            spread, keys, attribute.shares, attribute.ancestors, attribute.people
        )
        profile = profile.drop("t").join(distances, list(keys)).rename(t="distance")
    chosen = keep_table(worst(keep_table(profile), keys))
    return list(_classes(rows(cells.semi_join(chosen, list(keys))), keys))


def _classes(cells: Iterable[Mapping[str, Any]], keys: tuple[str, ...]) -> Iterable[ClassCounts]:
    counts: dict[tuple[object, ...], dict[int, int]] = defaultdict(dict)
    sizes: dict[tuple[object, ...], int] = {}
    for row in cells:
        key = tuple(row[name] for name in keys)
        counts[key][int(row["s"])] = int(row["n"])
        sizes[key] = int(row["size"])
    return (ClassCounts(counts[key], sizes[key]) for key in counts)


def _summary(
    question: AnonymityQuestion,
    attribute: _Attribute,
    distinct: tuple[tuple[int, int], ...],
    found: list[ClassCounts],
) -> SensitiveMeasures:
    shares, people = attribute.shares, attribute.people
    return SensitiveMeasures(
        attribute=attribute.code.attribute,
        scale=attribute.code.scale,
        values=len(shares),
        l=distinct[0][0],
        distinct=distinct,
        alpha=max(exact.alpha(item) for item in found),
        entropy_l=min(exact.entropy_l(item) for item in found),
        recursive_l=question.recursive_l,
        recursive_c=_largest(exact.recursive_c(item, question.recursive_l) for item in found),
        t=max(attribute.distance(item) for item in found),
        basic_beta=max(exact.basic_beta(item, shares, people) for item in found),
        enhanced_beta=_largest(exact.enhanced_beta(item, shares, people) for item in found),
        delta_disclosure=max(exact.delta_disclosure(item, shares, people) for item in found),
        format=attribute.code.format,
        doubt=attribute.code.doubt,
    )


def _largest(values: Iterable[Fraction | None]) -> Fraction | None:
    """None stands for infinity."""
    known = list(values)
    finite = [value for value in known if value is not None]
    return max(finite) if len(finite) == len(known) else None
