"""SUDA, DIS and DIS-SUDA against brute force over all sets of columns, and against published figures.

Public tools differ, and so would a user's comparison with them:

- sdcMicro (R, `suda2`) always searches for sets of all sizes and takes no set that holds a missing value.
  Its DIS-SUDA is ours where the search is complete, or leaves out only the set of all columns. As its later
  source reads, n₁ of DIS counts a unique only where no other record has its hash, which makes DIS too small.
- Up to version 5.0.2, and with `original_scores=FALSE`, sdcMicro scales scores otherwise (1.75 for 6, 3.25
  for 12): not by a constant, so that DIS-SUDA and contributions differ too.
- Its version 5.3.0 left out a column that changes together with another one, issue 275.
- ARX multiplies up to one factor less than Elliot et al. 2005: all scores of a table are smaller by the
  factor ATT − M where M < ATT − 1, and contributions are the same.
- The package `suda` (Python, 0.2.2) scores every unique set, not only the minimal ones: 22 where the
  practice guide has 12. Its DIS-SUDA of that table came out as 0 for every record.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest

from gatecli.anonymity.suda import data_intrusion, dis_suda, suda, weight_of
from gatecli.model.anonymity import AnonymityQuestion, Missing
from gatecli.model.anonymity_risks import SudaScores
from tests.support.tables import opened

Columns = list[list[Any]]
COLUMNS, ROWS = range(1, 9), (1, 2, 3, 12, 40, 300)
FRACTIONS = (Fraction(1, 1000), Fraction(1, 20), Fraction(99, 100), Fraction(1))


@dataclass(frozen=True)
class Definition:
    """What the papers define, of every record."""

    scores: list[int]
    minimal: list[tuple[int, ...]]
    contributions: list[Fraction]
    dis: Fraction
    dis_suda: list[Decimal]


def alone(columns: Columns, chosen: tuple[int, ...]) -> set[int]:
    """The records that no other record agrees with on `chosen`."""
    keys = list(zip(*(columns[at] for at in chosen), strict=True))
    many = Counter(keys)
    return {record for record, key in enumerate(keys) if many[key] == 1}


def minimal_uniques(columns: Columns, size: int) -> list[tuple[int, tuple[int, ...]]]:
    """Every record with each of its minimal sample uniques."""
    sets = [each for many in range(1, size + 1) for each in combinations(range(len(columns)), many)]
    unique = {each: alone(columns, each) for each in sets}
    return [
        (record, each)
        for each in sets
        for record in unique[each]
        if not any(record in unique[part] for part in combinations(each, len(each) - 1) if part)
    ]


def weight(size: int, largest: int, attributes: int) -> int:
    """Elliot et al. 2005: (ATT − k)(ATT − k − 1) … (ATT − M), without a factor of 0."""
    product = 1
    for factor in range(attributes - size, max(attributes - largest, 1) - 1, -1):
        product *= factor
    return product


def by_definition(columns: Columns, size: int, fraction: Fraction) -> Definition:
    """Brute force. Uniques that only larger sets make unique weigh 1 in DIS-SUDA, the empty product."""
    attributes, largest = len(columns), min(size, len(columns))
    found = minimal_uniques(columns, largest)
    scores, shares = [0] * len(columns[0]), [0] * attributes
    for record, chosen in found:
        worth = weight(len(chosen), largest, attributes)
        scores[record] += worth
        for at in chosen:
            shares[at] += worth
    classes = Counter(Counter(zip(*columns, strict=True)).values())
    correct, pairs = fraction * classes[1], 2 * (1 - fraction) * classes[2]
    dis = correct / (correct + pairs) if classes[1] else Fraction(0)
    uniques = alone(columns, tuple(range(attributes)))
    return Definition(
        scores,
        [chosen for _, chosen in found],
        [Fraction(share, sum(scores) or 1) for share in shares],
        dis,
        spread([max(scores[record], 1) for record in sorted(uniques)], attributes, dis),
    )


def spread(scores: list[int], attributes: int, dis: Fraction) -> list[Decimal]:
    """Elliot and Manning 2003: of n ÷ DIS matches n are right, each record's wrong ones are by its score."""
    with localcontext(prec=40):
        power = Decimal(28 - attributes) / 20
        inverse = [(-power * Decimal(score).ln()).exp() for score in scores]
        wrong = len(scores) * (1 / dis - 1) if scores else Fraction(0)
        each = [Decimal(wrong.numerator) / wrong.denominator * one / sum(inverse) for one in inverse]
        return [1 / (1 + one) for one in each]


