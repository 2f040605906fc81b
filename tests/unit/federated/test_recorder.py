"""The recorder without a framework: what is in the file at each moment, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gatecli.evidence
from gatecli.errors import MissingExtraError, UsageError
from gatecli.federated import (
    ClientSampling,
    RoundRecorder,
    SamplingPlan,
    clipping,
    local_noise,
    record_strategy,
    server_noise,
    tell_local_noise,
    weights_of,
)
from gatecli.federated.facts import client_noise, exact_number
from gatecli.model.mechanism import DpSgd, Gaussian
from tests.support.evidence import accepted, read

NOISE, LOCAL = server_noise(1.5, 1, 10), local_noise(1, 1e-5, 2)
CLIPPING, WEIGHTS = clipping(1.0), weights_of([1] * 10)


def recorder(path: Path, **options: Any) -> RoundRecorder:
    return RoundRecorder(path, framework="fedless", version="1.0", strategy="mean", **options)


def train(record: RoundRecorder, rounds: int = 1, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "answered": 10,
        "released": True,
        "clipping": CLIPPING,
        "noise": NOISE,
        "weights": WEIGHTS,
        **changes,
    }
    for _ in range(rounds):
        record.begin_round(population=20, sampled=10)
        record.end_round(**facts)


def steps(path: Path) -> int:
    return sum(
        each.steps
        for each in accepted("flower", path.name, path.parent).mechanisms
        if isinstance(each, DpSgd)
    )


def held(path: Path) -> list[dict[str, Any]]:
    rounds: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["rounds"]
    return rounds


@pytest.fixture(name="file")
def a_file(tmp_path: Path) -> Path:
    return tmp_path / "rounds.json"


def test_rounds_that_are_alike_are_one_entry(file: Path) -> None:
    train(recorder(file), 500)
    assert [(each["round"], each["count"]) for each in held(file)] == [(1, 500)]
    assert steps(file) == 500
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_round_is_in_the_file_before_clients_are_asked(file: Path) -> None:
    record = recorder(file)
    record.begin_round(population=20, sampled=10)
    assert [each["released"] for each in held(file)] == [False]
    (found,) = read("flower", file.name, file.parent).values
    assert found.mechanisms == ()


def test_local_noise_is_spent_before_clients_are_asked(file: Path) -> None:
    recorder(file).begin_round(population=20, sampled=10, noise=LOCAL, clipping=CLIPPING)
    (found,) = accepted("flower", file.name, file.parent).mechanisms
    assert isinstance(found, Gaussian)


def test_a_round_that_never_ended_stays(file: Path) -> None:
    record = recorder(file)
    record.begin_round(population=20, sampled=10)
    train(record)
    assert [each["released"] for each in held(file)] == [False, True]
    assert [each["round"] for each in held(file)] == [1, 2]


def test_an_earlier_run_is_continued_where_that_is_asked_for(file: Path) -> None:
    train(recorder(file), 3)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="holds 3 rounds of an earlier run"):
        recorder(file)
    assert file.read_bytes() == before
    train(recorder(file, resume=True), 2)
    assert steps(file) == 5


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"client": "person"}, "client"),
        ({"job": "another"}, "job"),
        ({"plan": SamplingPlan(denominator=10)}, "denominator"),
        ({"plan": SamplingPlan(ClientSampling.POISSON, 0.1, 10)}, "sampling"),
    ],
)
def test_a_training_of_another_kind_has_a_file_of_its_own(
    options: dict[str, Any], what: str, file: Path
) -> None:
    train(recorder(file))
    with pytest.raises(UsageError, match=f"another {what}"):
        recorder(file, resume=True, **options)


def test_a_record_says_which_job_it_is_of(file: Path) -> None:
    train(recorder(file, job="job-1"))
    assert json.loads(file.read_text())["job"] == "job-1"


@pytest.mark.parametrize("content", ["", "{", '{"schema": "gatecli/table-evidence/v1"}', "[]", "\x00"])
def test_a_file_of_something_else_is_not_replaced(content: str, file: Path) -> None:
    file.write_text(content, "utf-8")
    for resume in (False, True):
        with pytest.raises(UsageError, match="is not a record of rounds, and is not replaced"):
            recorder(file, resume=resume)
    assert file.read_text("utf-8") == content


def test_a_round_that_did_not_begin_does_not_end(file: Path) -> None:
    record = recorder(file)
    with pytest.raises(UsageError, match="ends that did not begin"):
        record.end_round(answered=1, released=True, clipping=None, noise=None, weights=None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"answered": 11}, "more clients answered"), ({"answered": 0}, "no client answered")],
)
def test_an_impossible_round_is_refused_and_leaves_the_file(
    changes: dict[str, Any], said: str, file: Path
) -> None:
    record = recorder(file)
    train(record)
    record.begin_round(population=20, sampled=10)
    before = file.read_bytes()
    ended = {"answered": 10, "released": True, "clipping": None, "noise": None, "weights": None, **changes}
    with pytest.raises(UsageError, match=said):
        record.end_round(**ended)
    assert file.read_bytes() == before


def test_more_clients_than_there_are_cannot_be_asked(file: Path) -> None:
    with pytest.raises(UsageError, match="more clients were sampled than there are"):
        recorder(file).begin_round(population=5, sampled=6)
    assert not file.exists()


def test_a_poisson_sample_needs_its_rate(file: Path) -> None:
    record = recorder(file, plan=SamplingPlan(ClientSampling.POISSON))
    with pytest.raises(UsageError, match="samplingRate belongs to sampling: poisson"):
        record.begin_round(population=20, sampled=10)


def test_a_place_that_cannot_be_written_is_told_before_clients_are_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write "):
        recorder(tmp_path / "absent" / "rounds.json").begin_round(population=20, sampled=10)


@pytest.mark.parametrize("value", [1.1, np.float64(1.1), "1.1", Fraction(11, 10)])
def test_a_number_is_what_its_author_wrote(value: object) -> None:
    assert exact_number(value) == Fraction("1.1")
    assert exact_number(np.int64(3)) == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: clipping(0),
        lambda: clipping(float("nan")),
        lambda: clipping(None),
        lambda: server_noise(-1, 1, 10),
        lambda: client_noise(1, 1, 0),
        lambda: server_noise(1, 1, 50.7),
        lambda: server_noise(1, 1, True),  # noqa: FBT003 - what is refused
        lambda: local_noise(1, 0, 2),
        lambda: weights_of([]),
        lambda: weights_of([1, "heavy"]),
    ],
)
def test_impossible_facts_are_one_sentence(make: Callable[[], object]) -> None:
    with pytest.raises(UsageError, match="a round cannot be recorded") as error:
        make()
    assert "\n" not in error.value.message


def test_what_is_not_a_strategy_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="a list is not a strategy of Flower"):
        record_strategy([], file)


class Trainer:
    """Something with the method of a strategy."""

    def configure_train(self) -> None: ...

    def configure_fit(self) -> None: ...


@pytest.mark.skipif("flwr" in sys.modules, reason="Flower is here")
def test_without_flower_the_extra_is_named(file: Path) -> None:
    settings = type("Mod", (), {"clipping_norm": 1, "sensitivity": 2, "epsilon": 1, "delta": 1e-5})()
    for call in (lambda: record_strategy(Trainer(), file), lambda: tell_local_noise(settings)):
        with pytest.raises(MissingExtraError) as error:
            call()
        assert "gatecli[flower]" in error.value.advice


def test_the_recorder_needs_no_flower_and_the_gates_no_recorder() -> None:
    program = (
        "import sys, gatecli.federated; assert 'flwr' not in sys.modules\nimport gatecli.gates.release\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    alone = "import sys, gatecli.gates.release; assert 'gatecli.federated' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", alone], check=False).returncode == 0


def state(*events: tuple[float, int]) -> dict[str, Any]:
    relation, method = "add-or-remove-one", "no-amplification"
    return {
        "schema_version": 1,
        "backend": "rdp",
        "config": {
            "target_delta": 1e-5,
            "population_size": 10,
            "neighboring_relation": relation,
            "sampling_method": method,
            "max_epsilon": None,
        },
        "orders": [2.0],
        "compositions": [
            {"event": {"noise_multiplier": noise, "sample_size": 10, "population_size": 10}, "count": count}
            for noise, count in events
        ],
    }


def flower(name: str, **attributes: Any) -> Any:
    """An object of a class of this name, in a module of Flower."""
    return type(name, (), {"__module__": "flwr.inner", **attributes})()


def test_the_accountant_of_flower_is_written(file: Path) -> None:
    accountant = flower("RdpAccountant", state_dict=lambda _: state((1.5, 20)))
    assert gatecli.evidence.write(accountant, file) == "flower"
    assert steps(file) == 20
    strategy = flower("DifferentialPrivacyFixedClippingBase", accountant=accountant)
    assert gatecli.evidence.write(strategy, file) == "flower"


@pytest.mark.parametrize("name", ["DifferentialPrivacyFixedClippingBase", "DifferentialPrivacyAdaptiveBase"])
def test_a_strategy_without_an_accountant_is_not_evidence(name: str, file: Path) -> None:
    with pytest.raises(UsageError, match="without an accountant has recorded nothing"):
        gatecli.evidence.write(flower(name, accountant=None), file)
    assert not file.exists()


def test_an_accountant_that_composed_nothing_is_not_evidence(file: Path) -> None:
    with pytest.raises(UsageError, match="composed no event"):
        gatecli.evidence.write(flower("RdpAccountant", state_dict=lambda _: state()), file)
    assert not file.exists()


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=12))
def test_what_was_released_is_counted_whatever_the_order(rounds: list[tuple[int, bool]]) -> None:
    """Rounds of several sizes, ended or not, in several starts: the file counts those that were released."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rounds.json"
        for sampled, is_released in rounds:
            record = recorder(file, resume=True)
            record.begin_round(population=20, sampled=sampled)
            if is_released:
                weights = weights_of([1] * sampled)
                record.end_round(
                    answered=sampled, released=True, clipping=CLIPPING, noise=NOISE, weights=weights
                )
        (found,) = read("flower", file.name, file.parent).values
        counted = sum(each.steps for each in found.mechanisms if isinstance(each, DpSgd))
        assert counted == sum(is_released for _, is_released in rounds)
