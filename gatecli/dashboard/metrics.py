"""What Prometheus reads of a ledger: how much is held of what, and whether it was looked after.

Labels are names of datasets, members, states and rules: never a release, a person or a value. Each reading
has a registry of its own. Amounts are shown as floats, in the units of the field (ε, δ, μ², Rényi ε); what
decides are the ledger's whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gatecli.dashboard.figures import Figures
from gatecli.model.ledger import ReservationState
from gatecli.model.portfolio import (
    COLUMNS,
    DELTA_UNITS,
    MEASURE_UNITS,
    Amounts,
    Member,
    held_share,
    member_share,
)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_NAME = "gatecli_ledger"
Sample = tuple[tuple[str, ...], float]


class FiguresCollector(Collector):
    """Figures as metrics, read once."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Every metric, also one without a series."""
        yield from _of_budgets(self._figures)
        yield from _of_entries(self._figures)
        yield from _of_care(self._figures)


def exposition(figures: Figures) -> bytes:
    """The text that Prometheus reads (its text format 0.0.4)."""
    registry = CollectorRegistry()
    registry.register(FiguresCollector(figures))
    return generate_latest(registry)


def _of_budgets(figures: Figures) -> Iterator[Metric]:
    accounts = figures.accounts
    by_measure = ("dataset", "measure")
    yield _gauge(
        "limit", "The most that may be held of a measure", by_measure,
        (each for account in accounts for each in _amounts(account.terms.name, account.terms.limits)),
    )  # fmt: skip
    yield _gauge(
        "held", "What is held of a measure, by releases and lapsed reservations alike", by_measure,
        (each for account in accounts for each in _amounts(account.terms.name, account.held)),
    )  # fmt: skip
    yield _gauge(
        "member_held_ratio", "The share of its limits that each member of the portfolio holds",
        ("dataset", "member"),
        (
            ((each.terms.name, member.value), float(member_share(member, each.held, each.terms.limits)))
            for each in accounts
            for member in Member
        ),
    )  # fmt: skip
    yield _gauge(
        "held_ratio", "The share of the budget that is held, by the member that decides", ("dataset",),
        (
            ((each.terms.name,), float(held_share(each.held, each.terms.limits, each.terms.admission)))
            for each in accounts
        ),
    )  # fmt: skip
    yield _gauge(
        "exhaustion_time_seconds", "Unix time at which nothing is left at the mean rate so far", ("dataset",),
        (((name,), _unix_day(day)) for name, day in figures.exhausted.items()),
    )  # fmt: skip
    yield _gauge(
        "dataset_closed", "1 where nothing can be charged any more, else 0", ("dataset",),
        (((account.terms.name,), float(account.closed)) for account in accounts),
    )  # fmt: skip


def _of_entries(figures: Figures) -> Iterator[Metric]:
    tally = figures.tally
    yield _counter(
        "entries", "Entries of a dataset", ("dataset",),
        (((account.terms.name,), account.entries) for account in figures.accounts),
    )  # fmt: skip
    yield _gauge(
        "reservations", "Releases, plans and leases by where they stand", ("state",),
        (((state.value,), tally.states.get(state, 0)) for state in ReservationState),
    )  # fmt: skip
    yield _gauge(
        "lapsed_reservations", "Reservations that lapsed, and are held until they are committed or voided",
        ("dataset",),
        (((account.terms.name,), tally.lapsed.get(account.terms.name, 0)) for account in figures.accounts),
    )  # fmt: skip
    yield _counter(
        "refusals", "Releases that were refused, by rule", ("rule",),
        (((rule,), count) for rule, count in sorted(tally.refusals.items())),
    )  # fmt: skip


def _of_care(figures: Figures) -> Iterator[Metric]:
    checkpoint, verification = figures.checkpoint, figures.verification
    yield _gauge(
        "checkpoint_size", "Entries that the last checkpoint is about; 0 without one", (),
        [((), checkpoint.size if checkpoint else 0)],
    )  # fmt: skip
    yield _gauge(
        "checkpoint_time_seconds", "Unix time of the last checkpoint", (),
        [((), _unix(datetime.fromisoformat(checkpoint.at)))] if checkpoint else [],
    )  # fmt: skip
    yield _gauge(
        "verification_holds", "1 where the last verification found nothing wrong, else 0", (),
        [((), float(verification.holds))] if verification else [],
    )  # fmt: skip
    yield _gauge(
        "verification_time_seconds", "Unix time at which the last verification ended", (),
        [((), _unix(verification.at))] if verification else [],
    )  # fmt: skip
    yield _gauge(
        "read_time_seconds", "Unix time at which these metrics were read from the ledger", (),
        [((), _unix(figures.read_at))],
    )  # fmt: skip


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    family = GaugeMetricFamily(f"{_NAME}_{name}", text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _counter(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    family = CounterMetricFamily(f"{_NAME}_{name}", text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _amounts(dataset: str, amounts: Amounts) -> Iterator[Sample]:
    for column, amount in zip(COLUMNS, amounts, strict=True):
        units = DELTA_UNITS if column.endswith("_delta") else MEASURE_UNITS
        yield (dataset, column.replace("_", "-")), amount / units


def _unix_day(day: date) -> float:
    return _unix(datetime.combine(day, time(), UTC))


def _unix(at: datetime) -> float:
    return float(int(at.timestamp()))
