"""What standardising is made of, attacked by the audit: nothing is found in it, and mistakes in it are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from gatecli.anonymity.tables.frames import open_frame
from gatecli.audit import attack
from gatecli.audit.attack import Effort
from gatecli.audit.neighbours import Pair
from gatecli.data import aggregation, session, standardisation
from gatecli.data.aggregation import Contributions, ExactSums, kinds_in
from gatecli.data.engines.open_dp import OpenDp
from gatecli.data.session import OpenedRows, TableSession
from gatecli.data.spending import SessionPurse
from gatecli.data.statistics import Part, SumTerm
from gatecli.data.table import PrivateTable
from gatecli.data.views import TableView, with_bounds, with_keys
from gatecli.model.audit import AuditClaim, AuditOutcome
from gatecli.model.budget import Budget
from gatecli.model.table_evidence import AnsweredQuestion
from tests.support.direct_source import attack_directly

Rows = list[float]
Attacked = Callable[[Rows, int], list[Any]]
"""So many independent outputs on some rows."""

EPSILON = 1
CLAIM = AuditClaim(Fraction(EPSILON), Fraction(0))
STEPS = 4
"""Of the bounds: a choice among so few is quick, and nothing else changes."""
GROUPS = 125
BOUNDS = {"x": (0, 100)}
FIRST_ROW = Pair([], [1e6], 1)
FAR_ROW = Pair([0.0] * 30, [*[0.0] * 30, 1e6], 2)
"""A row more, far beyond the bounds."""
EFFORT = Effort(samples=250, training=125, first_look=125, sharpen=1)
MORE = Effort(samples=4000, training=1000, first_look=500, sharpen=1)
"""For what differs by a factor of two alone."""
LESS = Effort(samples=200, training=100, first_look=100, sharpen=1)


class UnsafeChoices(OpenDp):
    """Broken: as if a row changed a score by 1, where it changes it by 49 at the rank 1/50."""

    def choose_least(self, scores: Sequence[int], sensitivity: int, epsilon: Fraction) -> int:  # noqa: ARG002 - the mistake
        """A choice with too little noise."""
        return super().choose_least(scores, 1, epsilon)


class UnsafeHalfNoise(OpenDp):
    """Broken: half of the noise that is asked for."""

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:
        """Each value with half the noise."""
        return super().add_laplace(values, scale / 2)


def total_without_clipping(
    data: Any, term: SumTerm, view: TableView, total: Callable[..., Any] = aggregation._total
) -> Any:
    """Broken: what is beyond the bounds counts as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregation, "_clip", lambda value, _lower, _upper: value)
        return total(data, term, view)


class UnsafeFreePurse(SessionPurse):
    """Pays for as many questions as an attack asks."""

    def reserve(self, asked: AnsweredQuestion) -> None:
        """Nothing is kept of it."""


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack, "_PROBES", (20,))
    for module in (aggregation, session, standardisation):
        monkeypatch.setattr(module, "CANDIDATES", STEPS)


def table_of(columns: Mapping[str, Sequence[Any]], engine: OpenDp, keys: Mapping[str, Any]) -> PrivateTable:
    kinds = {"x": pa.float64(), "g": pa.int64()}
    source = open_frame(pa.table({name: pa.array(each, kinds[name]) for name, each in columns.items()}))
    purse = UnsafeFreePurse("a table", "row", Budget(Fraction(1), Fraction(0)))
    asked = TableSession(OpenedRows(source, lambda: None), Contributions(), purse, engine)
    view = TableView(kinds_in(source.table.schema()))
    return PrivateTable(with_keys(with_bounds(view, BOUNDS), keys), asked)


def by_groups(statistic: tuple[Any, ...], engine: OpenDp) -> Attacked:
    """A statistic of some rows, as often as a question has groups: each holds the same rows."""
    tables: dict[tuple[float, ...], PrivateTable] = {}

    def ask(data: Rows, runs: int) -> list[Any]:
        if (known := tuple(data)) not in tables:
            columns: dict[str, Sequence[Any]] = {
                "x": data * GROUPS,
                "g": [each for each in range(GROUPS) for _ in data],
            }
            tables[known] = table_of(columns, engine, {"g": range(GROUPS)}).groupby("g")
        found: list[Any] = []
        while len(found) < runs:
            answer = tables[known].agg(found=statistic, epsilon=EPSILON)
            found += [row["found"] for row in answer]
        return found[:runs]

    return ask


def one_by_one(engine: OpenDp, monkeypatch: pytest.MonkeyPatch) -> Attacked:
    """Parameters of standardising; what is exact is added up once for each pair of clipping bounds."""
    sums: dict[tuple[int, str, tuple[Part, ...]], ExactSums] = {}

    def add_up_once(
        table: Any, view: TableView, parts: Sequence[Part], contributions: Contributions
    ) -> ExactSums:
        key = id(table), str(view.as_data()), tuple(parts)
        if key not in sums:
            sums[key] = aggregation.add_up(table, view, parts, contributions)
        return sums[key]

    monkeypatch.setattr(session, "add_up", add_up_once)
    tables: dict[tuple[float, ...], PrivateTable] = {}

    def ask(data: Rows, runs: int) -> list[Any]:
        if (known := tuple(data)) not in tables:
            tables[known] = table_of({"x": data}, engine, {})
        table = tables[known]
        found = []
        for _ in range(runs):
            parameters = table.standardise("x", epsilon=EPSILON).parameters["x"]
            found.append([parameters.low, parameters.high, parameters.mean, parameters.deviation])
        return found

    return ask


def outcome(attacked: Attacked, pair: Pair = FAR_ROW, effort: Effort = EFFORT) -> AuditOutcome:
    return attack_directly(attacked, CLAIM, [pair], effort).outcome


QUANTILE = ("x", "quantile", 0.98)
MOMENTS = ("mean", "std")


@pytest.mark.parametrize("pair", [FIRST_ROW, FAR_ROW], ids=["first row", "far row"])
def test_nothing_is_found_in_a_quantile(pair: Pair) -> None:
    assert outcome(by_groups(QUANTILE, OpenDp()), pair) is AuditOutcome.NOTHING_FOUND


def test_a_quantile_that_forgets_its_sensitivity_is_refuted() -> None:
    assert outcome(by_groups(QUANTILE, UnsafeChoices()), FIRST_ROW) is AuditOutcome.REFUTED


@pytest.mark.parametrize("name", MOMENTS)
def test_nothing_is_found_in_a_statistic_of_clipped_values(name: str) -> None:
    assert outcome(by_groups(("x", name), OpenDp())) is AuditOutcome.NOTHING_FOUND


@pytest.mark.parametrize("name", MOMENTS)
def test_a_statistic_of_values_that_nobody_clipped_is_refuted(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregation, "_total", total_without_clipping)
    assert outcome(by_groups(("x", name), OpenDp())) is AuditOutcome.REFUTED


def test_half_the_noise_is_refuted() -> None:
    assert outcome(by_groups(("x", "sum"), UnsafeHalfNoise()), effort=MORE) is AuditOutcome.REFUTED


def test_nothing_is_found_in_standardising(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(one_by_one(OpenDp(), monkeypatch), effort=LESS) is AuditOutcome.NOTHING_FOUND


def test_standardising_without_clipping_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregation, "_total", total_without_clipping)
    assert outcome(one_by_one(OpenDp(), monkeypatch), effort=LESS) is AuditOutcome.REFUTED
