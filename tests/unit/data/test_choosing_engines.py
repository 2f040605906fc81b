"""Which engine draws, and what is refused before anything is spent."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gatecli.anonymity.tables.frames import open_frame
from gatecli.data import open_table
from gatecli.data.session import OpenedRows, TableSession
from gatecli.data.spending import SessionPurse
from gatecli.data.table import PrivateTable
from gatecli.data.views import with_bounds
from gatecli.errors import ConfigurationError, UsageError
from gatecli.model.budget import Budget
from gatecli.model.mechanism import DiscreteGaussian, Mechanism, ReportNoisyMax
from tests.support.private_tables import BOUNDS, ROWS_ALONE, UnsafeExactEngine, frame, small_table


class LaplaceOnlyEngine(UnsafeExactEngine):
    """Draws Laplace noise and nothing else."""

    name = "plain"

    def require_drawable(self, mechanism: Mechanism) -> None:
        """Refuses all other kinds."""
        if isinstance(mechanism, DiscreteGaussian | ReportNoisyMax):
            raise ConfigurationError(f"plain draws no {mechanism.kind}", advice="use another")


def table(**columns: Any) -> PrivateTable:
    purse = SessionPurse("a table", "row", Budget(Fraction(10), Fraction(1, 10**6)))
    source = open_frame(frame(columns or {"age": [20.0, 30.0]}))
    session = TableSession(OpenedRows(source, lambda: None), ROWS_ALONE, purse, LaplaceOnlyEngine())
    return PrivateTable(with_bounds(session.view, BOUNDS), session)


@pytest.mark.parametrize(
    "ask",
    [
        lambda people: people.count(epsilon=1, delta=1e-7, noise="gaussian"),
        lambda people: people.median("age", epsilon=1),
        lambda people: people.describe(epsilon=1),
        lambda people: people.standardise(["age"], epsilon=1),
    ],
    ids=["gaussian", "quantile", "describe", "standardise"],
)
def test_what_an_engine_does_not_draw_costs_nothing(ask: Any) -> None:
    people = table()
    with pytest.raises(ConfigurationError, match="plain draws no"):
        ask(people)
    assert people.budget.questions == ()
    assert people.budget.holding.share == 0


def test_a_plan_that_an_engine_does_not_draw_costs_nothing() -> None:
    people = table()

    def ask_plan() -> None:
        with people.plan(epsilon=1) as plan:
            plan.count()
            plan.median("age")

    with pytest.raises(ConfigurationError, match="plain draws no"):
        ask_plan()
    assert people.budget.holding.share == 0


def test_without_gaussian_noise_laplace_is_taken_and_the_reason_said() -> None:
    answer = table().count(epsilon=1, delta=1e-7)
    assert answer.receipt.reason == "Laplace, since plain draws no Gaussian noise here; delta is not spent"
    assert answer.receipt.delta == 0


def test_a_receipt_says_why_the_engine_drew() -> None:
    receipt = small_table().count(epsilon=1).receipt
    assert "(the default: it draws each kind exactly)" in receipt.engine
    assert receipt.engine in str(receipt)


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="is not an engine") as refused:
        open_table(frame(), budget={"epsilon": 1}, engine="numpy")
    assert refused.value.advice == "use opendp, pydp, diffprivlib"
