"""Laws of local recoding: what is written keeps every demand, whatever the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.hierarchies import Hierarchy, hierarchy_from_csv
from gatecli.anonymity.hierarchy_proposals import proposed_hierarchies
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.local_recoding import recode, write_boxes
from gatecli.model.anonymity import Scale, Thresholds
from tests.property.strategies import anonymity_demands
from tests.support.anonymity_tables import IBIS_WARNS, meets, rows_of, table_of
from tests.support.examples import share

pytestmark = IBIS_WARNS

FEW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = {
    "age": "int64",
    "height": "float64",
    "born": "date",
    "city": "string",
    "illness": "string",
    "pay": "int64",
}
CITIES = "Bern;west;*\nGenf;west;*\nWien;east;*\nLinz;east;*\nGraz;east;*\n"
QUASI, SENSITIVE = ("age", "height", "born", "city"), ("illness", "pay")
SCALES = {"illness": Scale.CATEGORICAL, "pay": Scale.NUMERIC}

records = st.lists(
    st.tuples(
        st.none() | st.integers(-3, 40),
        st.none() | st.sampled_from([-0.0, 0.0, 0.1, 1.5, 1e9]),
        st.none() | st.dates(date(2019, 12, 28), date(2020, 3, 3)),
        st.none() | st.sampled_from(["Bern", "Genf", "Wien", "Linz", "Graz"]),
        st.none() | st.sampled_from(["flu", "cold", "gout"]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=40,
)
demands = anonymity_demands(average_risk=st.none() | st.sampled_from([Fraction(2, 5), Fraction(1, 2)]))


def table(rows: Sequence[tuple[Any, ...]]) -> Any:
    return table_of(dict(zip(KINDS, map(list, zip(*rows, strict=True)), strict=True)), KINDS)


def ladders(source: Any) -> list[Hierarchy]:
    return [*proposed_hierarchies(source, QUASI[:3]), hierarchy_from_csv("city", CITIES)]


def write_recoded(source: Any, thresholds: Thresholds) -> Any:
    base = fetch(source, ladders(source), SENSITIVE, SCALES)
    found = recode(base, thresholds)
    return None if found is None else write_boxes(source, base, found)


def classes(rows: Sequence[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[name] for name in QUASI) for row in rows)


def sorted_texts(rows: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(map(repr, rows))


@given(records, demands | st.builds(Thresholds, k=st.integers(1, 4)))
@settings(FEW, max_examples=share(60))
def test_what_is_recoded_keeps_every_demand_and_every_row(
    rows: list[tuple[Any, ...]], thresholds: Thresholds
) -> None:
    source = table(rows)
    written = write_recoded(source, thresholds)
    found = recode(fetch(source, ladders(source), SENSITIVE, SCALES), thresholds)
    assert (written is None) == (found is None)
    if written is None or found is None:
        return
    recoded = rows_of(written)
    assert Counter((row["illness"], row["pay"]) for row in recoded) == Counter(row[-2:] for row in rows)
    assert meets(recoded, QUASI, SENSITIVE, thresholds)
    assert sorted(classes(recoded).values()) == sorted(found.sizes.tolist())
    risk = thresholds.average_risk
    assert risk is None or Fraction(len(found.sizes), len(rows)) <= risk


@given(records, st.integers(1, 4))
@settings(FEW, max_examples=share(20))
def test_an_interval_holds_the_values_that_it_stands_for(rows: list[tuple[Any, ...]], k: int) -> None:
    numbered = [(*row[:4], "x", at) for at, row in enumerate(rows)]
    source = table(numbered)
    written = write_recoded(source, Thresholds(k=k))
    for row in [] if written is None else rows_of(written):
        age, shown = rows[row["pay"]][0], row["age"]
        if shown in (None, "*"):
            assert shown == "*" or age is None
        elif isinstance(shown, str) and shown.startswith("["):
            low, high = shown.strip("[)").split(", ")
            assert float(low) <= age < float(high)
        elif isinstance(shown, str) and shown.startswith("<"):
            assert age < float(shown[1:])
        elif isinstance(shown, str) and shown.startswith(">="):
            assert age >= float(shown[2:])
        else:
            assert int(shown) == age


@given(records, st.integers(1, 4))
@settings(FEW, max_examples=share(15))
def test_the_order_of_the_rows_changes_nothing(rows: list[tuple[Any, ...]], k: int) -> None:
    first, second = (write_recoded(source, Thresholds(k=k)) for source in (table(rows), table(rows[::-1])))
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert sorted_texts(rows_of(first)) == sorted_texts(rows_of(second))


@given(records, st.integers(1, 4))
@settings(FEW, max_examples=share(15))
def test_no_cut_that_is_allowed_is_left_at_a_median(rows: list[tuple[Any, ...]], k: int) -> None:
    """A box of ages alone in which both sides of some cut hold 2k − 1 rows is never left whole."""
    source = table([(row[0], None, None, None, None, 0) for row in rows])
    found = recode(fetch(source, ladders(source), (), {}), Thresholds(k=k))
    assert (found is None) == (len(rows) < k)
    if found is not None:
        values = Counter(row[0] for row in rows)
        most = max(values.values())
        assert int(found.sizes.max()) <= max(2 * (k - 1) + most, len(rows) if len(values) == 1 else 0)
        assert float(np.asarray(found.sizes).min()) >= k
