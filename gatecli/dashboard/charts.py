"""The history of a dataset as a chart: a line of steps in a field of 1,000 by 1,000, and the forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from gatecli.ledger.history import Step
from gatecli.reports.html.svg import percent

FIELD = 1_000
_ROWS = 24
"""Lines of the table that says the same."""


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """Paths in SVG's notation, what stands at the ends of the axis, and the same in words and figures.

    `now` is where the present stands, in per cent of the width. `outlook` is "" without a forecast.
    """

    line: str
    area: str
    outlook: str
    now: str
    start: str
    end: str
    description: str
    rows: tuple[tuple[str, str], ...]


_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%d %H:%M"
"""How moments are told: within a day or two by the minute."""


def history_chart(steps: Sequence[Step], now: datetime, exhausted: date | None) -> HistoryChart | None:
    """The chart of a dataset's steps; None before the first charge."""
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    present = max(now, last.at)
    end = _end(first.at, present, exhausted)
    stamp = _DAY if (end - first.at) >= timedelta(days=2) else _MINUTE
    span = end - first.at

    def across(at: datetime) -> int:
        return FIELD * (at - first.at) // span

    line = f"M0 {FIELD}V{_height(first.share)}"
    for step in steps[1:]:
        line += f"H{across(step.at)}V{_height(step.share)}"
    line += f"H{across(present)}"
    return HistoryChart(
        line,
        f"{line}V{FIELD}Z",
        _outlook(last.share, present, end, exhausted, across),
        f"{across(present) / 10:.1f}%",
        first.at.strftime(stamp),
        end.strftime(stamp),
        _describe(first, last, now, exhausted),
        tuple((step.at.strftime(stamp), percent(step.share, up=True)) for step in _rows(steps)),
    )


def _end(first: datetime, present: datetime, exhausted: date | None) -> datetime:
    """The right end: the forecast where it is not much farther off than the beginning."""
    room = max((present - first) / 4, timedelta(hours=1))
    if exhausted is not None:
        return min(max(_midnight(exhausted), present + room), present + max(present - first, room))
    return present + room


def _height(share: Fraction) -> int:
    """From the top, which is the whole budget; what is beyond it is not drawn."""
    return FIELD - int(FIELD * max(Fraction(0), min(share, Fraction(1))))


def _outlook(
    share: Fraction,
    present: datetime,
    end: datetime,
    exhausted: date | None,
    across: Callable[[datetime], int],
) -> str:
    """The line from the present towards the day on which nothing is left, as far as the chart goes."""
    if exhausted is None or share >= 1:
        return ""
    second = timedelta(seconds=1)
    day = max(_midnight(exhausted), present + second)
    reached = share + (1 - share) * Fraction((end - present) // second, (day - present) // second)
    return f"M{across(present)} {_height(share)}L{across(min(day, end))} {_height(reached)}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _rows(steps: Sequence[Step]) -> list[Step]:
    """The steps of the table, evenly chosen, the newest first."""
    if len(steps) <= _ROWS:
        return list(reversed(steps))
    return [steps[(len(steps) - 1) * row // (_ROWS - 1)] for row in reversed(range(_ROWS))]


def _describe(first: Step, last: Step, now: datetime, exhausted: date | None) -> str:
    days = f"{first.at.date().isoformat()} to {now.date().isoformat()}"
    at_first, at_last = percent(first.share, up=True), percent(last.share, up=True)
    said = f"The share of the budget that is held, from {days}: {at_first} at first, {at_last} now."
    if exhausted is None or last.share >= 1:
        return said
    return f"{said} At the mean rate so far nothing is left on {exhausted.isoformat()}."
