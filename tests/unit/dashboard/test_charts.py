"""The history as paths in a field of 1,000 by 1,000."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from gatecli.dashboard.charts import HistoryChart, history_chart
from gatecli.ledger.history import Step

START = datetime(2026, 1, 1, tzinfo=UTC)


def step(days: int, per_cent: int) -> Step:
    return Step(START + timedelta(days=days), Fraction(per_cent, 100))


def drawn(steps: list[Step], days: int, exhausted: date | None = None) -> HistoryChart:
    chart = history_chart(steps, START + timedelta(days=days), exhausted)
    assert chart is not None
    return chart


def test_before_the_first_charge_there_is_no_chart() -> None:
    assert history_chart([], START, None) is None


def test_a_line_steps_up_and_goes_on_until_now() -> None:
    chart = drawn([step(0, 10), step(40, 50)], 80)
    # A quarter more room on the right: 100 days are 1,000.
    assert chart.line == "M0 1000V900H400V500H800"
    assert chart.area == f"{chart.line}V1000Z"
    assert (chart.now, chart.start, chart.end) == ("80.0%", "2026-01-01", "2026-04-11")
    assert chart.outlook == ""


def test_a_forecast_in_sight_ends_the_chart() -> None:
    chart = drawn([step(0, 10), step(40, 50)], 80, (START + timedelta(days=160)).date())
    assert chart.outlook == "M500 500L1000 0"
    assert chart.end == "2026-06-10"


def test_a_forecast_far_away_is_drawn_as_far_as_the_chart_goes() -> None:
    chart = drawn([step(0, 10), step(40, 50)], 80, (START + timedelta(days=240)).date())
    assert chart.outlook == "M500 500L1000 250"


def test_a_forecast_for_tomorrow_ends_within_the_chart() -> None:
    chart = drawn([step(0, 10), step(40, 99)], 80, (START + timedelta(days=81)).date())
    assert chart.outlook == "M800 10L810 0"


def test_what_is_used_up_has_no_outlook() -> None:
    chart = drawn([step(0, 10), step(40, 100)], 80, (START + timedelta(days=40)).date())
    assert chart.outlook == ""
    assert chart.line.endswith("V0H800")
    assert "nothing is left" not in chart.description


def test_more_than_everything_is_drawn_as_everything() -> None:
    assert drawn([step(0, 250)], 80).line == "M0 1000V0H800"


def test_one_charge_at_this_moment_has_a_chart_too() -> None:
    assert drawn([step(0, 10)], 0).line.startswith("M0 1000V900H")


def test_a_clock_that_is_behind_the_last_entry_does_no_harm() -> None:
    assert drawn([step(0, 10), step(40, 20)], 20).line == "M0 1000V900H800V800H800"


def test_the_words_say_what_the_picture_says() -> None:
    chart = drawn([step(0, 10), step(40, 50)], 80, date(2027, 3, 9))
    assert chart.description == (
        "The share of the budget that is held, from 2026-01-01 to 2026-03-22: "
        "10\u00a0% at first, 50\u00a0% now. At the mean rate so far nothing is left on 2027-03-09."
    )


@pytest.mark.parametrize("count", [1, 24, 25, 400])
def test_the_table_has_both_ends_and_at_most_24_rows(count: int) -> None:
    rows = drawn([step(day, 1 + day // 5) for day in range(count)], 500).rows
    assert len(rows) == min(count, 24)
    assert rows[-1] == ("2026-01-01", "1\u00a0%")
    assert rows[0][0] == step(count - 1, 0).at.date().isoformat()


def test_a_first_day_is_told_by_the_minute() -> None:
    morning = datetime(2026, 11, 30, 8, 5, tzinfo=UTC)
    steps = [Step(morning, Fraction(1, 10)), Step(morning + timedelta(hours=1), Fraction(2, 10))]
    chart = history_chart(steps, morning + timedelta(hours=2), None)
    assert chart is not None
    assert (chart.start, chart.end) == ("2026-11-30 08:05", "2026-11-30 11:05")
    assert [at for at, _ in chart.rows] == ["2026-11-30 09:05", "2026-11-30 08:05"]
