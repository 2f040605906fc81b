"""Mechanisms in a process of their own."""

from __future__ import annotations

import contextlib
import json
import math
import multiprocessing
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.audit.calling import Reference, call_of
from gatecli.audit.environment import is_credential
from gatecli.audit.messages import (
    BrokenMessageError,
    pack_outputs,
    receive,
    send,
    unpack_outputs,
    unpack_text,
)
from gatecli.audit.outputs import read_outputs
from gatecli.audit.sandbox import Sandbox, TimeSpent
from gatecli.audit.worker import SandboxLimits
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


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of other processes")


def has_ended(process: int) -> bool:
    """Whether a process has ended, or does so soon."""
    try:
        started = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    with open(started, "rb"):  # noqa: PTH123 - a descriptor, which can be read once the process has ended
        return bool(select.select([started], [], [], 10)[0])


@on_linux
@pytest.mark.parametrize("own_session", [False, True])
def test_what_a_mechanism_starts_is_ended_with_it(tmp_path: Path, *, own_session: bool) -> None:
    told = tmp_path / "pid"

    def starting(data: list[int]) -> int:
        if not told.exists():
            started = subprocess.Popen(["sleep", "60"], start_new_session=own_session)
            told.write_text(str(started.pid), "utf-8")
        return len(data)

    draw(starting)
    assert has_ended(int(told.read_text("utf-8")))


@on_linux
def test_what_leaves_its_parent_and_its_session_is_ended_too(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def starting(data: list[int]) -> int:
        if not told.exists():
            subprocess.run(["setsid", "--fork", "sh", "-c", f"echo $$ > {told}; exec sleep 60"], check=True)
            while not (told.exists() and told.read_text("utf-8").endswith("\n")):
                pass
        return len(data)

    draw(starting)
    assert has_ended(int(told.read_text("utf-8")))


@on_linux
def test_a_mechanism_that_starts_many_processes_is_ended() -> None:
    def starting(data: list[int]) -> int:
        for _ in range(8):
            subprocess.Popen(["sleep", "60"])
        signal.pause()
        return len(data)

    with pytest.raises(UncheckableError, match="started more than 4 processes"):
        draw(starting, SandboxLimits(processes=4))


@on_linux
def test_the_memory_of_what_a_mechanism_starts_is_added() -> None:
    hold = "held = bytearray(b'x') * (40 * 2**20); print(flush=True); import signal; signal.pause()"

    def starting(data: list[int]) -> int:
        for _ in range(3):
            with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE) as started:
                assert started.stdout
                started.stdout.readline()
                started.returncode = 0  # it is not waited for
        signal.pause()
        return len(data)

    with pytest.raises(UncheckableError, match="took more than 100 MB together"):
        draw(starting, SandboxLimits(memory=100 * 2**20))


@on_linux
def test_the_time_of_what_a_mechanism_starts_is_counted() -> None:
    spin = "import time\nwhile time.process_time() < 0.4: pass"  # the kernel counts in ticks, rounded down

    def starting(data: list[int]) -> int:
        subprocess.run([sys.executable, "-c", spin], check=True)
        return len(data)

    with Sandbox(starting, CLAIM, [[]], PATIENT) as sandbox:
        sandbox.draw(0, (1,), 1)
        assert sandbox.seconds > 0.3


@on_linux
def test_a_mechanism_that_stops_its_clock_pays_all_the_same() -> None:
    def cheating(data: list[int]) -> int:
        time.process_time = lambda: 0.0
        os.times = lambda: os.times_result((0.0,) * 5)
        return sum(range(200_000))

    with Sandbox(cheating, CLAIM, [[]], SandboxLimits(seconds=0.2)) as sandbox:
        while sandbox.seconds < 0.2:
            sandbox.draw(0, (1,), 20)


def sockets() -> set[int]:
    """The descriptors of this process that are sockets."""
    return {each for each in range(3, 1024) if is_socket(each)}


