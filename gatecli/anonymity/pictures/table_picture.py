"""The picture of one table: what the engine counts of it, small enough to draw and safe to show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

from gatecli.anonymity.contingency import count_codes
from gatecli.anonymity.dictionary_encoding import EncodedTable, encode_table, prepare_columns
from gatecli.anonymity.discovery.roles import Combination, Discovery
from gatecli.anonymity.hierarchies import describe_level
from gatecli.anonymity.pictures.columns import column_effects
from gatecli.anonymity.pictures.values import Groups, drawn_values
from gatecli.anonymity.search.generalisation import Proposal, describe, recoded_columns
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.functions import keep_table
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.wildcards import matches
from gatecli.model.anonymity import AnonymityQuestion, ClassSize, Measures, Missing, Thresholds
from gatecli.model.picture import FLOOR, AnonymityPicture, CombinationRisk, Mending, SizeBin

DISCOVERED = 12
"""Combinations that are drawn; discovery may know thousands."""

NO_THRESHOLDS = Thresholds()

_ABOVE = (1, 2, 5, 10, 20)
"""Bins of sizes start at these multiples of the smallest size that is large enough."""


def draw(
    opened: OpenedTable,
    question: AnonymityQuestion,
    measures: Measures,
    proposals: Sequence[Proposal] = (),
    discovery: Discovery | None = None,
    *,
    thresholds: Thresholds = NO_THRESHOLDS,
) -> AnonymityPicture:
    """The picture of a table that `measures` were taken of, counted by the engine; costs about as much.

    No value is shown that fewer than the larger of the demanded k and `FLOOR` records (or, where a unit is
    named, units) hold. Raises as `measure` does.
    """
    unit = () if question.unit is None else (question.unit,)
    require_columns(opened.name, opened.columns, (*question.quasi_identifiers, *question.sensitive, *unit))
    floor = max(thresholds.k or FLOOR, FLOOR)
    boundary = thresholds.k or floor
    with computing(opened):
        source = prepare_columns(opened, question)
        codes = encode_table(opened, question, keep_table(source) if opened.is_slow_to_scan else source)
        together, columns = column_effects(codes, question.quasi_identifiers)
        sized = keep_table(_size_classes(codes, question, measures)) if codes.sensitive else None
        groups = Groups(_edges_of_groups(measures.sizes, boundary), sized)
        diversity = {item.attribute: item.distinct for item in measures.by_sensitive}
        sensitive = tuple(
            drawn_values(codes, code, groups, floor, diversity.get(code.attribute, ()))
            for code in codes.sensitive
        )
    return AnonymityPicture(
        records=measures.records,
        classes=measures.classes,
        k=measures.k,
        unique=measures.unique_records,
        floor=floor,
        demanded_k=thresholds.k,
        demanded_l=thresholds.l,
        counted="records" if question.unit is None else "units",
        sizes=size_bins(measures.sizes, boundary),
        columns=columns,
        together=together,
        discovered=_combination_risks(discovery),
        sensitive=sensitive,
        mendings=tuple(map(_mending, proposals)),
    )


def _size_classes(codes: EncodedTable, question: AnonymityQuestion, measures: Measures) -> Table:
    """Every class with its size `n`, counted as the measures count it."""
    is_wildcard = question.missing is Missing.WILDCARD and measures.missing
    return count_codes(codes, None, matches(codes) if is_wildcard else None)


def size_bins(sizes: Sequence[ClassSize], boundary: int) -> tuple[SizeBin, ...]:
    """The distribution of class sizes in a few bins, one of which starts at `boundary`.

    All up to the one that holds the largest class, and at least the one at the boundary.
    """
    below = {1, 2, (boundary + 1) // 2} if boundary > 2 else {1}
    edges = sorted({*below, *(boundary * times for times in _ABOVE)})
    ends = [*(edge - 1 for edge in edges[1:]), None]
    last = max(sizes[-1].size, boundary)
    return tuple(_bin(sizes, least, most) for least, most in zip(edges, ends, strict=True) if least <= last)


def _bin(sizes: Sequence[ClassSize], least: int, most: int | None) -> SizeBin:
    held = [item for item in sizes if item.size >= least and (most is None or item.size <= most)]
    return SizeBin(least, most, sum(item.classes for item in held), sum(item.records for item in held))


def _edges_of_groups(sizes: Sequence[ClassSize], boundary: int) -> tuple[int, ...]:
    """Where groups of classes start: the too small, and the others halved by the records they hold."""
    enough = [item for item in sizes if item.size >= boundary]
    seen = list(accumulate(item.records for item in enough))
    middle = [item.size for item, before in zip(enough[1:], seen, strict=False) if 2 * before >= seen[-1]]
    return tuple(sorted({1, boundary, *middle[:1]}))


def _combination_risks(discovery: Discovery | None) -> tuple[CombinationRisk, ...]:
    if discovery is None:
        return ()
    found = sorted(
        (*discovery.unique, *discovery.almost_unique),
        key=lambda one: (len(one.columns), -one.unique_rows, one.columns),
    )
    return tuple(map(_risk, found[:DISCOVERED]))


def _risk(one: Combination) -> CombinationRisk:
    unique = Combination(one.columns, one.rows, one.unique_rows, 0, 0).distinction
    return CombinationRisk(one.columns, unique, one.distinction, one.separation)


def _steps(proposal: Proposal) -> tuple[tuple[str, str], ...]:
    """Columns and the level that each is generalised to; local recoding has no such level."""
    if proposal.ladders:
        return tuple((column, "a level of its own in each class") for column in recoded_columns(proposal))
    pairs = zip(proposal.quasi_identifiers, proposal.levels, strict=True)
    steps = ((column, describe_level(column, level).removeprefix(f"{column} to ")) for column, level in pairs)
    return tuple((column, level) for column, level in steps if level)


def _mending(proposal: Proposal) -> Mending:
    return Mending(
        description=describe(proposal),
        steps=_steps(proposal),
        k=proposal.k,
        classes=proposal.classes,
        suppressed_records=proposal.suppressed,
        suppressed=proposal.suppression,
        loss=Fraction(math.ceil(proposal.loss.generalised * 1000), 1000),
        is_least=proposal.least,
    )
