"""Special uniques: which records stand out by few of their quasi-identifiers, and how much.

A minimal sample unique of a record is a set of attributes whose values no other record shares, while
some other record shares those of each smaller set. Definitions and scores follow Elliot, Manning and
Ford, "A Computational Algorithm for Handling the Special Uniques Problem", International Journal of
Uncertainty, Fuzziness and Knowledge-Based Systems 10(5), 2002, and Elliot, Manning, Mayes, Gurd and
Bane, "SUDA: A Program for Detecting Special Uniques", UNECE/Eurostat work session on statistical data
confidentiality, 2005. The problem is that of SUDA2 (Manning, Haglin and Keane, "A Recursive Search
Algorithm for Statistical Disclosure Assessment", Data Mining and Knowledge Discovery 16(2), 2008); the
walk is ours: every set after its subsets, by refining partitions of the rows that are not yet alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.contingency import fetch_cells
from gatecli.anonymity.dictionary_encoding import prepare_columns
from gatecli.anonymity.discovery.partitions import Codes, Partition, encode_column, integers, refine_partition
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing
from gatecli.model.anonymity_risks import SudaAttribute, SudaScores

MAX_SIZE = 3
LARGEST_SIZE = 4
"""Larger sets say little about a record's risk, and their number explodes."""

COMBINATIONS = 20_000

LEAST_SCORE = 1
"""What one minimal sample unique weighs that is larger than the search looks for: `weight_of` it."""

MOST_SPREAD = 27
"""Attributes up to which DIS-SUDA has a positive exponent: with more, a higher score would lower it."""

Bits = NDArray[np.uint8]


def suda(opened: OpenedTable, question: AnonymityQuestion, max_size: int = MAX_SIZE) -> SudaScores:
    """The minimal sample uniques of at most `max_size` quasi-identifiers, as distributions.

    A missing value counts as a value. DIS-SUDA needs the question's sampling fraction, and at most
    `MOST_SPREAD` quasi-identifiers. Raises UsageError for a size outside 1 … 4 and for questions without a
    definition (a unit, missing values that may be anything), NothingToCheckError for no rows,
    UncheckableError where it would not end.
    """
    names = question.quasi_identifiers
    _refuse(question, max_size)
    require_columns(opened.name, opened.columns, names)
    size = min(max_size, len(names))
    if sum(comb(len(names), each) for each in range(1, size + 1)) > COMBINATIONS:
        raise UncheckableError(
            f"{opened.name}: {len(names)} quasi-identifiers have too many combinations of up to {size}",
            advice="give a smaller size, or fewer quasi-identifiers",
        )
    with computing(opened):
        codes, counts = _classes(opened, question)
    return _score_classes(names, codes, counts, size, question.sampling_fraction)


def _refuse(question: AnonymityQuestion, max_size: int) -> None:
    if not question.quasi_identifiers:
        raise UsageError("no quasi-identifier is named", advice="name the columns that others may know")
    if not 1 <= max_size <= LARGEST_SIZE:
        raise UsageError(
            f"minimal sample uniques of {max_size} attributes are not searched for",
            advice=f"give a size from 1 to {LARGEST_SIZE}",
        )
    if question.unit is not None:
        raise UsageError(
            "SUDA scores count records, not units", advice="score a table with one record for each unit"
        )
    if question.missing is Missing.WILDCARD:
        raise UsageError(
            "SUDA scores are not defined where a missing value may be anything",
            advice="choose own-value for missing values",
        )


def _classes(opened: OpenedTable, question: AnonymityQuestion) -> tuple[list[Codes], Codes]:
    """The classes of all quasi-identifiers as codes, and how many records each holds."""
    columns = [f"q{at}" for at in range(len(question.quasi_identifiers))]
    classes = fetch_cells(opened, prepare_columns(opened, question), columns, None)
    return [encode_column(classes[name]) for name in columns], integers(classes["n"])


@dataclass(slots=True)
class _Tally:
    """What was found so far; `scores` by row, the others by size and by attribute."""

    weights: Sequence[int]
    scores: Codes
    by_size: list[int]
    by_attribute: list[int]
    shares: list[int]
    unique: dict[int, Bits] = field(default_factory=dict)

    def add(self, columns: tuple[int, ...], rows: Codes) -> None:
        """`columns` are a minimal sample unique of each of `rows`."""
        weight = self.weights[len(columns) - 1]
        self.scores[rows] += weight
        self.by_size[len(columns) - 1] += len(rows)
        for column in columns:
            self.by_attribute[column] += len(rows)
            self.shares[column] += len(rows) * weight


def weight_of(size: int, max_size: int, attributes: int) -> int:
    """The score of one minimal sample unique of `size` attributes: Π (ATT − i), i from its size to the
    largest size that is searched for (Elliot et al. 2005); i ends below ATT, where the product would be 0.
    """
    return prod(attributes - i for i in range(size, min(max_size, attributes - 1) + 1))


