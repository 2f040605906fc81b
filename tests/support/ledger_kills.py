"""Writers that are killed at any moment, and what must stand in the ledger afterwards.

python -m tests.support.ledger_kills clients URL KILLS SEED
python -m tests.support.ledger_kills servers KILLS SEED

Each writer makes movements in a fixed order and acknowledges each when the store has returned. Nothing that
was acknowledged may be lost, nothing may be counted twice, and what was under way is done or not done.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from gatecli.ledger.interface import LedgerUnavailable, Outcome, Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.ledger import Movement, ReservationState
from gatecli.model.portfolio import NOTHING
from tests.support.ledgers import AT, IDENTITY, commit, evenly, movement, require_sound, terms, void
from tests.support.postgres import server

WRITERS = 4
BOTH = ("devices", "people")
PLENTY = evenly(10**12)
ACKNOWLEDGED, LOST = b"+", b"-"


def movement_of(name: str, number: int) -> tuple[Movement, tuple[str, ...]]:
    """The movements of a writer, six at a turn: two releases, one of them void, and a plan of one more."""
    turn, step = divmod(number, 6)
    first, second, plan = (f"{name}/{turn}/{kind}" for kind in ("first", "second", "plan"))
    release = f"{plan}/release"
    return (
        (movement(subject=first, amounts=1), ()),
        (movement(subject=second, amounts=2, datasets=BOTH), ()),
        (void(second, -2, BOTH), ()),
        (movement(subject=plan, amounts=3, datasets=tuple(reversed(BOTH))), (release,)),
        (commit(first), ()),
        (commit(release, BOTH, plan=plan), ()),
    )[step]


def write(url: str, name: str, acknowledge: Callable[[bytes], object], wait: Callable[[], object]) -> None:
    """Make one movement after another, until killed; after a failure wait, and ask for the same again."""
    store, number = open_store(url, replay=True), 0
    while True:
        asked, releases = movement_of(name, number)
        try:
            store.move(asked, releases=dict.fromkeys(releases, asked.digest))
        except LedgerUnavailable:
            acknowledge(LOST)
            wait()
        else:
            acknowledge(ACKNOWLEDGED)
            number += 1


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer in a process of its own."""

    name: str
    process: int
    answers: int
    orders: int

    def read(self, answers: int) -> bytes:
        """The next answers, fewer where the writer has died."""
        seen = b""
        while len(seen) < answers and (more := os.read(self.answers, 1)):
            seen += more
        return seen

    def kill(self) -> bytes:
        """End it as the operating system does in need; what it had said by then."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        rest = b""
        while more := os.read(self.answers, 4096):
            rest += more
        os.close(self.answers)
        os.close(self.orders)
        return rest


def listen(writers: list[Writer], answers: int) -> dict[str, int]:
    """How often each writer has acknowledged, when together they have so often."""
    seen = {writer.name: 0 for writer in writers}
    by_pipe = {writer.answers: writer for writer in writers}
    while sum(seen.values()) < answers:
        ready, _, _ = select.select(list(by_pipe), [], [])
        for pipe in ready:
            answer = by_pipe[pipe].read(1)
            assert answer == ACKNOWLEDGED
            seen[by_pipe[pipe].name] += 1
    return seen


def start_writer(url: str, name: str) -> Writer:
    answers, answering = os.pipe()
    ordered, orders = os.pipe()
    process = os.fork()
    if process:
        os.close(answering)
        os.close(ordered)
        return Writer(name, process, answers, orders)
    try:
        write(url, name, lambda word: os.write(answering, word), lambda: os.read(ordered, 1))
    finally:
        os._exit(1)  # only when it could not open the ledger


def require_acknowledged(store: Store, name: str, acknowledged: int) -> None:
    """What was acknowledged last stands, and the movement after it is done or not done, once.

    Of what was acknowledged before the sums tell (`require_sums`).
    """
    asked, releases = movement_of(name, acknowledged)
    assert store.move(asked, releases=dict.fromkeys(releases, asked.digest)) in {Outcome.DONE, Outcome.EXISTS}
    for number in range(max(0, acknowledged - 24), acknowledged + 1):
        turn = number // 6
        first, second, plan = (f"{name}/{turn}/{kind}" for kind in ("first", "second", "plan"))
        published = ReservationState.COMMITTED if acknowledged >= turn * 6 + 5 else ReservationState.HELD
        expected = {
            first: ReservationState.COMMITTED if acknowledged >= turn * 6 + 4 else ReservationState.HELD,
            second: ReservationState.VOID if acknowledged >= turn * 6 + 2 else ReservationState.HELD,
            plan: published,
            f"{plan}/release": published,
        }
        subject = (first, second, second, plan, first, f"{plan}/release")[number % 6]
        found = store.reservation(subject)
        assert found is not None
        assert found.state is expected[subject]


def held_by(acknowledged: int) -> tuple[int, int]:
    """What the movements of a writer hold of devices and people, `acknowledged` and the next one made."""
    turns, steps = divmod(acknowledged + 1, 6)
    devices = (0, 0, 2, 0, 3, 3)[steps]
    people = (0, 1, 3, 1, 4, 4)[steps]
    return 3 * turns + devices, 4 * turns + people


def require_sums(store: Store, acknowledged: list[int]) -> None:
    """Nothing is counted twice: the accounts hold what the writers made, and no more."""
    wanted = [sum(parts) for parts in zip(*map(held_by, acknowledged), strict=True)]
    accounts = list(store.accounts())
    assert [account.held for account in accounts] == [evenly(amount) for amount in wanted]


def begin(url: str) -> None:
    store = create_store(url, IDENTITY, replay=True)
    for name in BOTH:
        store.add_dataset(terms(name, PLENTY), AT)
    assert [account.held for account in store.accounts()] == [NOTHING, NOTHING]
    store.close()


def kill_clients(url: str, kills: int, seed: int) -> int:
    """How many movements were acknowledged by writers that were all killed."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    begin(url)
    acknowledged: list[int] = []
    for generation in range(-(-kills // WRITERS)):
        writers = [start_writer(url, f"{generation}-{number}") for number in range(WRITERS)]
        seen = listen(writers, chance.randrange(1, 50))
        for writer in chance.sample(writers, WRITERS):
            seen[writer.name] += len(writer.kill())
        store = open_store(url, replay=True)
        for name, count in seen.items():
            require_acknowledged(store, name, count)
        acknowledged += seen.values()
        require_sums(store, acknowledged)
        store.close()
    store = open_store(url, replay=True)
    require_sound(store)
    store.close()
    return sum(acknowledged)


def kill_servers(kills: int, seed: int) -> int:
    """How many movements were acknowledged while the server fell over and got up so often."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    with ExitStack() as stack:
        running = stack.enter_context(server())
        begin(running.url)
        writers = [start_writer(running.url, str(number)) for number in range(WRITERS)]
        seen = {writer.name: 0 for writer in writers}
        for _ in range(kills):
            seen[writers[0].name] += writers[0].read(chance.randrange(1, 20)).count(ACKNOWLEDGED)
            running.crash()
            for writer in writers:
                while (answer := writer.read(1)) == ACKNOWLEDGED:
                    seen[writer.name] += 1
                assert answer == LOST
            running.start()
            for writer in writers:
                os.write(writer.orders, b"!")
        for writer in writers:
            seen[writer.name] += writer.kill().count(ACKNOWLEDGED)
        store = open_store(running.url, replay=True)
        for name, count in seen.items():
            require_acknowledged(store, name, count)
        require_sums(store, list(seen.values()))
        require_sound(store)
        store.close()
    return sum(seen.values())


def main(arguments: list[str]) -> None:
    if arguments[0] == "clients":
        url, kills, seed = arguments[1:]
        done = kill_clients(url, int(kills), int(seed))
    else:
        kills, seed = arguments[1:]
        done = kill_servers(int(kills), int(seed))
    print(f"{kills} kills, {done} movements acknowledged, none lost, none counted twice")  # noqa: T201 - its answer


if __name__ == "__main__":
    main(sys.argv[1:])
