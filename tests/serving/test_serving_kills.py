"""An endpoint that is killed at any moment: no answer left that its ledger does not hold."""

from __future__ import annotations

from pathlib import Path

from tests.support.serving_kills import CONNECTIONS, LEASE, kill_often

KILLS = 20


def test_no_kill_lets_an_answer_out_that_was_not_paid_for(tmp_path: Path) -> None:
    found = kill_often(tmp_path, KILLS, seed=1)
    assert found.holds
    assert (found.kills, found.refused) == (KILLS, 0)
    assert 0 < found.received <= found.paid
    # What a kill loses: the rest of a lease, the next one, and what was under way.
    assert found.paid <= found.received + KILLS * (2 * LEASE + CONNECTIONS)


def test_kills_near_the_end_of_a_budget_spend_no_more_than_it(tmp_path: Path) -> None:
    found = kill_often(tmp_path, KILLS, seed=2, epsilon=5)
    assert found.holds
    assert 0 < found.received <= found.paid == 50
    assert found.refused > 0
