"""What is stopped, and how it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from threading import Event, Thread

import pytest

from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.problems import computing
from gatecli.errors import UncheckableError
from tests.support.tables import opened

FOREVER = 60.0


def press(times: int, until: Event, number: signal.Signals = signal.SIGINT) -> None:
    """Ctrl-C, and then a call that takes long."""
    for _ in range(times):
        os.kill(os.getpid(), number)
    assert until.wait(FOREVER)
    raise RuntimeError("Query interrupted")


@pytest.fixture(name="table")
def of_one_row() -> OpenedTable:
    return opened({"age": ["1"]})


@pytest.fixture
def ignored() -> Iterator[None]:
    """The interrupt, as a shell has it for a job in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_driver_that_cannot_be_asked_is_broken_off_when_its_time_is_up(table: OpenedTable) -> None:
    late = replace(table, timeout=0.05, interrupt=None)
    with pytest.raises(UncheckableError, match="not measured within"), computing(late):
        assert Event().wait(FOREVER)


@pytest.mark.usefixtures("ignored")
def test_a_driver_is_broken_off_in_the_background_too(table: OpenedTable) -> None:
    before = signal.getsignal(signal.SIGTERM)
    late = replace(table, timeout=0.05, interrupt=None)
    with pytest.raises(UncheckableError, match="not measured within"), computing(late):
        assert Event().wait(FOREVER)
    with pytest.raises(KeyboardInterrupt), computing(replace(table, interrupt=None)):
        press(1, Event(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.usefixtures("ignored")
def test_an_ignored_interrupt_stops_nothing(table: OpenedTable) -> None:
    with computing(replace(table, timeout=FOREVER, interrupt=lambda: None)):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_driver_that_cannot_be_asked_is_broken_off_by_the_user(table: OpenedTable) -> None:
    stuck = replace(table, interrupt=None)
    with pytest.raises(KeyboardInterrupt), computing(stuck):
        press(1, Event())


def test_an_engine_is_asked_until_it_stops(table: OpenedTable) -> None:
    asked: list[int] = []
    enough = Event()

    def deaf() -> None:
        asked.append(1)
        if len(asked) == 3:
            enough.set()

    late = replace(table, timeout=0.01, interrupt=deaf)
    with pytest.raises(UncheckableError, match="not measured within"), computing(late):
        assert enough.wait(FOREVER)
    assert len(asked) >= 3


def test_an_interrupt_is_one_whatever_the_engine_says(table: OpenedTable) -> None:
    stopped = Event()
    asked = replace(table, interrupt=stopped.set)
    with pytest.raises(KeyboardInterrupt), computing(asked):
        press(1, stopped)


def test_a_second_interrupt_does_not_wait_for_the_engine(table: OpenedTable) -> None:
    deaf = replace(table, interrupt=lambda: None)
    with pytest.raises(KeyboardInterrupt), computing(deaf):
        press(2, Event())


def test_the_handlers_of_signals_are_as_before(table: OpenedTable) -> None:
    before = signal.getsignal(signal.SIGINT)
    with computing(replace(table, timeout=FOREVER)):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_another_thread_has_its_time_too(table: OpenedTable) -> None:
    found: list[BaseException] = []
    stopped = Event()

    def work() -> None:
        try:
            with computing(replace(table, timeout=0.01, interrupt=stopped.set)):
                assert stopped.wait(FOREVER)
        except UncheckableError as error:
            found.append(error)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert len(found) == 1
