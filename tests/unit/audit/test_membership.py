"""AUC and the true positive rate at few false alarms."""

from __future__ import annotations

import pytest

from gatecli.audit.membership import membership


def test_the_area_counts_ties_half() -> None:
    assert membership([1.0, 2.0], [1.0, 0.0], 0.05).area.value == pytest.approx(0.875)


def test_an_attack_that_sorts_perfectly_has_an_area_of_one_and_an_interval() -> None:
    area = membership([2.0] * 100, [1.0] * 100, 0.05).area
    assert area.value == 1
    assert area.low < 1 == area.high


def test_scores_that_tell_nothing_have_half() -> None:
    scores = [float(number) for number in range(500)]
    area = membership(scores, scores, 0.05).area
    assert area.value == 0.5
    assert area.low < 0.5 < area.high


def test_the_rate_at_few_false_alarms() -> None:
    """Of 1,000 others, ten are above 990: at 1 % the threshold is 989, at 0.1 % it is 998."""
    others = [float(number) for number in range(1000)]
    members = [989.5] * 30 + [998.5] * 20 + [0.0] * 50
    low, high = membership(members, others, 0.05).found
    assert low is not None
    assert high is not None
    assert (low.value, high.value) == (0.2, 0.5)
    assert low.low < low.value < low.high


def test_a_rate_that_so_few_others_cannot_show_is_not_given() -> None:
    found = membership([1.0, 2.0], [float(number) for number in range(200)], 0.05).found
    assert found[0] is None
    assert found[1] is not None
