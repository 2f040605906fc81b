"""Real strategies of Flower, recorded: what the gate reads of their rounds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.federated_evidence import FederatedFlaw
from gatecli.model.mechanism import DpSgd, Gaussian, Unaccountable
from gatecli.model.release import Evidence
from tests.support.environments import ROOT
from tests.support.evidence import accepted, read
from tests.support.flower import run

PROGRAM = ROOT / "tests" / "flower" / "recorded_run.py"


@dataclass(frozen=True)
class Runs:
    """What every scenario ended in, and where its record is."""

    folder: Path
    ends: dict[str, dict[str, Any]]

    def evidence(self, scenario: str) -> Evidence:
        return accepted("flower", "rounds.json", self.folder / scenario)


@pytest.fixture(scope="module", name="runs")
def runs_of_every_scenario(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    done = run(PROGRAM, folder, folder=folder)
    assert done.returncode == 0, done.stderr
    return Runs(folder, json.loads(done.stdout.splitlines()[-1]))


def flaws(found: Evidence) -> list[FederatedFlaw]:
    assert found.federated is not None
    return [each.flaw for each in found.federated.flaws]


@pytest.mark.parametrize(("scenario", "sampled"), [("fixed", 10), ("half", 5)])
def test_the_rounds_of_fixed_clipping_are_samples_of_fixed_size(
    scenario: str, sampled: int, runs: Runs
) -> None:
    found = runs.evidence(scenario)
    (training,) = found.mechanisms
    assert isinstance(training, DpSgd)
    assert (training.steps, training.dataset_size) == (3, 10)
    assert training.sampling_rate * 10 == sampled
    assert training.noise_multiplier * 2 == 3
    assert flaws(found) == []


def test_the_older_strategies_are_recorded_alike(runs: Runs) -> None:
    assert runs.evidence("fits").mechanisms == accepted("flower", "flower/rounds-fixed.json").mechanisms


def test_weights_by_examples_are_unaccountable(runs: Runs) -> None:
    found = runs.evidence("weights")
    assert [type(each) for each in found.mechanisms] == [Unaccountable]
    assert flaws(found) == [FederatedFlaw.UNEQUAL_WEIGHTS]


@pytest.mark.parametrize("scenario", ["adaptive", "client-adaptive"])
def test_adaptive_clipping_counts_where_the_norm_grew_alone(scenario: str, runs: Runs) -> None:
    found = runs.evidence(scenario)
    rounds = json.loads((runs.folder / scenario / "rounds.json").read_text("utf-8"))["rounds"]
    fell = sum(float(each["noise"]["clippingNorm"]) < float(each["clipping"]["norm"]) for each in rounds)
    lost = sum(each.count for each in found.mechanisms if isinstance(each, Unaccountable))
    kept = sum(each.steps for each in found.mechanisms if isinstance(each, DpSgd))
    assert (lost, kept) == (fell, 3 - fell)
    assert flaws(found) == ([FederatedFlaw.NOISE_SCALE] if fell else [])


def test_adaptive_clipping_without_noise_on_its_number_is_refused(runs: Runs) -> None:
    assert FederatedFlaw.UNPAID_CLIPPING in flaws(runs.evidence("unpaid"))


def test_a_round_in_which_a_client_fails_releases_nothing(runs: Runs) -> None:
    (found,) = read("flower", "rounds.json", runs.folder / "failing").values
    assert found.mechanisms == ()
    assert found.notes[-1] == "rounds that released nothing cost nothing: 3 of them"


def test_clients_that_do_not_answer_take_noise_away(runs: Runs) -> None:
    found = runs.evidence("missing")
    (training,) = found.mechanisms
    assert isinstance(training, DpSgd)
    assert training.noise_multiplier == 2  # 2.5 · 8/10
    assert flaws(found) == [FederatedFlaw.NOISE_SCALE]


@pytest.mark.parametrize("scenario", ["plain", "optimiser", "untold", "subclass", "between"])
def test_what_is_not_a_noisy_mean_of_clipped_updates_is_unaccountable(scenario: str, runs: Runs) -> None:
    assert [type(each) for each in runs.evidence(scenario).mechanisms] == [Unaccountable]


@pytest.mark.parametrize("scenario", ["nan", "infinite", "nan-fits"])
def test_an_update_that_no_norm_bounds_is_unaccountable(scenario: str, runs: Runs) -> None:
    """Beside a NaN Flower clips nothing, so another number of the update may be as large as any."""
    (found,) = runs.evidence(scenario).mechanisms
    assert isinstance(found, Unaccountable)
    assert "norm nothing bounds" in found.description


def test_a_strategy_of_ones_own_says_what_it_adds(runs: Runs) -> None:
    described = runs.evidence("described").mechanisms
    assert described == accepted("flower", "flower/rounds-fixed.json").mechanisms


@pytest.mark.parametrize(
    ("scenario", "name"),
    [("metrics", "loss"), ("client-adaptive", "norm_bit")],
)
def test_metrics_are_named(scenario: str, name: str, runs: Runs) -> None:
    """Flower hands on the mean of every metric: of the bits of adaptive clipping, too, and without noise."""
    assert any(f"clients also sent '{name}', without noise" in note for note in runs.evidence(scenario).notes)


def test_local_noise_that_clients_tell_of_is_a_gaussian_on_one_update(runs: Runs) -> None:
    (noise,) = runs.evidence("local").mechanisms
    assert isinstance(noise, Gaussian)
    assert noise.standard_deviation is not None
    assert noise.count == 3
    assert float(noise.standard_deviation) == pytest.approx(9.6896, abs=1e-3)


def test_local_noise_on_whole_numbers_is_rounded_away(runs: Runs) -> None:
    """The mean of the first round is not whole any more."""
    unbounded, noise = runs.evidence("whole-numbers").mechanisms
    assert isinstance(unbounded, Unaccountable)
    assert isinstance(noise, Gaussian)
    assert (unbounded.count, noise.count) == (1, 2)


def test_a_crash_keeps_the_rounds_that_ended(runs: Runs) -> None:
    found = runs.evidence("crash")
    (training,) = found.mechanisms
    assert isinstance(training, DpSgd)
    assert training.steps == 1


def test_nothing_is_released_where_the_record_cannot_be_written(runs: Runs) -> None:
    end = runs.ends["unwritable"]
    assert end["released"] == 0
    assert end["error"].startswith("cannot write ")


def test_an_earlier_run_is_continued_and_never_replaced(runs: Runs) -> None:
    assert "holds 3 rounds of an earlier run" in runs.ends["repeated"]["error"]
    assert runs.evidence("repeated").mechanisms == runs.evidence("fixed").mechanisms
    (training,) = runs.evidence("resumed").mechanisms
    assert isinstance(training, DpSgd)
    assert training.steps == 6


def test_flowers_own_accountant_is_written_as_it_is(runs: Runs) -> None:
    assert runs.ends["accounted"]["format"] == "flower"
    found = runs.evidence("accounted")
    assert sum(each.steps for each in found.mechanisms if isinstance(each, DpSgd)) == 3


def test_a_strategy_without_an_accountant_has_no_evidence(runs: Runs) -> None:
    assert "without an accountant has recorded nothing" in runs.ends["unaccounted"]["error"]
    assert not (runs.folder / "unaccounted" / "rounds.json").exists()