def is_socket(descriptor: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False


@pytest.mark.parametrize(
    "junk", [b"\xff" * 64, b"\0" * 64, (8).to_bytes(8) + b'{"a": 1}', (5).to_bytes(8) + b"[1,2]"]
)
def test_what_a_mechanism_writes_into_the_connection_is_not_an_answer(junk: bytes) -> None:
    before = sockets()  # of other tests, and open in a copy of this process too

    def writing(data: list[int]) -> int:
        for each in sockets() - before:
            os.write(each, junk)
        return len(data)

    with pytest.raises(UncheckableError, match="sent what is not an answer"):
        draw(writing)


def test_half_an_answer_is_not_waited_for() -> None:
    before = sockets()

    def writing(data: list[int]) -> int:
        for each in sockets() - before:
            os.write(each, (1000).to_bytes(8))
        signal.pause()
        return len(data)

    with pytest.raises(UncheckableError, match="did not answer"):
        draw(writing, IMPATIENT)


def test_a_mechanism_that_closes_the_connection_is_ended() -> None:
    def closing(data: list[int]) -> int:
        os.closerange(3, 256)
        return len(data)

    with pytest.raises(UncheckableError, match="process ended"):
        draw(closing)


def test_a_mechanism_that_ends_without_a_word_is_named() -> None:
    with pytest.raises(UncheckableError, match="process ended: exit code 0"):
        draw(lambda _data: os._exit(0))


def test_one_that_ignores_the_wish_to_end_is_ended() -> None:
    def ignoring(data: list[int]) -> int:
        for each in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(each, signal.SIG_IGN)
        return len(data)

    draw(ignoring)
    assert multiprocessing.active_children() == []


def test_threads_and_another_folder_do_no_harm(tmp_path: Path) -> None:
    def odd(data: list[int]) -> int:
        threading.Thread(target=threading.Event().wait).start()
        os.chdir(tmp_path)
        json.dumps = lambda *_: "nothing"
        return len(data)

    with contextlib.suppress(UncheckableError):  # a process of its own: the harm is its alone
        draw(odd, count=3)
    assert json.dumps([1]) == "[1]"
    assert multiprocessing.active_children() == []


def test_nothing_that_a_mechanism_prints_or_raises_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    draw(mechanisms.printing)
    with pytest.raises(UncheckableError) as caught:
        draw(mechanisms.raising)
    assert mechanisms.CUSTOMER not in "".join(
        (*capfd.readouterr(), caught.value.message, caught.value.advice)
    )


def test_a_reference_gets_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TEST_TOKEN", "secret")
    monkeypatch.setenv("AUDIT_TEST_FOLDER", "here")
    draw(Reference(HERE, "keyed"))
    with pytest.raises(UncheckableError):  # a test's own function keeps what the test has set
        draw(mechanisms.keyed)


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("AWS_SECRET_ACCESS_KEY", "x", True),
        ("GH_TOKEN", "x", True),
        ("GATECLI_LEDGER", "x", True),
        ("DATABASE_URL", "postgresql://a:b@host/db", True),
        ("http_proxy", "http://user:word@proxy:3128", True),
        ("http_proxy", "http://proxy:3128", False),
        ("SSH_AUTH_SOCK", "/run/agent", True),
        ("PATH", "/bin", False),
        ("PWD", "/home", False),
        ("HOME", "/home", False),
        ("PYTHONPATH", "src", False),
        ("JAVA_HOME", "/java", False),
        ("LD_LIBRARY_PATH", "/lib", False),
        ("OMP_NUM_THREADS", "1", False),
        ("SPARK_HOME", "/spark", False),
        ("LANG", "C.UTF-8", False),
        ("TMPDIR", "/scratch", False),
        ("CUDA_VISIBLE_DEVICES", "0", False),
    ],
)
def test_credentials_are_known_by_name_or_value(name: str, value: str, *, hidden: bool) -> None:
    assert is_credential(name, value) is hidden


@pytest.mark.parametrize("count", [1, 700])
def test_wide_outputs_come_in_parts_and_none_is_lost(count: int) -> None:
    def at_once(data: list[int], rng: np.random.Generator, runs: int) -> Any:
        return rng.random((runs, 4096))

    def one_by_one(data: list[int], rng: np.random.Generator) -> Any:
        return rng.random(4096)

    for mechanism in (at_once, one_by_one):
        outputs = draw(mechanism, count=count)
        assert outputs.values.shape == (count, 4096)
        assert len(np.unique(outputs.values[:, 0])) == count


