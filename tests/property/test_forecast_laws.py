"""Laws of histories and forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gatecli.dashboard.charts import FIELD, history_chart
from gatecli.ledger.forecast import HORIZON, forecast
from gatecli.ledger.history import Step

START = datetime(2026, 1, 1, tzinfo=UTC)
GAPS = st.lists(st.integers(0, 90), min_size=1, max_size=8)
SHARES = st.lists(st.integers(-50, 300), min_size=1, max_size=8)


@st.composite
def spendings(draw: st.DrawFn) -> tuple[list[Step], datetime]:
    """Steps in order of time, charges and some taken back, and a moment not before the last."""
    gaps, changes = draw(GAPS), draw(SHARES)
    found: list[Step] = []
    at, share = START, Fraction(0)
    for gap, change in zip(gaps, changes, strict=False):
        share = max(Fraction(0), min(share + Fraction(change, 1000), Fraction(1)))
        found.append(Step(at, share))
        at += timedelta(days=gap + 1)
    return found, at + timedelta(days=draw(st.integers(0, 400)))


@given(spendings())
def test_a_forecast_lies_ahead_within_a_century_unless_everything_is_held(
    spent: tuple[list[Step], datetime],
) -> None:
    steps, now = spent
    day = forecast(steps, now)
    if steps[-1].share == 1:
        assert day == steps[-1].at.date()
    elif day is not None:
        assert now.date() <= day <= (now + HORIZON).date()


@given(spendings(), st.integers(1, 500))
def test_who_waits_is_never_foretold_an_earlier_day(spent: tuple[list[Step], datetime], days: int) -> None:
    steps, now = spent
    day, later = forecast(steps, now), forecast(steps, now + timedelta(days=days))
    assert later is None or (day is not None and later >= day)


@given(spendings(), st.integers(1, 300))
def test_who_spends_more_is_never_foretold_a_later_day(spent: tuple[list[Step], datetime], more: int) -> None:
    steps, now = spent
    day = forecast(steps, now)
    share = min(steps[-1].share + Fraction(more, 1000), Fraction(1))
    after = forecast([*steps, Step(now, share)], now)
    assert day is None or (after is not None and after <= max(day, now.date()))


@given(spendings())
def test_only_the_first_and_the_last_step_count(spent: tuple[list[Step], datetime]) -> None:
    steps, now = spent
    assert forecast([steps[0], steps[-1]], now) == forecast(steps, now)


def heights(path: str) -> Sequence[int]:
    return [int(part.partition("H")[0]) for part in path.split("V")[1:]]


@given(spendings())
def test_a_chart_stays_in_its_field(spent: tuple[list[Step], datetime]) -> None:
    steps, now = spent
    chart = history_chart(steps, now, forecast(steps, now))
    assert chart is not None
    assert all(0 <= height <= FIELD for height in heights(chart.line))
    across = [int(part.partition("V")[0]) for part in chart.line.split("H")[1:]]
    assert across == sorted(across)
    assert all(0 <= x <= FIELD for x in across)
    if chart.outlook:
        ends = chart.outlook.removeprefix("M").replace("L", " ").split()
        assert all(0 <= int(end) <= FIELD for end in ends)
        assert int(ends[0]) <= int(ends[2])
        assert int(ends[1]) >= int(ends[3])
