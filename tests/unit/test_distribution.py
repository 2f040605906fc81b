"""Tests are shared out by the file, and no test is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from xdist.remote import Producer

from tests.support.distribution import FIRST, ByFile, pytest_collection_modifyitems

FILES = [f"tests/unit/test_{name}.py" for name in "abcdef"]
SMALL = [f"{file}::test_{number}" for file in FILES for number in range(4)]
CLUSTER = [f"tests/e2e/test_{name}.py::test_{number}" for name in "gh" for number in range(3)]


@dataclass(eq=False)
class Worker:
    """What of a worker the scheduler asks."""

    gateway: SimpleNamespace
    queue: list[int] = field(default_factory=list)
    shutting_down: bool = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduled(tests: list[str]) -> tuple[ByFile, list[Worker]]:
    """Two workers that have got their first tests."""
    config = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=False), getvalue=lambda _name: ["popen", "popen"]
    )
    scheduler = ByFile(config, Producer("test", enabled=False))
    workers = [Worker(SimpleNamespace(id=name)) for name in ("first", "second")]
    for worker in workers:
        scheduler.add_node(worker)
    for worker in workers:
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    return scheduler, workers


def played(tests: list[str]) -> tuple[ByFile, list[list[str]]]:
    """The tests that each of two workers ran, one after the other in turns."""
    scheduler, workers = scheduled(tests)
    ran: list[list[str]] = [[], []]
    while any(worker.queue for worker in workers):
        for worker, own in zip(workers, ran, strict=True):
            if worker.queue:
                index = worker.queue.pop(0)
                own.append(tests[index])
                scheduler.mark_test_complete(worker, index)
    return scheduler, ran


def test_every_test_is_run_once_and_a_file_by_one_worker() -> None:
    scheduler, ran = played(SMALL)
    assert sorted(ran[0] + ran[1]) == sorted(SMALL)
    files = [{test.partition("::")[0] for test in own} for own in ran]
    assert files[0] | files[1] == set(FILES)
    assert not files[0] & files[1]
    assert scheduler.tests_finished
    assert not scheduler.has_pending


def test_tests_of_one_cluster_are_run_by_one_worker_whatever_their_file() -> None:
    _, ran = played(CLUSTER + SMALL)
    assert [[test for test in own if test in CLUSTER] for own in ran] in ([CLUSTER, []], [[], CLUSTER])


def test_what_is_done_is_not_counted_again() -> None:
    """Else the time that is spent on sharing out grows with the square of the number of tests."""
    scheduler, _ = played(SMALL)
    assert not scheduler.has_pending
    assert list(scheduler.assigned_work.values()) == [{}, {}]


def test_what_a_worker_leaves_when_it_dies_is_run_by_another() -> None:
    scheduler, (dying, living) = scheduled(SMALL)
    scheduler.mark_test_complete(dying, dying.queue[0])
    assert scheduler.remove_node(dying) == SMALL[dying.queue[1]]
    while living.queue:
        scheduler.mark_test_complete(living, living.queue.pop(0))
    assert not scheduler.has_pending
    assert not scheduler.workqueue


def test_what_takes_longest_begins_on_a_worker() -> None:
    names = [*SMALL, *CLUSTER, "tests/wheel/test_wheel.py::test_a"]
    for config, first in ((SimpleNamespace(workerinput={}), True), (SimpleNamespace(), False)):
        items = [SimpleNamespace(nodeid=name) for name in names]
        pytest_collection_modifyitems(config, items)  # type: ignore[arg-type]  # what it looks at
        order = [item.nodeid for item in items]
        assert sorted(order) == sorted(names)
        assert (order == names) is not first
        assert order[0].startswith(FIRST) is first
