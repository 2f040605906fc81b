"""Laws of the bound: what is no suspect is not worse than a class of one value."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity import exact
from gatecli.anonymity.candidate_classes import SuspectBounds, bounds
from gatecli.anonymity.exact import ClassCounts
from gatecli.model.anonymity import Scale

# Classes by code of the sensitive value, some of one value: how often each class holds each.
VALUES = st.integers(0, 5)
PURE = st.dictionaries(VALUES, st.integers(1, 9), min_size=1, max_size=1)
SEVERAL = st.dictionaries(VALUES, st.integers(1, 40), min_size=2, max_size=6)
CLASSES = st.lists(st.one_of(PURE, SEVERAL, SEVERAL), min_size=1, max_size=8).filter(
    lambda classes: any(len(counts) == 1 for counts in classes)
)


def is_suspect(item: ClassCounts, shares: Counter[int], limits: SuspectBounds) -> bool:
    low, high = limits.nearest or (0, len(shares))
    holds = any(shares[code] < limits.rarest or not low <= code <= high for code in item.counts)
    return holds or item.weight > limits.weight


def renumbered(classes: list[dict[int, int]]) -> list[dict[int, int]]:
    """With the codes 0, 1, 2 …, all of them used."""
    codes = {code: at for at, code in enumerate(sorted({code for counts in classes for code in counts}))}
    return [{codes[code]: n for code, n in counts.items()} for counts in classes]


def split(classes: list[dict[int, int]]) -> tuple[Counter[int], list[int], list[ClassCounts]]:
    """The counts of the table, the values of classes of one value, and the classes of several."""
    known = renumbered(classes)
    shares: Counter[int] = Counter()
    for counts in known:
        shares.update(counts)
    alone = sorted({next(iter(counts)) for counts in known if len(counts) == 1})
    alike = [alone[0], alone[-1], min(alone, key=lambda code: shares[code])]
    several = [ClassCounts(counts, sum(counts.values())) for counts in known if len(counts) > 1]
    return shares, alike, several


@given(CLASSES)
def test_what_is_no_suspect_is_not_worse_on_a_numeric_scale(classes: list[dict[int, int]]) -> None:
    shares, alike, several = split(classes)
    limits = bounds(Scale.NUMERIC, alike, shares)
    assert limits is not None
    pure = [ClassCounts({code: 1}, 1) for code in alike]
    farthest = max(exact.ordered_distance(item, shares) for item in pure)
    for item in several:
        if not is_suspect(item, shares, limits):
            assert exact.ordered_distance(item, shares) <= farthest


@given(CLASSES)
def test_what_is_no_suspect_is_not_worse_by_any_measure_of_shares(classes: list[dict[int, int]]) -> None:
    shares, alike, several = split(classes)
    limits = bounds(Scale.CATEGORICAL, alike, shares)
    assert limits is not None
    pure = [ClassCounts({code: 1}, 1) for code in alike]
    measures = (exact.total_variation, exact.basic_beta, exact.delta_disclosure)
    worst = [max(measure(item, shares) for item in pure) for measure in measures]
    for item in several:
        if not is_suspect(item, shares, limits):
            assert all(measure(item, shares) <= most for measure, most in zip(measures, worst, strict=True))
            assert exact.entropy_l(item) >= 1
            assert exact.alpha(item) <= 1


def test_every_class_is_suspect_where_none_is_of_one_value() -> None:
    assert bounds(Scale.NUMERIC, [], {0: 1, 1: 1}) is None


def test_every_class_is_suspect_where_the_distance_follows_a_tree() -> None:
    assert bounds(Scale.HIERARCHICAL, [0], {0: 1, 1: 1}) is None
