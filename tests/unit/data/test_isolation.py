"""A table in a process of its own: the same answers, refusals and errors; nothing else comes over."""

from __future__ import annotations

import io
import json
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gatecli.data import column, open_table
from gatecli.data.isolation import messages
from gatecli.data.isolation.client import IsolatedSession
from gatecli.data.isolation.worker import serve
from gatecli.data.opening import TableRequest, read_request, request_data
from gatecli.data.refusals import BudgetUsedUpError, RefusedError
from gatecli.data.table import PrivateTable
from gatecli.errors import NothingToCheckError, UncheckableError, UsageError
from gatecli.model.budget import Budget
from gatecli.model.number import read_exact
from gatecli.model.policy import PrivacyPolicy
from tests.support.private_tables import BOUNDS, KEYS, frame

CANARY = "Zacharias-4711"
OPTIONS: dict[str, Any] = {"unit": "pid", "bounds": BOUNDS, "keys": KEYS}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "people.parquet"
    pq.write_table(frame({"pid": [1, 2, 3], "age": [20.0, 40.0, 60.0], "ward": ["a", "b", CANARY]}), path)
    return path


@pytest.fixture
def table(rows: Path) -> Iterator[PrivateTable]:
    with open_table(rows, budget={"epsilon": 1000, "delta": 1e-6}, isolated=True, **OPTIONS) as opened:
        yield opened


def test_it_answers_refuses_and_pays_as_in_this_process(table: PrivateTable, tmp_path: Path) -> None:
    assert (table.columns, table.bounds) == (("pid", "age", "ward"), {"age": (0, 100)})
    wards = table.filter(column("age") >= 30).groupby("ward").agg(n="count", epsilon=100)
    assert [dict(row) for row in wards] == [
        {"ward": "a", "n": 0},
        {"ward": "b", "n": 1},
        {"ward": "d", "n": 0},
    ]
    with table.plan(epsilon=100, delta=1e-7) as plan:
        count = plan.count(weight=2)
        mean = plan.mean("age")
    assert int(count) == 3
    assert float(mean) == pytest.approx(40, abs=20)
    with pytest.raises(RefusedError, match="head is refused"):
        table.head()
    with pytest.raises(BudgetUsedUpError) as caught:
        table.count(epsilon=999)
    assert 0 < caught.value.left < 999
    with pytest.raises(UsageError, match="no column 'name'"):
        table.count("name", epsilon=1)
    spent = table.budget
    assert [each.name for each in spent.refused] == ["head"]
    assert [float(each.epsilon) for each in spent.questions] == [100, 100]
    table.write_evidence(tmp_path / "evidence.json")
    written = json.loads((tmp_path / "evidence.json").read_text())
    assert [each["subject"] for each in written["questions"]] == [each.subject for each in spent.questions]
    assert CANARY not in json.dumps(written)


def test_what_cannot_be_opened_says_so_here(tmp_path: Path, rows: Path) -> None:
    with pytest.raises(NothingToCheckError, match=r"none\.csv does not exist"):
        open_table(tmp_path / "none.csv", budget={"epsilon": 1}, isolated=True)
    with pytest.raises(UsageError, match="in this process already"):
        open_table(frame(), budget={"epsilon": 1}, isolated=True)
    with pytest.raises(UsageError, match="no column 'person'"):
        open_table(rows, budget={"epsilon": 1}, isolated=True, unit="person")


def test_an_ended_process_is_said_and_stays_ended(table: PrivateTable) -> None:
    session: Any = table._respondent
    process = session._closing.peek()[2][-1]
    process.kill()
    with pytest.raises(UncheckableError, match="has ended"):
        table.count(epsilon=1)
    with pytest.raises(UsageError, match="is closed"):
        table.count(epsilon=1)


def test_an_interruption_does_not_reach_it_and_closing_ends_it(rows: Path) -> None:
    table = open_table(rows, budget={"epsilon": 1000}, isolated=True, **OPTIONS)
    session: Any = table._respondent
    process = session._closing.peek()[2][-1]
    assert os.getpgid(process.pid) != os.getpgid(0)
    process.send_signal(signal.SIGCONT)
    assert int(table.count(epsilon=100)) == 3
    table.close()
    assert process.returncode == 0


