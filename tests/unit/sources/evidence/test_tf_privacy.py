"""TensorFlow Privacy's statement: its parameters, and its text."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import DpSgd, Sampling, Unaccountable
from tests.support.evidence import REAL, accept, accepted, refuse

KIND = "tf-privacy"
PARAMETERS: dict[str, Any] = {
    "number_of_examples": 60000,
    "batch_size": 256,
    "num_epochs": 15,
    "noise_multiplier": 1.1,
    "delta": 1e-05,
    "used_microbatching": False,
}
STATEMENT = (REAL / "tf-privacy-statement.txt").read_text()


def run_of(tmp_path: Path, **changed: Any) -> DpSgd:
    (run,) = accept(KIND, tmp_path, PARAMETERS | changed).mechanisms
    assert isinstance(run, DpSgd)
    return run


def test_a_run_is_shuffled_where_nothing_else_is_said(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert (run.sampling, run.epochs) == (Sampling.SHUFFLE, 15)
    assert (run.sampling_rate, run.steps) == (Fraction(256, 60000), 3516)


def test_poisson_sampling_has_to_be_said(tmp_path: Path) -> None:
    assert run_of(tmp_path, sampling="poisson").sampling is Sampling.POISSON


def test_the_reading_as_shuffled_is_explained() -> None:
    assert any("Poisson" in note for note in accepted(KIND, "tf-privacy.json").notes)


def test_a_fraction_of_an_epoch_counts_as_a_whole_one(tmp_path: Path) -> None:
    run = run_of(tmp_path, num_epochs=2.5)
    assert (run.epochs, run.steps) == (3, 586)


def test_microbatching_doubles_the_sensitivity(tmp_path: Path) -> None:
    assert run_of(tmp_path, used_microbatching=True).noise_multiplier == Fraction("0.55")


def test_microbatching_counts_unless_it_is_denied(tmp_path: Path) -> None:
    silent = {key: value for key, value in PARAMETERS.items() if key != "used_microbatching"}
    (run,) = accept(KIND, tmp_path, silent).mechanisms
    assert isinstance(run, DpSgd)
    assert run.noise_multiplier == Fraction("0.55")


def test_a_bound_of_examples_per_user_is_noted() -> None:
    assert any("maxContributions: 3" in note for note in accepted(KIND, "tf-privacy-statement.txt").notes)


def test_the_printed_statement_says_what_its_parameters_say() -> None:
    printed, written = accepted(KIND, "tf-privacy-statement.txt"), accepted(KIND, "tf-privacy.json")
    assert printed.mechanisms == written.mechanisms
    assert printed.neighbouring is written.neighbouring is Neighbouring.ADD_REMOVE


def test_the_stated_budget_is_the_one_for_any_data_order() -> None:
    stated = accepted(KIND, "tf-privacy-statement.txt").stated
    assert stated == Budget(Fraction("21.901"), Fraction("1e-5"))


def test_a_statement_with_microbatching_is_read(tmp_path: Path) -> None:
    (run,) = accept(
        KIND, tmp_path, STATEMENT.replace("without microbatching", "with microbatching")
    ).mechanisms
    assert isinstance(run, DpSgd)
    assert run.noise_multiplier == Fraction("0.55")


def test_a_statement_without_noise_is_unaccountable(tmp_path: Path) -> None:
    (run,) = accept(KIND, tmp_path, PARAMETERS | {"noise_multiplier": 0}).mechanisms
    assert isinstance(run, Unaccountable)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(STATEMENT + "\n" + STATEMENT, id="two statements"),
        pytest.param(STATEMENT[:200], id="half a statement"),
        pytest.param(STATEMENT.replace("multiplier 1.1", "multiplier e"), id="no number"),
        pytest.param(STATEMENT.replace("multiplier 1.1", "multiplier nan"), id="not a number"),
        pytest.param(STATEMENT.replace("60000 examples", "0 examples"), id="no examples"),
        pytest.param(STATEMENT.replace("delta = 1e-05", "delta = 2"), id="an impossible delta"),
        pytest.param(STATEMENT.replace("60000", "6" * 5000), id="a number beyond reason"),
        pytest.param("We use differential privacy.", id="prose"),
    ],
)
def test_a_text_that_is_not_one_statement_is_refused(text: str, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, text)


@pytest.mark.parametrize(
    "changed",
    [
        {"number_of_examples": 0},
        {"number_of_examples": 60000.5},
        {"batch_size": 0},
        {"batch_size": 60001},
        {"num_epochs": 0},
        {"num_epochs": -1},
        {"num_epochs": 1e30},
        {"noise_multiplier": -1},
        {"noise_multiplier": "inf"},
        {"used_microbatching": "no"},
        {"max_examples_per_user": 0},
        {"sampling": "uniform"},
        {"sampling": ["poisson"]},
        {"poisson": True},
    ],
)
def test_an_impossible_parameter_is_refused(changed: dict[str, Any], tmp_path: Path) -> None:
    refuse(KIND, tmp_path, PARAMETERS | changed)


@pytest.mark.parametrize("key", ["number_of_examples", "batch_size", "num_epochs", "noise_multiplier"])
def test_a_missing_parameter_is_refused(key: str, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, {name: value for name, value in PARAMETERS.items() if name != key})
