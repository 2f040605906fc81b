"""The history of an Opacus accountant."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import DpSgd, Sampling, Unaccountable
from tests.support.evidence import accept, accepted, refuse


def state(*history: Any, mechanism: object = "rdp") -> dict[str, object]:
    return {"history": list(history), "mechanism": mechanism}


def test_a_history_entry_is_one_dp_sgd_run() -> None:
    (run,) = accepted("opacus", "opacus-rdp.json").mechanisms
    assert run == DpSgd(noise_multiplier=Fraction(11, 10), sampling_rate=Fraction(1, 10), steps=7)
    assert isinstance(run, DpSgd)
    assert run.sampling is Sampling.POISSON


def test_opacus_accounts_for_adding_or_removing_a_record() -> None:
    assert accepted("opacus", "opacus-prv.json").neighbouring is Neighbouring.ADD_REMOVE


def test_every_entry_of_a_history_counts(tmp_path: Path) -> None:
    evidence = accept("opacus", tmp_path, state([1.1, 0.01, 100], [1.3, 0.01, 50]))
    assert [run.steps for run in evidence.mechanisms if isinstance(run, DpSgd)] == [100, 50]


def test_numbers_are_read_as_written(tmp_path: Path) -> None:
    (run,) = accept(
        "opacus", tmp_path, '{"history": [[1.10, 0.00426666666666666666667, 5]], "mechanism": "prv"}'
    ).mechanisms
    assert isinstance(run, DpSgd)
    assert run.sampling_rate == Fraction("0.00426666666666666666667")


def test_the_state_may_stand_inside_a_saved_state(tmp_path: Path) -> None:
    evidence = accept("opacus", tmp_path, {"privacy_accountant_state_dict": state([1, 0.5, 1]), "epoch": 3})
    assert len(evidence.mechanisms) == 1


def test_the_gdp_accountants_epsilon_is_said_to_be_unused() -> None:
    assert any("understates" in note for note in accepted("opacus", "opacus-gdp.json").notes)


def test_poisson_sampling_is_said_to_be_assumed() -> None:
    assert any("Poisson" in note for note in accepted("opacus", "opacus-rdp.json").notes)


@pytest.mark.parametrize("entry", [[0, 0.01, 100], [0.0, 0.01, 100], [1.1, 0, 100]])
def test_a_run_without_noise_or_data_is_unaccountable_and_not_free(
    entry: list[float], tmp_path: Path
) -> None:
    (run,) = accept("opacus", tmp_path, state(entry)).mechanisms
    assert isinstance(run, Unaccountable)


def test_minus_zero_noise_is_no_noise(tmp_path: Path) -> None:
    (run,) = accept("opacus", tmp_path, '{"history": [[-0.0, 0.1, 1]], "mechanism": "rdp"}').mechanisms
    assert isinstance(run, Unaccountable)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param([-1.1, 0.01, 100], id="negative noise"),
        pytest.param([1.1, -0.01, 100], id="negative rate"),
        pytest.param([1.1, 1.01, 100], id="a rate above one"),
        pytest.param([1.1, 0.01, 0], id="no step"),
        pytest.param([1.1, 0.01, -5], id="negative steps"),
        pytest.param([1.1, 0.01, 2.5], id="half a step"),
        pytest.param([1.1, 0.01, True], id="a boolean count"),
        pytest.param([1.1, 0.01, 10**30], id="a count beyond reason"),
        pytest.param([True, 0.01, 100], id="boolean noise"),
        pytest.param([None, 0.01, 100], id="no noise given"),
        pytest.param(["inf", 0.01, 100], id="infinite noise"),
        pytest.param(["nan", 0.01, 100], id="noise that is no number"),
        pytest.param([[1.1], 0.01, 100], id="noise in a list"),
        pytest.param([1.1, 0.01], id="two items"),
        pytest.param([1.1, 0.01, 5, 5], id="four items"),
        pytest.param({"noise": 1.1}, id="an object"),
        pytest.param("1.1", id="text"),
    ],
)
def test_an_impossible_entry_is_refused(entry: object, tmp_path: Path) -> None:
    assert "/history/1" in refuse("opacus", tmp_path, state([1.1, 0.01, 1], entry)).message


def test_an_empty_history_records_nothing(tmp_path: Path) -> None:
    assert "records no step" in refuse("opacus", tmp_path, state()).message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 5000])
def test_a_number_that_is_not_finite_is_refused(number: str, tmp_path: Path) -> None:
    refuse("opacus", tmp_path, f'{{"history": [[{number}, 0.01, 5]], "mechanism": "rdp"}}')


@pytest.mark.parametrize("mechanism", ["moments", "", 3, ["rdp"], {"rdp": 1}])
def test_an_unknown_accountant_is_refused(mechanism: object, tmp_path: Path) -> None:
    refuse("opacus", tmp_path, state([1.1, 0.01, 5], mechanism=mechanism))


def test_a_history_needs_no_mechanism(tmp_path: Path) -> None:
    assert len(accept("opacus", tmp_path, {"history": [[1.1, 0.01, 5]]}).mechanisms) == 1


def test_a_key_beside_the_history_is_named_and_not_read(tmp_path: Path) -> None:
    content = state([1.1, 0.01, 5]) | {"multiplicity": 3}
    assert "beside the history stand 'multiplicity': not read" in accept("opacus", tmp_path, content).notes


def test_metadata_is_no_unknown_key(tmp_path: Path) -> None:
    accept("opacus", tmp_path, state([1.1, 0.01, 5]) | {"tool": "opacus", "version": "1.6.0"})
