"""Ctrl-C and forks in the middle of a question: what is paid stands in the records, and no sum shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gatecli.data.session import TableSession, without_past
from gatecli.errors import UncheckableError
from tests.support.private_tables import frame, small_table

CANARY = 471147114711


def frames_of(error: BaseException) -> list[str]:
    """The local variables of all frames that an error and those before it hold."""
    found: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            found.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    return found


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interruption_keeps_its_class_and_no_frame_with_sums(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    table = small_table()

    def interrupt(*_: Any) -> None:
        raise kind(CANARY)

    monkeypatch.setattr(TableSession, "_draw", interrupt)
    with pytest.raises(kind) as caught:
        table.count(epsilon="0.5")
    assert "_add_noise" not in frames_of(caught.value)
    assert str(CANARY) not in repr(caught.value)
    (asked,) = table.budget.questions
    assert (float(asked.epsilon), asked.answered) == (0.5, False)


def test_evidence_names_what_was_interrupted_after_it_was_paid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = small_table()
    session: Any = table._respondent
    reserve = session._purse.reserve

    def pay_and_stop(*given: Any) -> None:
        reserve(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(session._purse, "reserve", pay_and_stop)
        with pytest.raises(KeyboardInterrupt):
            table.count(epsilon="0.5")
    table.count(epsilon="0.25")
    assert [(float(each.epsilon), each.answered) for each in table.budget.questions] == [
        (0.5, False),
        (0.25, True),
    ]


def raise_from_interrupt() -> None:
    raise RuntimeError(CANARY) from KeyboardInterrupt()


def raise_as_duckdb() -> None:
    raise RuntimeError("Query interrupted")


@pytest.mark.parametrize("work", [raise_from_interrupt, raise_as_duckdb])
def test_an_interruption_that_an_engine_wrapped_is_one(work: Callable[[], None]) -> None:
    _, problem = without_past(work)
    assert type(problem) is KeyboardInterrupt
    assert (problem.__cause__, problem.__context__, problem.__traceback__) == (None, None, None)


def test_other_errors_of_an_engine_are_told_by_their_class() -> None:
    def fail() -> None:
        raise RuntimeError(CANARY)

    _, problem = without_past(fail)
    assert isinstance(problem, UncheckableError)
    assert problem.message == "the question failed (RuntimeError)"


FORKED = """
import os, signal, sys
from gatecli.data import open_table
from gatecli.errors import UsageError

isolated = sys.argv[2] == "isolated"
table = open_table(sys.argv[1], budget={"epsilon": 100}, bounds={"age": (0, 100)}, isolated=isolated)
session = table._respondent
session._lock.acquire()  # as a thread that asks holds it
child = os.fork()
if child == 0:
    signal.alarm(20)  # where it hangs
    try:
        table.count(epsilon=1)
    except UsageError as error:
        assert "another process" in error.message
        table.close()
        sys.exit(7)
    sys.exit(8)
session._lock.release()
ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert ended == 7, ended
assert abs(int(table.count(epsilon=50)) - 6) < 5
ready, hold = os.pipe()
child = os.fork()
if child == 0:
    os.close(hold)
    os.read(ready, 1)  # lives until the other side is closed
    os._exit(0)
os.close(ready)
finalizer = session._closing.peek()
table.close()
if isolated:
    process = next(each for each in finalizer[2] if hasattr(each, "returncode"))
    assert process.returncode == 0, process.returncode
os.close(hold)
os.waitpid(child, 0)
"""


@pytest.mark.parametrize("where", ["here", "isolated"])
def test_a_fork_neither_hangs_nor_closes_what_it_did_not_open(tmp_path: Path, where: str) -> None:
    pq.write_table(frame(), tmp_path / "t.parquet")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, str(tmp_path / "t.parquet"), where],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