def _score_classes(
    names: Sequence[str], classes: Sequence[Codes], counts: Codes, size: int, fraction: Fraction | None
) -> SudaScores:
    """Of a class with several records two are enough: none of them is ever alone."""
    rows = np.repeat(np.arange(len(counts)), np.minimum(counts, 2))
    tally = _Tally(
        [weight_of(each, size, len(names)) for each in range(1, size + 1)],
        np.zeros(len(rows), np.int64),
        [0] * size,
        [0] * len(names),
        [0] * len(names),
    )
    for columns, found in _minimal([codes[rows] for codes in classes], len(rows), size, tally.unique):
        tally.add(columns, found)
    records, alone = int(counts.sum()), int((counts == 1).sum())
    values, held = np.unique(tally.scores[tally.scores > 0], return_counts=True)
    positive = [(int(score), int(many)) for score, many in zip(values, held, strict=True)]
    others = records - int(held.sum())
    total = sum(score * many for score, many in positive) or 1
    dis = None if fraction is None else data_intrusion(alone, int((counts == 2).sum()), fraction)
    uniques = _uniques(positive, alone)
    spread = None if dis is None or len(names) > MOST_SPREAD else dis_suda(uniques, len(names), dis)
    return SudaScores(
        records=records,
        sample_uniques=alone,
        max_size=size,
        minimal_uniques=tuple(tally.by_size),
        scores=((0, others), *positive) if others else tuple(positive),
        attributes=tuple(
            SudaAttribute(name, many, Fraction(share, total))
            for name, many, share in zip(names, tally.by_attribute, tally.shares, strict=True)
        ),
        dis=dis,
        dis_scores=None if spread is None else _tenths(spread, [many for _, many in uniques]),
        dis_max=None if spread is None else max(spread, default=0.0),
    )


def _uniques(scored: Sequence[tuple[int, int]], alone: int) -> list[tuple[int, int]]:
    """The scores of all `alone` sample uniques, those too that only larger sets make unique."""
    left = alone - sum(many for _, many in scored)
    return [*([(LEAST_SCORE, left)] if left else []), *scored]


def _minimal(
    codes: Sequence[Codes], number: int, depth: int, unique: dict[int, Bits]
) -> Iterator[tuple[tuple[int, ...], Codes]]:
    """Sets of columns, each after its subsets, with the rows that they are minimal uniques of.

    `unique` holds, by set, one bit a row: whether the row is alone by it. A set under which all rows are
    alone is left out, and so are its supersets, which are minimal for none.
    """
    cardinalities = [int(column.max()) + 1 for column in codes]

    def below(columns: tuple[int, ...], parent: Partition) -> Iterator[tuple[tuple[int, ...], Codes]]:
        for at in range(len(codes) - 1, columns[-1] if columns else -1, -1):
            grown = (*columns, at)
            others = [_mask(grown) & ~(1 << column) for column in columns]
            if any(other and other not in unique for other in others):
                continue
            partition = refine_partition(parent, codes[at], cardinalities[at])
            shared = np.zeros(number, bool)
            shared[partition.rows] = True
            fresh = parent.rows[~shared[parent.rows]]
            for other in others:
                fresh = fresh[~_is_set(unique[other], fresh)] if other else fresh
            yield grown, fresh
            if len(partition.rows) and len(grown) < depth:
                unique[_mask(grown)] = np.packbits(~shared)
                yield from below(grown, partition)

    together = Partition(np.arange(number), np.zeros(number, np.int64), np.array([number]), 0)
    yield from below((), together)


def _mask(columns: Sequence[int]) -> int:
    return sum(1 << column for column in columns)


def _is_set(bits: Bits, rows: Codes) -> NDArray[np.bool_]:
    return np.asarray(bits[rows >> 3] >> (7 - (rows & 7)) & 1, bool)


def data_intrusion(uniques: int, pairs: int, fraction: Fraction) -> Fraction:
    """DIS, the probability that a unique match between the table and the population is correct, for a
    simple random sample: π n₁ ÷ (π n₁ + 2 (1 − π) n₂), n₁ classes of one record, n₂ of two (Skinner and
    Elliot, "A Measure of Disclosure Risk for Microdata", JRSS B 64(4), 2002). 0 without a unique.
    """
    correct = fraction * uniques
    return correct / (correct + 2 * (1 - fraction) * pairs) if uniques else Fraction(0)


def dis_suda(scores: Sequence[tuple[float, int]], attributes: int, dis: Fraction) -> list[float]:
    """DIS-SUDA of each score: DIS spread over the sample uniques by their scores. Their harmonic mean is
    DIS, equal scores get DIS itself.

    `scores` are pairs of a score above 0 and the sample uniques that have it. Elliot and Manning, "Using
    DIS to Modify the Classification of Special Uniques", UNECE/Eurostat work session on statistical data
    confidentiality, 2003, with the exponent 1 + (8 − attributes) ÷ 20 that sdcMicro (`suda2`) uses.
    """
    power = 1 + (8 - attributes) / 20
    inverse = [float(score) ** -power for score, _ in scores]
    total = sum(many * each for (_, many), each in zip(scores, inverse, strict=True))
    wrong = sum(many for _, many in scores) * (1 / dis - 1) if scores else Fraction(0)
    return [1 / (1 + float(wrong) * each / total) for each in inverse]


def _tenths(spread: Sequence[float], records: Sequence[int]) -> tuple[int, ...]:
    """Records by tenths of a share; 1 is in the last."""
    places = [min(9, int(10 * share)) for share in spread]
    found: Any = np.bincount(places, weights=records, minlength=10) if places else np.zeros(10)
    return tuple(int(many) for many in found)