def test_outputs_that_cannot_be_held_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatecli.audit.sandbox.KEPT_CELLS", 100)
    with pytest.raises(UncheckableError, match="too many to hold"):
        draw(lambda _data: [1.0] * 50)


@pytest.mark.parametrize(
    ("seconds", "memory"),
    [
        (0, 2),
        (-1, 2),
        (math.nan, 2),
        (math.inf, 2),
        (1, math.nan),
        (1, math.inf),
        (1, -1),
        (1, 1e-9),
        (True, 2),
        ("1", 2),
        (1, None),
    ],
)
def test_limits_that_are_none_are_refused(seconds: object, memory: object) -> None:
    with pytest.raises(UsageError, match="is not between"):
        SandboxLimits.of(seconds, memory)


def answer(**changes: object) -> bytes:
    words = {"seconds": 0.1, "runs": 1, "width": 1, "flat": True, "texts": []} | changes
    return json.dumps(words).encode() + b"\n" + np.zeros(1).tobytes() + b"\0"


def test_a_right_answer_is_read() -> None:
    assert unpack_outputs(answer(), 1)[0].values.tolist() == [[0.0]]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]\n",
        answer(runs=2),
        answer(runs=0),
        answer(runs=True),
        answer(runs=-1, width=-1),
        answer(width=10**9),
        answer(seconds=-1),
        answer(seconds="0"),
        answer(seconds=math.nan),
        answer(texts=[[1]]),
        answer(texts=3),
        answer()[:-1],
        answer()[:-1] + b"\1",
        answer()[:-1] + b"\x09",
        answer()[:-1] + b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_not_an_answer_is_refused(message: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        unpack_outputs(message, 2)


@given(
    st.binary(max_size=200)
    | st.builds(lambda head, body: head + body, st.just(answer()[:-9]), st.binary(max_size=20))
)
def test_any_message_is_read_or_refused(message: bytes) -> None:
    with contextlib.suppress(BrokenMessageError, UncheckableError):
        outputs, _ = unpack_outputs(message, 2)
        assert outputs.runs <= 2
    with contextlib.suppress(BrokenMessageError, UncheckableError):
        assert isinstance(unpack_text(message), str)


def test_what_an_error_says_obeys_no_terminal() -> None:
    with pytest.raises(UncheckableError) as caught:
        unpack_outputs(json.dumps({"error": "\x1b[2Jgone\n" + "x" * 10_000}).encode(), 1)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) == 400


def test_a_message_arrives_as_it_was_and_one_too_long_is_refused() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(theirs, b"whole")
        assert receive(ours, 1) == b"whole"
        theirs.sendall((2**40).to_bytes(8))
        with pytest.raises(BrokenMessageError):
            receive(ours, 1)
        with pytest.raises(TimeoutError):
            receive(ours, 0)


def test_the_seed_decides_the_outputs() -> None:
    assert draw(mechanisms.count).values.tolist() == draw(mechanisms.count).values.tolist()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raising", r"raised ValueError in line [0-9]+ of mechanisms\.py$"),
        ("leaving", "raised SystemExit in line"),
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
    again, seconds = unpack_outputs(pack_outputs(outputs, 0.25), 2)
    assert seconds == 0.25
    assert again.kinds.tolist() == outputs.kinds.tolist()
    assert again.texts == dict(outputs.texts)


def test_a_generator_is_named_as_what_cannot_be_compared() -> None:
    with pytest.raises(UncheckableError, match="type generator, which cannot be compared"):
        draw(lambda data: (each for each in data))


def test_the_name_of_an_error_tells_of_nobody() -> None:
    error = type("E_13800138000", (Exception,), {})

    def raising(data: list[int]) -> None:
        raise error

    with pytest.raises(UncheckableError, match="raised a text of 13 characters in line"):
        draw(raising)
