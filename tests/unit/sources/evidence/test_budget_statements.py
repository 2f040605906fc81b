"""Tumult, diffprivlib and SmartNoise: what was spent, as black boxes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import Approximate, Pure, Unaccountable, ZeroConcentrated
from tests.support.evidence import accept, accepted, refuse


def test_tumults_budgets_keep_their_definition() -> None:
    assert accepted("tumult", "tumult.json").mechanisms == (
        ZeroConcentrated(rho=Fraction(1, 8)),
        Approximate(epsilon=Fraction(1), delta=Fraction("1e-6")),
        Pure(epsilon=Fraction(1, 2)),
    )


def test_tumult_protects_added_and_removed_rows() -> None:
    assert accepted("tumult", "tumult.json").neighbouring is Neighbouring.ADD_REMOVE


def test_a_single_budget_needs_no_list(tmp_path: Path) -> None:
    assert accept("tumult", tmp_path, {"type": "PureDPBudget", "epsilon": "1/3"}).mechanisms == (
        Pure(epsilon=Fraction(1, 3)),
    )


def test_an_approximate_budget_of_delta_zero_is_pure(tmp_path: Path) -> None:
    budget = {"type": "ApproxDPBudget", "epsilon": 1, "delta": 0}
    assert accept("tumult", tmp_path, budget).mechanisms == (Pure(epsilon=Fraction(1)),)


def test_a_delta_of_one_promises_nothing(tmp_path: Path) -> None:
    budget = {"type": "ApproxDPBudget", "epsilon": 0, "delta": 1}
    assert isinstance(accept("tumult", tmp_path, budget).mechanisms[0], Unaccountable)


@pytest.mark.parametrize(
    "budget",
    [
        {"type": "PureDPBudget"},
        {"type": "PureDPBudget", "epsilon": -1},
        {"type": "PureDPBudget", "epsilon": "inf"},
        {"type": "PureDPBudget", "epsilon": 1, "delta": 1e-6},
        {"type": "ApproxDPBudget", "epsilon": 1, "delta": 1.5},
        {"type": "RhoZCDPBudget", "epsilon": 1},
        {"type": "PrivacyBudget", "epsilon": 1},
        {"type": ["PureDPBudget"], "epsilon": 1},
        {"epsilon": 1},
        [[{"type": "PureDPBudget", "epsilon": 1}]],
        [{"type": "PureDPBudget", "epsilon": 1}, None],
    ],
)
def test_an_impossible_budget_is_refused(budget: object, tmp_path: Path) -> None:
    refuse("tumult", tmp_path, budget)


@pytest.mark.parametrize(
    ("total", "remaining", "spent"),
    [
        (
            {"type": "PureDPBudget", "epsilon": 2},
            {"type": "PureDPBudget", "epsilon": 0.5},
            Pure(epsilon=Fraction("1.5")),
        ),
        (
            {"type": "ApproxDPBudget", "epsilon": 2, "delta": 1e-6},
            {"type": "ApproxDPBudget", "epsilon": 1, "delta": 4e-7},
            Approximate(epsilon=Fraction(1), delta=Fraction("6e-7")),
        ),
        (
            {"type": "RhoZCDPBudget", "rho": 1},
            {"type": "RhoZCDPBudget", "rho": 1},
            ZeroConcentrated(rho=Fraction(0)),
        ),
    ],
)
def test_a_stopped_session_is_what_it_spent(
    total: object, remaining: object, spent: object, tmp_path: Path
) -> None:
    evidence = accept("tumult", tmp_path, {"total": total, "remaining": remaining})
    assert evidence.mechanisms == (spent,)
    assert any("must have been stopped" in note for note in evidence.notes)


@pytest.mark.parametrize(
    "session",
    [
        {
            "total": {"type": "PureDPBudget", "epsilon": 1},
            "remaining": {"type": "PureDPBudget", "epsilon": 2},
        },
        {"total": {"type": "PureDPBudget", "epsilon": 1}, "remaining": {"type": "RhoZCDPBudget", "rho": 0}},
        {
            "total": {"type": "PureDPBudget", "epsilon": "inf"},
            "remaining": {"type": "PureDPBudget", "epsilon": 0},
        },
        {"remaining": {"type": "PureDPBudget", "epsilon": 2}},
        {"total": 1, "remaining": 0},
    ],
)
def test_a_session_that_cannot_be_is_refused(session: object, tmp_path: Path) -> None:
    refuse("tumult", tmp_path, session)


ODOMETER = {
    "privacy_loss": 0.1,
    "output_measure": "MaxDivergence",
    "input_metric": "SymmetricDistance()",
    "d_in": 1,
}


@pytest.mark.parametrize(
    ("changes", "spent"),
    [
        ({}, Pure(epsilon=Fraction(0.1), neighbouring=Neighbouring.ADD_REMOVE)),
        (
            {"privacy_loss": "1/3", "input_metric": "ChangeOneDistance()"},
            Pure(epsilon=Fraction(1, 3), neighbouring=Neighbouring.REPLACE_ONE),
        ),
        (
            {
                "output_measure": "ZeroConcentratedDivergence",
                "privacy_loss": 0.5,
                "input_metric": "L2Distance(f64)",
            },
            ZeroConcentrated(rho=Fraction(1, 2)),
        ),
        (
            {"output_measure": "Approximate(MaxDivergence)", "privacy_loss": [0.5, 1e-6]},
            Approximate(epsilon=Fraction(1, 2), delta=Fraction("1e-6"), neighbouring=Neighbouring.ADD_REMOVE),
        ),
    ],
)
def test_an_odometer_is_what_it_has_seen(changes: dict[str, object], spent: object, tmp_path: Path) -> None:
    evidence = accept("opendp", tmp_path, ODOMETER | changes)
    assert evidence.mechanisms == (spent,)
    assert any("answered so far" in note for note in evidence.notes)


@pytest.mark.parametrize("changes", [{"privacy_loss": None}, {"output_measure": "SmoothedMaxDivergence"}])
def test_a_loss_that_nothing_bounds_is_unaccountable(changes: dict[str, object], tmp_path: Path) -> None:
    [found] = accept("opendp", tmp_path, ODOMETER | changes).mechanisms
    assert isinstance(found, Unaccountable)


@pytest.mark.parametrize(
    "changes",
    [
        {"privacy_loss": -1},
        {"privacy_loss": "nan"},
        {"privacy_loss": [0.5, 1e-6]},
        {"privacy_loss": "1e400"},
        {"output_measure": "Approximate(MaxDivergence)"},
        {"output_measure": 1},
        {"d_in": 0},
        {"d_in": 0.5},
        {"version": None, "epsilon": 1},
    ],
)
def test_a_loss_that_cannot_be_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    refuse("opendp", tmp_path, ODOMETER | changes)


def test_every_spend_of_a_budget_accountant_counts() -> None:
    evidence = accepted("diffprivlib", "diffprivlib.json")
    assert evidence.mechanisms == tuple(Pure(epsilon=Fraction(part)) for part in ("1/2", "1/4", "1/4"))


def test_the_accountants_total_is_what_it_states() -> None:
    assert accepted("diffprivlib", "diffprivlib.json").stated == Budget(Fraction(1), Fraction("1e-6"))


def test_a_ceiling_is_not_what_was_spent(tmp_path: Path) -> None:
    evidence = accept("diffprivlib", tmp_path, {"epsilon": 0.1, "delta": 0, "spent_budget": [[5, 0]]})
    assert evidence.mechanisms == (Pure(epsilon=Fraction(5)),)
    assert evidence.stated is None


def test_an_accountant_without_a_ceiling_writes_null(tmp_path: Path) -> None:
    accept("diffprivlib", tmp_path, {"epsilon": None, "delta": 1.0, "spent_budget": [[1, 1e-6]]})


@pytest.mark.parametrize(
    "content",
    [
        {"spent_budget": []},
        {"spent_budget": [[1]]},
        {"spent_budget": [[1, 0, 0]]},
        {"spent_budget": [1, 0]},
        {"spent_budget": [[-1, 0]]},
        {"spent_budget": [[1, 2]]},
        {"spent_budget": {"0": [1, 0]}},
        {"spent_budget": [[1, 0]], "slack": "nan"},
        {"spent_budget": [[1, 0]], "total": [1]},
        {"spent_budget": [[1, 0]], "total": [-1, 0]},
        {"spent_budget": [[1, 0]], "count": 3},
        {"epsilon": 1, "delta": 0},
    ],
)
def test_an_impossible_accountant_is_refused(content: object, tmp_path: Path) -> None:
    refuse("diffprivlib", tmp_path, content)


def test_every_step_of_an_odometer_counts() -> None:
    assert accepted("smartnoise", "smartnoise.json").mechanisms == (
        Approximate(epsilon=Fraction(1), delta=Fraction("1e-6")),
        Pure(epsilon=Fraction(1, 2)),
        Approximate(epsilon=Fraction(1), delta=Fraction("1e-6")),
    )


def test_a_homogeneous_odometer_counts_its_queries() -> None:
    assert accepted("smartnoise", "smartnoise-homogeneous.json").mechanisms == (
        Approximate(epsilon=Fraction("0.1"), delta=Fraction("1e-7"), count=10),
    )


def test_an_odometers_answer_is_what_it_states() -> None:
    stated = accepted("smartnoise", "smartnoise.json").stated
    assert stated is not None
    assert stated.epsilon == Fraction("2.5")


@pytest.mark.parametrize(
    "content",
    [
        {"steps": []},
        {"steps": [[1, 0, 0]]},
        {"steps": [["x", 0]]},
        {"steps": [[1, 0]], "k": 3},
        {"epsilon": 1, "delta": 0, "k": 0},
        {"epsilon": 1, "delta": 0, "k": -3},
        {"epsilon": 1, "delta": 0, "k": 10**13},
        {"epsilon": 1, "delta": 0},
        {"epsilon": 1, "k": 2},
        {"steps": [[1, 0]], "spent": [1, 5]},
    ],
)
def test_an_impossible_odometer_is_refused(content: object, tmp_path: Path) -> None:
    refuse("smartnoise", tmp_path, content)


def test_an_accountant_without_a_ceiling_is_read_as_python_writes_it(tmp_path: Path) -> None:
    text = (
        '{"epsilon": Infinity, "delta": 1.0, "slack": 0.0, "spent_budget": [[1.0, 0]], "total": [1.0, 0.0]}'
    )
    assert accept("diffprivlib", tmp_path, text).mechanisms == (Pure(epsilon=Fraction(1)),)


def test_an_infinite_spend_promises_nothing(tmp_path: Path) -> None:
    text = '{"epsilon": Infinity, "delta": 1.0, "spent_budget": [[Infinity, 0]], "total": [Infinity, 0]}'
    evidence = accept("diffprivlib", tmp_path, text)
    assert isinstance(evidence.mechanisms[0], Unaccountable)
    assert evidence.stated is None


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "inf"])
def test_other_words_are_no_numbers(number: str, tmp_path: Path) -> None:
    refuse("diffprivlib", tmp_path, f'{{"epsilon": {number}, "spent_budget": [[1, 0]]}}')


def test_infinity_is_no_number_elsewhere(tmp_path: Path) -> None:
    refuse("diffprivlib", tmp_path, '{"spent_budget": [[1, Infinity]]}')
    refuse("smartnoise", tmp_path, '{"steps": [[Infinity, 0]]}')


def test_a_real_accountant_without_a_ceiling_is_read() -> None:
    assert accepted("diffprivlib", "diffprivlib-unbounded.json").mechanisms == (Pure(epsilon=Fraction(1)),)