def test_a_module_of_the_current_folder_is_not_run(
    tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("secrets", "json", "gatecli"):
        (folder / f"{name}.py").write_text("open('ran', 'w').close()\nraise SystemExit\n")
    monkeypatch.chdir(folder)
    with open_table(rows, budget={"epsilon": 1000}, isolated=True, **OPTIONS) as table:
        assert int(table.count(epsilon=100)) == 3
        session: Any = table._respondent
        process = session._closing.peek()[2][-1]
        assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
    assert not (folder / "ran").exists()


KILLED = """
import os, signal, sys
from gatecli.data import open_table

table = open_table(sys.argv[1], budget={"epsilon": 1}, isolated=True)
os.write(1, b"%d\\n" % table._respondent._closing.peek()[2][-1].pid)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_with_the_process_that_asks(rows: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, rows], capture_output=True, text=True, check=False)
    assert ran.returncode == -signal.SIGKILL
    with suppress(ProcessLookupError):  # it is gone already
        left = os.pidfd_open(int(ran.stdout))
        assert select.select([left], [], [], 60)[0]
        os.close(left)


class Wire(io.StringIO):
    """What was sent to a worker, and what it said."""

    def __init__(self, *sent: Any) -> None:
        super().__init__()
        self.lines = [line if isinstance(line, str) else json.dumps(line) + "\n" for line in sent]

    def readline(self, *_: Any) -> str:  # type: ignore[override]  # the one that is called
        return self.lines.pop(0) if self.lines else ""

    @property
    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


def opening(rows: Path) -> dict[str, Any]:
    budget = Budget(read_exact("5"), read_exact("0"))
    return request_data(TableRequest(str(rows), budget=budget, numeric=("age",)))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"rows": True},
        {"ask": {}},
        {"ask": None},
        {"plan": [], "budget": ["1", "0"], "method": "weights"},
        {"plan": [], "budget": ["1", "0"], "method": "none"},
        {"plan": None, "budget": ["1", "0"], "method": "weights"},
        {"plan": [], "budget": [None, None], "method": "weights"},
    ],
)
def test_a_message_that_is_none_is_an_error_and_costs_nothing(rows: Path, message: dict[str, Any]) -> None:
    wire = Wire(opening(rows), message, {"spending": True})
    serve(wire)
    opened, answered, spent = wire.said
    assert opened["value"] == [["pid", "a number"], ["age", "a number"], ["ward", "text"]]
    assert set(answered) == {"error"}
    assert spent["value"]["questions"] == []
    assert CANARY not in wire.getvalue()


def test_a_message_that_was_cut_off_ends_the_session(rows: Path) -> None:
    wire = Wire(opening(rows), '{"spending": tr')
    serve(wire)
    assert len(wire.said) == 1
    serve(empty := Wire())
    assert empty.said == []


def test_an_error_of_a_library_is_told_by_its_class_alone(rows: Path, monkeypatch: Any) -> None:
    def fail(*_: Any) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("gatecli.data.session.TableSession.spending", fail)
    wire = Wire(opening(rows), {"spending": True})
    serve(wire)
    assert wire.said[1]["error"]["message"] == "the table failed (ValueError)"
    assert CANARY not in wire.getvalue()


def test_a_request_is_read_as_it_was_written() -> None:
    policy = PrivacyPolicy.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "p"},
            "spec": {"tiers": {"high": {"maxEpsilon": read_exact("1/3")}}},
        }
    )
    budget = Budget(read_exact("1/3"), read_exact("1e-6"))
    request = TableRequest("t.csv", "d", budget, policy=policy, sensitivity="high", numeric=("a",))
    assert read_request(json.loads(json.dumps(request_data(request)))) == request


def test_errors_are_read_as_they_were_written() -> None:
    used = BudgetUsedUpError("d", read_exact("1/3"))
    again = messages.read_error(json.loads(json.dumps(messages.error_data(used))))
    assert isinstance(again, BudgetUsedUpError)
    assert (again.message, again.advice, again.left) == (used.message, used.advice, used.left)
    other = messages.read_error(messages.error_data(RefusedError("no", advice="ask")))
    assert type(other) is RefusedError


def test_a_session_of_nothing_is_no_session() -> None:
    with pytest.raises(UncheckableError, match="the table failed"):
        IsolatedSession({})