def scored(columns: Columns, size: int = 3, fraction: Fraction | None = None, **question: Any) -> SudaScores:
    names = tuple(f"c{at}" for at in range(len(columns)))
    table = opened(dict(zip(names, columns, strict=True)))
    return suda(table, AnonymityQuestion(names, sampling_fraction=fraction, **question), size)


def drawn(source: random.Random, kind: str) -> Columns:
    """Skewed columns of few to many values; `kind` says what is special about them."""
    width, rows = source.choice(COLUMNS), source.choice(ROWS)
    columns: Columns = []
    for _ in range(width):
        values = [f"v{at}" for at in range(source.choice([1, 2, 2, 3, 5, 10, 40]))]
        shares = [source.random() ** 3 + 0.01 for _ in values]
        columns.append(source.choices(values, shares, k=rows))
    return SPECIAL[kind](columns)


def missing(columns: Columns) -> Columns:
    return [[None if at % 5 == 0 else value for at, value in enumerate(column)] for column in columns]


SPECIAL: dict[str, Callable[[Columns], Columns]] = {
    "skewed": lambda columns: columns,
    "missing": missing,
    "duplicated": lambda columns: [column + column[: len(column) // 2 + 1] for column in columns],
    "no unique": lambda columns: [column * 2 for column in columns],
    "all unique": lambda columns: [*columns[1:], [f"{at}" for at in range(len(columns[0]))]],
    "constant": lambda columns: [*columns[1:], ["x"] * len(columns[0])],
    "twins": lambda columns: [*columns, columns[0]][-8:],
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_every_figure_is_that_of_the_definition(kind: str) -> None:
    source = random.Random(f"suda {kind}")  # noqa: S311 - test data, no secret
    for _ in range(12):
        columns, size, fraction = drawn(source, kind), source.randint(1, 4), source.choice(FRACTIONS)
        found, truth = scored(columns, size, fraction), by_definition(columns, size, fraction)
        sizes = Counter(map(len, truth.minimal))
        assert Counter(dict(found.scores)) == Counter(truth.scores)
        assert found.minimal_uniques == tuple(sizes[many] for many in range(1, found.max_size + 1))
        assert [each.contribution for each in found.attributes] == truth.contributions
        assert [each.minimal_uniques for each in found.attributes] == [
            sum(at in chosen for chosen in truth.minimal) for at in range(len(columns))
        ]
        assert (found.dis, found.sample_uniques) == (truth.dis, len(truth.dis_suda))
        assert found.dis_max == pytest.approx(float(max(truth.dis_suda, default=0)), rel=1e-12)
        assert found.dis_scores is not None
        assert sum(found.dis_scores) == len(truth.dis_suda)


def only_by_all(width: int) -> Columns:
    """Records of which each differs from some other in one column only, the last record twice."""
    rows = [[record >> at & 1 for at in range(width)] for record in range(2**width)]
    return [[f"{row[at]}" for row in [*rows, rows[-1]]] for at in range(width)]


def test_dis_suda_of_a_bounded_search_is_the_complete_one_s_where_only_the_set_of_all_is_left() -> None:
    """The set of all columns weighs 1 in the complete search too, so nothing is lost: as sdcMicro."""
    columns, fraction = only_by_all(4), Fraction(1, 10)
    columns[0][3] = "alone"
    bounded, complete = scored(columns, 3, fraction), scored(columns, 4, fraction)
    assert (bounded.unscored_uniques, complete.unscored_uniques) == (11, 0)
    assert bounded.dis_scores == complete.dis_scores
    assert bounded.dis_max == complete.dis_max


def test_a_bounded_search_that_finds_nothing_does_not_call_uniques_safe() -> None:
    found = scored(only_by_all(4), 2, Fraction(1, 10))
    assert (found.special_uniques, found.unscored_uniques, found.max_score) == (0, 15, 0)
    assert found.dis is not None
    assert found.dis_max == pytest.approx(float(found.dis))
    assert found.as_mapping()["unscoredUniques"] == 15


def test_what_a_larger_set_weighs_is_the_empty_product() -> None:
    assert [weight_of(size + 1, size, 8) for size in (1, 2, 3, 4)] == [1, 1, 1, 1]


@pytest.mark.parametrize("attributes", [1, 4, 8, 27])
def test_the_harmonic_mean_of_dis_suda_is_dis(attributes: int) -> None:
    """Elliot and Manning 2003: DIS is the share of correct matches, whoever the records are."""
    scores, dis = [(1, 3), (7, 2), (210, 5)], Fraction(2, 7)
    found = dis_suda(scores, attributes, dis)
    matches = sum(many / one for (_, many), one in zip(scores, found, strict=True))
    assert 10 / matches == pytest.approx(float(dis), rel=1e-12)
    assert found == sorted(found)


def test_dis_suda_is_not_estimated_where_a_higher_score_would_lower_it() -> None:
    """The exponent 1 + (8 − ATT) ÷ 20 is 0 at 28 attributes; sdcMicro's order turns round above."""
    rows = ["x", "y", "z", "z", "w", "w"]
    most, more = (scored([rows] * many, 1, Fraction(1, 2)) for many in (27, 28))
    assert most.dis_max is not None
    assert (more.dis, more.dis_max, more.dis_scores) == (most.dis, None, None)


@pytest.mark.parametrize("policy", [Missing.OWN_VALUE, Missing.REFUSE])
def test_a_missing_value_is_a_value_of_its_own(policy: Missing) -> None:
    """None is found by sdcMicro, which takes no set with a missing value."""
    found = scored([["a", "a", None], ["b", "b", "b"]], missing=policy)
    assert found.minimal_uniques == (1, 0)


GUIDE: Columns = [
    ["urban"] * 4 + ["rural"] + ["urban"] * 5,
    list("fffmfmfmff"),
    ["s-", "s-", "p-", "s", "s", "s", "p", "post", "s-", "s-"],
    ["emp", "emp", "non", "emp", "un", "emp", "non", "un", "non", "non"],
]
"""World Bank, "Statistical Disclosure Control for Microdata: A Practice Guide", table 4.5."""

BOOK: Columns = [
    ["20s"] * 7 + ["60s"],
    ["male"] * 4 + ["female"] * 3 + ["male"],
    ["50k+"] * 2 + ["50k-"] * 6,
    ["high"] * 4 + ["university", "high", "middle", "university"],
]
"""Templ, "Statistical Disclosure Control for Microdata", 2017; the scores as in sdcMicro's tests."""

ISSUE_275: Columns = [list("211"), list("030"), list("060")]
"""Issue 275 of sdcMicro, and its tests since: 25 % for the last column was wrong, 37.5 % is right."""

ISSUE_356: Columns = [list("ABACBAB"), list("XXYZYXZ"), list("PQQRRPQ")]
"""Issue 356 of sdcMicro: scores and contributions as it printed them."""


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(
    ("columns", "scores"),
    [
        (GUIDE, [0, 0, 6, 0, 12, 0, 6, 10, 0, 0]),
        (BOOK, [0, 0, 0, 0, 4, 2, 6, 8]),
        (ISSUE_356, [0, 2, 3, 3, 3, 0, 2]),
    ],
)
def test_published_scores_are_found(columns: Columns, scores: list[int], size: int) -> None:
    assert by_definition(columns, size, Fraction(1)).scores == scores
    assert Counter(dict(scored(columns, size).scores)) == Counter(scores)


@pytest.mark.parametrize(
    ("columns", "percent"),
    [(ISSUE_275, [50, 37.5, 37.5]), (ISSUE_356, [61.53846, 69.23077, 53.84615])],
)
def test_published_contributions_are_found(columns: Columns, percent: list[float]) -> None:
    found = [float(100 * each.contribution) for each in scored(columns).attributes]
    assert found == pytest.approx(percent, abs=5e-6)


def test_published_dis_suda_scores_are_found() -> None:
    """Issue 74 of sdcMicro prints the guide's column to nine places, of the older scores of issue 226, with
    its default sampling fraction 0.01.
    """
    dis = data_intrusion(4, 3, Fraction(1, 100))
    found = dis_suda([(1.75, 2), (2.75, 1), (3.25, 1)], 4, dis)
    assert found == pytest.approx([0.005120313, 0.008775093, 0.010702061], abs=5e-10)
