"""`gatecli serve` as a process: how it ends, two of them on one ledger, and what it never writes."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import pytest

from gatecli.ledger.opening import create_store, open_store
from gatecli.ledger.verification import verify
from tests.e2e.processes import LOOPBACK, Program, free_port
from tests.support.leases import answers_held, people
from tests.support.ledgers import IDENTITY
from tests.support.served_containers import Reply, ServedContainer
from tests.support.threaded_model import ThreadedModel, threaded_model

EPSILON = 8
"""Of an answer."""


def question(number: int) -> bytes:
    return json.dumps({"instances": [[number / 7, 0.5]]}).encode()


@pytest.fixture(name="model")
def running_model() -> Iterator[ThreadedModel]:
    with threaded_model() as model:
        yield model


@contextmanager
def serving(
    folder: Path, model: ThreadedModel, name: str = "one", **limits: int
) -> Iterator[ServedContainer]:
    """The command, once it listens."""
    port = free_port()
    path = folder / f"{name}.yaml"
    document = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivateEndpoint",
        "metadata": {"name": "churn"},
        "spec": {
            "listen": f"{LOOPBACK}:{port}",
            "upstream": {"url": model.url, "platform": "sagemaker"},
            "mode": "noisy-scores",
            "noise": {"epsilon": EPSILON},
            "budget": {"ledger": "ledger.db", "dataset": "people", "lease": 4},
            "limits": limits,
        },
    }
    path.write_text(json.dumps(document))
    command = [sys.executable, "-m", "gatecli", "serve", "--config", str(path), "-v"]
    program = Program(name, command, folder)
    served = ServedContainer(program, LOOPBACK, port)
    try:
        program.wait_until(lambda: served.is_ready("/ping"))
        yield served
    finally:
        program.kill()


@pytest.fixture(name="folder")
def folder_with_ledger(tmp_path: Path) -> Path:
    store = create_store(str(tmp_path / "ledger.db"), IDENTITY)
    people(store, 10 * EPSILON)
    store.close()
    return tmp_path


def spent(folder: Path) -> float:
    """Answers that the ledger holds; it is sound."""
    store = open_store(str(folder / "ledger.db"))
    try:
        assert verify(store).holds
        return float(answers_held(store) / EPSILON)
    finally:
        store.close()


def ask(served: ServedContainer, number: int) -> Reply:
    return served.ask_json("/invocations", question(number))


def test_the_end_returns_what_was_paid_and_not_answered(folder: Path, model: ThreadedModel) -> None:
    with serving(folder, model) as served:
        assert [ask(served, number).status for number in (1, 2, 2)] == [200, 200, 200]
        assert spent(folder) == 4
        assert served.stop() == 0
        said = served.program.logged()
    assert spent(folder) == 2
    events = [json.loads(line)["event"] for line in said.splitlines() if line.startswith("{")]
    assert events[-2:] == ["draining", "stopped"]
    assert "instances" not in said
    assert "predictions" not in said


def test_what_is_under_way_at_the_end_is_answered(folder: Path, model: ThreadedModel) -> None:
    model.gate = Event()
    with serving(folder, model) as served, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ask, served, 1)
        assert model.was_asked.wait(30)
        served.program.send(signal.SIGTERM)
        served.program.wait_until(lambda: '"draining"' in served.program.logged())
        model.gate.set()
        assert waiting.result().status == 200
        assert served.exit_code() == 0
    assert spent(folder) == 1


def test_what_does_not_end_in_time_is_cut_off_and_stays_spent(folder: Path, model: ThreadedModel) -> None:
    model.gate = Event()
    with serving(folder, model, drainSeconds=0) as served, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ask, served, 1)
        assert model.was_asked.wait(30)
        assert served.stop() == 0
        model.gate.set()
        assert isinstance(waiting.exception(), OSError) or waiting.result().status != 200
    assert spent(folder) == 1


def test_two_processes_share_one_budget(folder: Path, model: ThreadedModel) -> None:
    with ExitStack() as stack:
        both = [stack.enter_context(serving(folder, model, name)) for name in ("one", "other")]
        statuses = [ask(served, number).status for number in range(9) for served in both]
        answered = statuses.count(200)
        assert set(statuses) == {200, 403}
        assert answered <= 10
        assert [served.stop() for served in both] == [0, 0]
        assert spent(folder) == answered
