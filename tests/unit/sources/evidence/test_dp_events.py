"""Trees of DpEvents, by a table and never by an import."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import (
    Composed,
    DiscreteLaplace,
    DpFtrl,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    RandomisedResponse,
    Sampling,
    Subsampled,
    Unaccountable,
    ZeroConcentrated,
)
from tests.support.evidence import accept, accepted, refuse

KIND = "dp-accounting"


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"module_name": "dp_accounting.dp_event", "class_name": name + "DpEvent"} | fields


GAUSSIAN = event("Gaussian", noise_multiplier=1.1)
NOTHING = event("NoOp")


def repeated(inner: object, count: object) -> dict[str, Any]:
    return event("SelfComposed", event=inner, count=count)


def poisson(inner: object, rate: object = 0.01) -> dict[str, Any]:
    return event("PoissonSampled", sampling_probability=rate, event=inner)


def truncated(**changes: Any) -> dict[str, Any]:
    fields = {"dataset_size": 2000, "sampling_probability": 0.05, "truncated_batch_size": 110}
    return event("TruncatedSubsampledGaussian", **fields | {"noise_multiplier": 2} | changes)


def only(tmp_path: Path, content: object) -> Mechanism:
    (mechanism,) = accept(KIND, tmp_path, content).mechanisms
    return mechanism


def test_a_real_tree_is_read_in_order() -> None:
    assert accepted(KIND, "dp-accounting.json").mechanisms == (
        DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.00426667"), steps=14040),
        Laplace(scale=Fraction(10), count=3),
        DiscreteLaplace(scale=Fraction(2)),
        ZeroConcentrated(rho=Fraction("0.01")),
        RandomisedResponse(noise=Fraction("0.5")),
        DpFtrl(noise_multiplier=Fraction(8), step_counts=(16,)),
        DpSgd(
            noise_multiplier=Fraction(2),
            sampling_rate=Fraction(1, 100),
            steps=1,
            sampling=Sampling.FIXED_SIZE,
            dataset_size=1000,
        ),
    )


def test_an_event_says_nothing_of_the_relation() -> None:
    assert accepted(KIND, "dp-accounting.json").neighbouring is None


@pytest.mark.parametrize(
    ("name", "relation"),
    [
        ("ADD_OR_REMOVE_ONE", Neighbouring.ADD_REMOVE),
        ("REPLACE_ONE", Neighbouring.REPLACE_ONE),
        ("REPLACE_SPECIAL", Neighbouring.ZERO_OUT),
    ],
)
def test_a_wrapper_may_name_the_relation(name: str, relation: Neighbouring, tmp_path: Path) -> None:
    evidence = accept(KIND, tmp_path, {"event": GAUSSIAN, "neighboring_relation": name})
    assert evidence.neighbouring is relation


@pytest.mark.parametrize("name", ["add-or-remove", "", 1, ["REPLACE_ONE"]])
def test_an_unknown_relation_is_refused(name: object, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, {"event": GAUSSIAN, "neighboring_relation": name})


def test_repeated_poisson_steps_are_one_dp_sgd_run(tmp_path: Path) -> None:
    run = only(tmp_path, repeated(repeated(poisson(GAUSSIAN), 10), 5))
    assert isinstance(run, DpSgd)
    assert run.steps == 50


def test_a_repeated_mechanism_is_counted(tmp_path: Path) -> None:
    assert only(tmp_path, repeated(repeated(GAUSSIAN, 3), 4)) == Gaussian(
        noise_multiplier=Fraction("1.1"), count=12
    )


def test_a_repeated_composition_keeps_its_parts(tmp_path: Path) -> None:
    laplace = event("Laplace", noise_multiplier=2)
    run = only(tmp_path, repeated(event("Composed", events=[GAUSSIAN, laplace]), 4))
    assert isinstance(run, Composed)
    assert run.count == 4
    assert run.mechanisms == (Gaussian(noise_multiplier=Fraction("1.1")), Laplace(scale=Fraction(2)))


def test_what_is_sampled_beside_a_gaussian_stays_a_subsampled_mechanism(tmp_path: Path) -> None:
    run = only(tmp_path, poisson(event("Laplace", noise_multiplier=2)))
    assert run == Subsampled(sampling_rate=Fraction("0.01"), mechanism=Laplace(scale=Fraction(2)))


def test_a_batch_of_two_noisy_answers_is_not_one_dp_sgd_step(tmp_path: Path) -> None:
    run = only(tmp_path, poisson(repeated(GAUSSIAN, 2)))
    assert isinstance(run, Subsampled)
    assert run.mechanism == Gaussian(noise_multiplier=Fraction("1.1"), count=2)


def test_truncated_batches_are_dp_sgd_that_knows_the_size_of_its_data(tmp_path: Path) -> None:
    assert only(tmp_path, repeated(truncated(), 500)) == DpSgd(
        noise_multiplier=Fraction(2),
        sampling_rate=Fraction("0.05"),
        steps=500,
        dataset_size=2000,
        truncated_batch_size=110,
    )


@pytest.mark.parametrize("field", ["dataset_size", "truncated_batch_size"])
def test_truncated_batches_have_whole_sizes_above_0(field: str, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, truncated(**{field: 0}))
    refuse(KIND, tmp_path, truncated(**{field: 1.5}))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(event("NonPrivate"), id="non-private"),
        pytest.param(event("Unsupported"), id="unsupported"),
        pytest.param(event("Gaussian", noise_multiplier=0), id="no gaussian noise"),
        pytest.param(event("Laplace", noise_multiplier=0.0), id="no laplace noise"),
        pytest.param(event("RandomizedResponse", noise_parameter=0, num_buckets=2), id="always true"),
        pytest.param(
            event("SingleEpochTreeAggregation", noise_multiplier=0, step_counts=4), id="no tree noise"
        ),
        pytest.param(poisson(event("Gaussian", noise_multiplier=0)), id="sampled without noise"),
        pytest.param(poisson(GAUSSIAN, 0), id="a sampling rate of zero"),
        pytest.param(
            event("SampledWithReplacement", source_dataset_size=9, sample_size=3, event=GAUSSIAN),
            id="with replacement",
        ),
        pytest.param({"class_name": "ZCDpEvent", "rho": 0.1, "xi": 0.1}, id="zcdp with an offset"),
        pytest.param(
            event("MixtureOfGaussians", standard_deviation=1, sensitivities=[1], sampling_probs=[1]),
            id="a mixture",
        ),
        pytest.param(truncated(noise_multiplier=0), id="truncated batches without noise"),
        pytest.param(truncated(sampling_probability=0), id="truncated batches of nothing"),
    ],
)
def test_what_no_accountant_bounds_is_unaccountable(content: object, tmp_path: Path) -> None:
    assert isinstance(only(tmp_path, content), Unaccountable)


def test_something_unaccountable_is_not_lost_in_a_composition(tmp_path: Path) -> None:
    tree = event("Composed", events=[GAUSSIAN, repeated(event("NonPrivate"), 3)])
    assert isinstance(accept(KIND, tmp_path, tree).mechanisms[1], Unaccountable)


@pytest.mark.parametrize(
    "content",
    [
        NOTHING,
        repeated(NOTHING, 5),
        poisson(NOTHING),
        event("Composed", events=[]),
        repeated(poisson(NOTHING), 2),
    ],
)
def test_a_tree_that_applies_nothing_records_no_run(content: object, tmp_path: Path) -> None:
    assert "applies no mechanism" in refuse(KIND, tmp_path, content).message


def test_one_tree_may_be_a_single_number(tmp_path: Path) -> None:
    run = only(tmp_path, event("SingleEpochTreeAggregation", noise_multiplier=8, step_counts=16))
    assert run == DpFtrl(noise_multiplier=Fraction(8), step_counts=(16,))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"class_name": "os.system"}, id="a function"),
        pytest.param({"class_name": "EvilDpEvent"}, id="an unknown event"),
        pytest.param({"class_name": None}, id="no name"),
        pytest.param({"class_name": ["GaussianDpEvent"]}, id="a name in a list"),
        pytest.param(GAUSSIAN | {"module_name": "os"}, id="another module"),
        pytest.param(GAUSSIAN | {"module_name": None}, id="no module"),
        pytest.param({"class_name": "GaussianDpEvent"}, id="no noise multiplier"),
        pytest.param(GAUSSIAN | {"count": 5}, id="an unknown field"),
        pytest.param(event("Gaussian", noise_multiplier=-1), id="negative noise"),
        pytest.param(event("DiscreteLaplace", noise_parameter=0, sensitivity=1), id="a zero parameter"),
        pytest.param(event("DiscreteLaplace", noise_parameter=-1, sensitivity=1), id="a negative parameter"),
        pytest.param(event("DiscreteLaplace", noise_parameter=1, sensitivity=0.5), id="half a sensitivity"),
        pytest.param(event("RandomizedResponse", noise_parameter=1.5, num_buckets=2), id="noise above one"),
        pytest.param(repeated(GAUSSIAN, 0), id="no repetition"),
        pytest.param(repeated(GAUSSIAN, -1), id="negative repetition"),
        pytest.param(repeated(GAUSSIAN, 1.5), id="half a repetition"),
        pytest.param(repeated(GAUSSIAN, 10**13), id="repetition beyond reason"),
        pytest.param(repeated([GAUSSIAN], 2), id="a list as an event"),
        pytest.param(poisson(GAUSSIAN, 1.5), id="a rate above one"),
        pytest.param(poisson(GAUSSIAN, -0.5), id="a negative rate"),
        pytest.param(
            event("SampledWithoutReplacement", source_dataset_size=5, sample_size=6, event=GAUSSIAN),
            id="a batch larger than the data",
        ),
        pytest.param(
            event("SampledWithoutReplacement", source_dataset_size=0, sample_size=0, event=GAUSSIAN),
            id="no data",
        ),
        pytest.param(event("SingleEpochTreeAggregation", noise_multiplier=1, step_counts=[]), id="no tree"),
        pytest.param(event("Composed", events={"0": GAUSSIAN}), id="events by name"),
        pytest.param(event("Composed", events=[GAUSSIAN, None]), id="an event that is null"),
        pytest.param(event("ZCDp", rho=0.1), id="no such zcdp"),
    ],
)
def test_an_impossible_event_is_refused(content: object, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, content)


def test_a_named_module_is_never_imported(tmp_path: Path) -> None:
    (tmp_path / "canary_module.py").write_text("raise SystemExit")
    refuse(KIND, tmp_path, GAUSSIAN | {"module_name": "canary_module"})
    assert "canary_module" not in sys.modules


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    tree: dict[str, Any] = GAUSSIAN
    for _ in range(200):
        tree = repeated(tree, 1)
    assert "nested deeper" in refuse(KIND, tmp_path, tree).message


def test_repetition_multiplies_only_to_the_limit(tmp_path: Path) -> None:
    tree: dict[str, Any] = GAUSSIAN
    for _ in range(20):
        tree = repeated(tree, 10**6)
    refuse(KIND, tmp_path, tree)


def test_a_named_tuple_without_its_names_is_told_how_to_be_written(tmp_path: Path) -> None:
    written = [
        "dp_accounting.dp_event",
        "SelfComposedDpEvent",
        ["dp_accounting.dp_event", "GaussianDpEvent", 1.1],
        7,
    ]
    finding = refuse("dp-accounting", tmp_path, written)
    assert "named tuple without the names" in finding.message
    assert "gatecli.evidence.write(event, FILE)" in finding.remediation
    refuse("dp-accounting", tmp_path, {"event": written})


@pytest.mark.parametrize("key", ["neighboring_relation", "neighboring", "neighbouring"])
@pytest.mark.parametrize("name", ["REPLACE_ONE", "replace-one"])
def test_the_relation_may_be_spelt_as_libraries_spell_it(key: str, name: str, tmp_path: Path) -> None:
    content = {"event": {"class_name": "GaussianDpEvent", "noise_multiplier": 1}, key: name}
    assert accept("dp-accounting", tmp_path, content).neighbouring is Neighbouring.REPLACE_ONE


def test_a_relation_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    event = {"class_name": "GaussianDpEvent", "noise_multiplier": 1}
    content = {"event": event, "neighboring": "replace-one", "neighboring_relation": "ADD_OR_REMOVE_ONE"}
    assert "more than once" in refuse("dp-accounting", tmp_path, content).message
