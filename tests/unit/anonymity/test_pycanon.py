"""pycanon as an oracle: where it agrees, and where it does not, with the definition that decides.

The first halves of these pairs keep us honest about the nine classic measures; the second halves
document what a user who compares the two tools will see.
"""

from __future__ import annotations

import importlib
import math
import random
import warnings
from types import ModuleType
from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.model.anonymity import AnonymityQuestion, Measures, Scale, SensitiveMeasures
from tests.support.tables import Columns, opened

QUASI = ["age", "zip"]


@pytest.fixture(name="pycanon", scope="module")
def peer() -> ModuleType:
    return importlib.import_module("pycanon.anonymity")


def drawn(seed: int, rows: int = 300) -> dict[str, list[Any]]:
    """A table without missing values, whose classes are of many sizes."""
    source = random.Random(seed)  # noqa: S311 - test data, no secret
    return {
        "age": [source.choice([20, 30, 40, 50]) for _ in range(rows)],
        "zip": [source.choice(["01", "02", "03"]) for _ in range(rows)],
        "disease": [source.choice(["flu", "flu", "flu", "cold", "gout", "rare"]) for _ in range(rows)],
        "income": [source.choice([10, 20, 20, 30, 500]) for _ in range(rows)],
    }


def frame(columns: Columns) -> Any:
    import pandas  # noqa: PLC0415, ICN001 - heavy, and only the oracle needs it

    return pandas.DataFrame(columns)


def ours(columns: Columns, sensitive: str) -> tuple[Measures, SensitiveMeasures]:
    table = opened(columns, {"age": "int64", "income": "int64"})
    scales = {"income": Scale.NUMERIC} if sensitive == "income" else {}
    found = measure(table, AnonymityQuestion(tuple(QUASI), (sensitive,), scales=scales))
    return found, found.by_sensitive[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sensitive", ["disease", "income"])
def test_both_agree_on_complete_tables(pycanon: ModuleType, seed: int, sensitive: str) -> None:
    columns = drawn(seed)
    table, values = ours(columns, sensitive)
    theirs = (frame(columns), QUASI, [sensitive])
    assert pycanon.k_anonymity(*theirs[:2]) == table.k
    assert pycanon.alpha_k_anonymity(*theirs)[0] == pytest.approx(float(values.alpha))
    assert pycanon.l_diversity(*theirs) == values.l
    assert pycanon.t_closeness(*theirs) == pytest.approx(float(values.t))
    assert pycanon.basic_beta_likeness(*theirs) == pytest.approx(float(values.basic_beta))
    assert pycanon.delta_disclosure(*theirs) == pytest.approx(float(values.delta_disclosure))


def test_entropy_l_is_not_truncated(pycanon: ModuleType) -> None:
    """e^H of shares ⅔ and ⅓ is 1.89: pycanon says 1, and 1 for exactly 2 where floats fall short."""
    columns: Columns = {"age": [1, 1, 1], "zip": ["0"] * 3, "disease": ["a", "a", "b"], "income": [1, 1, 1]}
    _, values = ours(columns, "disease")
    assert pycanon.entropy_l_diversity(frame(columns), QUASI, ["disease"]) == 1
    assert float(values.entropy_l) == pytest.approx(3 / 2 ** (2 / 3))


def test_recursive_diversity_sorts_the_counts_in_descending_order(pycanon: ModuleType) -> None:
    """Counts 4, 1: r₁ ÷ r₂ = 4 (Machanavajjhala et al. 2007); pycanon starts from the smallest."""
    columns: Columns = {"age": [1] * 5, "zip": ["0"] * 5, "disease": [*"aaaab"], "income": [1] * 5}
    _, values = ours(columns, "disease")
    assert values.recursive_c == 4
    assert pycanon.recursive_c_l_diversity(frame(columns), QUASI, ["disease"])[0] == 1


def test_rows_with_a_missing_quasi_identifier_are_not_dropped(pycanon: ModuleType) -> None:
    """The row that misses its code is alone; pycanon does not see it."""
    columns: Columns = {"age": [1, 1, 1], "zip": ["0", "0", None], "disease": [*"aba"], "income": [1, 1, 1]}
    table, _ = ours(columns, "disease")
    assert (table.k, pycanon.k_anonymity(frame(columns), QUASI)) == (1, 2)


def test_a_constant_numeric_attribute_is_at_distance_zero(pycanon: ModuleType) -> None:
    """Pycanon divides by m − 1 = 0."""
    columns: Columns = {"age": [1, 2], "zip": ["0", "0"], "disease": [*"ab"], "income": [7, 7]}
    _, values = ours(columns, "income")
    assert values.t == 0
    with pytest.raises(ZeroDivisionError):
        pycanon.t_closeness(frame(columns), QUASI, ["income"])


def test_an_index_of_the_frame_means_nothing(pycanon: ModuleType) -> None:
    """Pycanon takes labels for positions."""
    columns: Columns = {"age": [1, 1, 2, 2], "zip": ["0"] * 4, "disease": [*"abab"], "income": [1] * 4}
    relabelled = frame(columns).set_index(frame({"at": [7, 8, 9, 10]})["at"])
    with pytest.raises(IndexError):
        pycanon.l_diversity(relabelled, QUASI, ["disease"])


def test_enhanced_likeness_bounds_every_value_by_its_own_share(pycanon: ModuleType) -> None:
    """(q − p) ÷ p ≤ min(β, −ln p) for each value (Cao and Karras 2012): a class of one value gains
    1 ÷ p − 1 > −ln p, so no β is enough; pycanon gives the minimum over all values instead.
    """
    columns: Columns = {"age": [1, 1, 2, 2], "zip": ["0"] * 4, "disease": [*"aaab"], "income": [1] * 4}
    _, values = ours(columns, "disease")
    assert values.enhanced_beta is None
    assert math.isfinite(pycanon.enhanced_beta_likeness(frame(columns), QUASI, ["disease"]))


def test_both_take_the_natural_logarithm_for_delta(pycanon: ModuleType) -> None:
    """ARX takes log₂, so its δ is 1.44 times as large."""
    columns: Columns = {"age": [1, 1, 2, 2], "zip": ["0"] * 4, "disease": [*"aabb"], "income": [1] * 4}
    _, values = ours(columns, "disease")
    assert float(values.delta_disclosure) == pytest.approx(math.log(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pycanon.delta_disclosure(frame(columns), QUASI, ["disease"])
    assert theirs == pytest.approx(math.log(2))
