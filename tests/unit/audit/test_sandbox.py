"""Mechanisms in a process of their own."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.audit.calling import Reference, call_of
from gatecli.audit.outputs import read_outputs
from gatecli.audit.sandbox import Sandbox, TimeSpent
from gatecli.audit.worker import SandboxLimits, pack, unpack
from gatecli.errors import UncheckableError, UsageError
from tests.support.audit_project import mechanisms

CLAIM = (1.0, 0.0)
HERE = "tests.support.audit_project.mechanisms"
PATIENT = SandboxLimits()
IMPATIENT = SandboxLimits(seconds=0.2, silence=0.3)


def draw(mechanism: Reference | Callable[..., Any], limits: SandboxLimits = PATIENT, count: int = 40) -> Any:
    with Sandbox(mechanism, CLAIM, [[], [1]], limits) as sandbox:
        return sandbox.draw(1, (1, 2, 3), count)


def test_a_test_s_own_function_runs_in_a_copy_of_this_process() -> None:
    outputs = draw(lambda data: [os.getpid(), len(data)])
    assert set(outputs.values[:, 1]) == {1}
    assert os.getpid() not in set(outputs.values[:, 0])


def test_a_reference_runs_in_a_fresh_interpreter_and_tells_its_file() -> None:
    with Sandbox(Reference(HERE, "count"), CLAIM, [[], [1]], SandboxLimits()) as sandbox:
        assert sandbox.draw(0, (1,), 5).runs == 5
        assert sandbox.code_file == mechanisms.__file__


def test_a_mechanism_that_works_in_place_gets_its_data_anew_for_each_run() -> None:
    def in_place(data: list[int]) -> list[int]:
        data.append(len(data))
        return data

    assert set(draw(in_place).values[:, -1]) == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="pidfd_open is Linux's")
def test_what_a_mechanism_starts_is_ended_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def starting(data: list[int]) -> int:
        if not told.exists():
            told.write_text(str(subprocess.Popen(["sleep", "60"]).pid), "utf-8")
        return len(data)

    draw(starting)
    try:
        started = os.pidfd_open(int(told.read_text("utf-8")))
    except ProcessLookupError:
        return
    with open(started, "rb"):  # noqa: PTH123 - a descriptor, which can be read once the process has ended
        assert select.select([started], [], [], 10)[0]


def test_the_seed_decides_the_outputs() -> None:
    assert draw(mechanisms.count).values.tolist() == draw(mechanisms.count).values.tolist()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raising", r"raised ValueError: no such luck$"),
        ("leaving", "raised SystemExit: 3"),
        ("dying", "signal 9"),
        ("hungry", "raised MemoryError"),
        ("strange", "of type object"),
        ("wishful", "wants temperature"),
        ("stingy", "returned 39 outputs for 40 runs"),
    ],
)
def test_what_keeps_a_mechanism_from_running_is_named(name: str, said: str) -> None:
    with pytest.raises(UncheckableError, match=said):
        draw(getattr(mechanisms, name))


@pytest.mark.parametrize("name", ["hanging", "spinning"])
def test_one_that_never_answers_is_ended(name: str) -> None:
    with pytest.raises(UncheckableError, match="did not answer"):
        draw(getattr(mechanisms, name), IMPATIENT)
    assert multiprocessing.active_children() == []


def test_a_slow_one_ends_with_its_budget_of_processor_time() -> None:
    def slow(data: list[int]) -> int:
        return sum(range(100_000))

    with pytest.raises(TimeSpent):
        draw(slow, SandboxLimits(seconds=0.1), count=100_000)


def test_nothing_is_drawn_when_the_time_is_over() -> None:
    with (
        Sandbox(mechanisms.count, CLAIM, [[]], SandboxLimits(seconds=0.0)) as sandbox,
        pytest.raises(TimeSpent),
    ):
        sandbox.draw(0, (1,), 1)


def test_an_interrupt_is_not_the_mechanism_s() -> None:
    assert draw(lambda _data: float(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)).values.all()


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (Reference("no.such.module", "f"), "cannot be imported: ModuleNotFoundError"),
        (Reference(HERE, "nothing"), "cannot be imported: AttributeError"),
        (Reference(HERE, "NOT_A_FUNCTION"), "is not a function"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(reference: Reference, said: str) -> None:
    with pytest.raises(UncheckableError, match=said):
        draw(reference)


@pytest.mark.parametrize("text", ["mechanism", "a:", ":b", "a b:c", "a:b:c", "../x:y"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not MODULE:FUNCTION"):
        Reference.of(text)


def test_parameters_are_given_by_their_names() -> None:
    def all_of_them(data: Any, delta: float, rng: Any, epsilon: float, other: int = 3) -> list[Any]:
        return [data, epsilon, delta, other]

    call = call_of(all_of_them, 0.5, 0.1)
    assert call.outputs(7, (1,), 1)(0) == [[7, 0.5, 0.1, 3]]


def test_a_builtin_gets_the_data_alone() -> None:
    assert call_of(min, 1.0, 0.0).outputs([3, 2], (1,), 1)(0) == [2]


def test_a_function_without_data_is_refused() -> None:
    with pytest.raises(UncheckableError, match="takes no data"):
        call_of(lambda: 1, 1.0, 0.0)


def test_outputs_travel_as_they_are() -> None:
    outputs = read_outputs([[1.5, None], ["x", True]])
    again, seconds = unpack(pack(outputs, 0.25))
    assert seconds == 0.25
    assert again.kinds.tolist() == outputs.kinds.tolist()
    assert again.texts == dict(outputs.texts)
