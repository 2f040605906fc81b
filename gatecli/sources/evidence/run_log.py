"""A run's log, one object a line: the accountant's state grows from line to line, or another run begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

from gatecli.sources.evidence.accountants import AccountantState, one_state
from gatecli.sources.evidence.reading import Where, exact, rows

_COUNTERS = ("_step", "step", "global_step", "trainer/global_step", "epoch")
"""What counts the lines of one run, in the words of W&B, MLflow and Lightning."""
_RUNS = ("run_id", "_run_id", "run", "run_name")


Entry: TypeAlias = tuple[Fraction, Fraction, Fraction]
"""Noise multiplier, sampling rate, steps."""


@dataclass(frozen=True, slots=True)
class _LogLine:
    state: AccountantState
    counters: Mapping[str, Fraction]
    run: tuple[str, ...]
    history: tuple[Entry, ...]


def is_log(data: object) -> bool:
    """Whether `data` is a list of objects: the lines of a log."""
    return isinstance(data, list) and len(data) > 0 and all(isinstance(line, Mapping) for line in data)


def states_of_runs(lines: Sequence[Mapping[str, Any]]) -> list[AccountantState]:
    """The last state of each run of the log; lines without a state say nothing about the budget.

    A line goes on with the run of the line before only where its history extends that line's, a counter
    is above that line's, and both name the same run. Whatever else is a run of its own, and counts too.
    """
    read = [line for number, text in enumerate(lines) if (line := _line(text, number))]
    ended = [line.state for line, after in pairwise(read) if not _goes_on(line, after)]
    return [*ended, *(line.state for line in read[-1:])]


def _line(content: Mapping[str, Any], number: int) -> _LogLine | None:
    state = one_state(content)
    if state is None:
        return None
    where = (number, *state.where)
    placed = AccountantState(state.history, where, state.mechanism, state.beside)
    counters = {key: exact(content[key], (number, key)) for key in _COUNTERS if content.get(key) is not None}
    run = tuple(str(content.get(key)) for key in _RUNS)
    entries = enumerate(rows(state.history, where))
    return _LogLine(placed, counters, run, tuple(_entry(entry, (*where, index)) for index, entry in entries))


def _entry(entry: object, where: Where) -> Entry:
    noise, rate, steps = rows(entry, where, width=3)
    return exact(noise, (*where, 0)), exact(rate, (*where, 1)), exact(steps, (*where, 2))


def _goes_on(line: _LogLine, after: _LogLine) -> bool:
    shared = [key for key in line.counters if key in after.counters]
    counted = bool(shared) and after.counters[shared[0]] > line.counters[shared[0]]
    return counted and line.run == after.run and _extends(line.history, after.history)


def _extends(old: tuple[Entry, ...], new: tuple[Entry, ...]) -> bool:
    """Whether `new` is `old` with more steps in its last entry, or more entries."""
    if not old or len(new) < len(old):
        return not old
    *before, (noise, rate, steps) = old
    *same, grown = new[: len(old)]
    return before == same and (noise, rate) == grown[:2] and steps <= grown[2]
