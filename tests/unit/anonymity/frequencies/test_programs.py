"""Programs over whole counts, their parts, and an interruption while the solver works."""

from __future__ import annotations

from _thread import interrupt_main
from threading import Event

import numpy as np
import pytest

from gatecli.anonymity.frequencies.atoms import link
from gatecli.anonymity.frequencies.audit import audit
from gatecli.anonymity.frequencies.bounds import matrix_of
from gatecli.anonymity.frequencies.neighbourhoods import blocks, whole_counts
from gatecli.anonymity.frequencies.programs import Failure, LinearProgram, run_interruptibly
from gatecli.anonymity.frequencies.published import PublishedCell, PublishedTable
from gatecli.errors import UncheckableError
from gatecli.model.disclosure import CountDemands

DEMANDS = CountDemands(5, 4, 2, ())


def program(rows: list[list[int]], totals: list[float], high: float = 9) -> LinearProgram:
    columns = 1 + max(max(row) for row in rows)
    sums = np.array(totals, np.float64)
    matrix = matrix_of([np.array(row, np.int64) for row in rows], columns)
    return LinearProgram(matrix, sums, sums, np.zeros(columns), np.full(columns, high))


def cross_table(shape: tuple[int, ...], hidden: float, seed: int) -> PublishedTable:
    """A table with all its margins, where small counts and some others are suppressed."""
    random = np.random.default_rng(seed)
    full = random.poisson(8, shape)
    for axis in range(len(shape)):
        full = np.concatenate([full, full.sum(axis=axis, keepdims=True)], axis=axis)
    cells = []
    for place in np.ndindex(full.shape):
        labels = tuple(None if at == size else f"c{at}" for at, size in zip(place, shape, strict=True))
        count = int(full[place])
        is_hidden = 0 < count < 5 or (None not in labels and count > 0 and random.random() < hidden)
        cells.append(PublishedCell(labels, 0 if is_hidden else count, None if is_hidden else count))
    return PublishedTable("t", tuple(f"d{at}" for at in range(len(shape))), tuple(cells))


def test_an_interruption_is_heard_while_the_solver_works() -> None:
    never = Event()

    def work() -> None:
        interrupt_main()
        never.wait(60)

    try:
        with pytest.raises(KeyboardInterrupt):
            run_interruptibly(work)
    finally:
        never.set()


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run_interruptibly(lambda: 1 // 0)


def test_programs_that_do_not_depend_on_one_another_are_apart() -> None:
    parts = program([[0, 1], [2, 3], [3, 4]], [4, 5, 6]).components()
    assert sorted(map(list, parts)) == [[0, 1], [2, 3, 4]]


def test_a_part_holds_the_others_where_they_are() -> None:
    whole = program([[0, 1, 2]], [9])
    counts = np.array([2.0, 3.0, 4.0])
    part = whole.part(np.array([0, 1]), counts, counts)
    assert (float(part.sums_low[0]), float(part.sums_high[0])) == (5, 5)
    free = whole.part(np.array([0, 1]), whole.low, whole.high)
    assert (float(free.sums_low[0]), float(free.sums_high[0])) == (0, 9)


def test_counts_that_cannot_be_are_not_taken_for_unknown() -> None:
    impossible = program([[0, 1], [1, 2], [0, 2]], [1, 1, 1])  # three halves
    assert impossible.whole_counts(np.zeros(3), nodes=10) is Failure.NO_SOLUTION
    with pytest.raises(UncheckableError, match="contradict"):
        whole_counts(impossible, np.zeros((1, 3), np.int64), np.random.default_rng(0))


def test_blocks_hold_every_atom_once() -> None:
    places = np.array(np.unravel_index(np.arange(0, 1000, 2), (10, 10, 10)), np.int64)
    parts = list(blocks(places, 60, np.random.default_rng(0)))
    assert sorted(np.concatenate(parts)) == list(range(500))
    assert max(map(len, parts)) < 150


def test_what_is_larger_than_a_part_is_audited_to_the_end() -> None:
    found = audit(link([cross_table((9, 9, 6), 0.9, 3)], {}, absent_is_zero=True), DEMANDS)
    assert (found.suppressed > 300, found.unsettled) == (True, 0)


def test_the_same_table_is_audited_to_the_same_end() -> None:
    table = cross_table((6, 6, 4), 0.6, 4)
    one, two = (audit(link([table], {}, absent_is_zero=True), DEMANDS) for _ in range(2))
    assert one == two


def test_what_is_not_settled_is_neither_safe_nor_exposed(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object, **__: object) -> Failure:
        return Failure.GAVE_UP

    monkeypatch.setattr(LinearProgram, "solve", give_up)
    found = audit(link([cross_table((3, 3, 3), 0.9, 5)], {}, absent_is_zero=True), DEMANDS)
    assert found.unsettled > 0
