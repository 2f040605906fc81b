"""What Prometheus reads, as its own parser understands it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from gatecli.dashboard.figures import Figures, VerificationResult, read_figures
from gatecli.dashboard.metrics import exposition
from gatecli.dashboard.verifying import verify_ledger
from gatecli.model.portfolio import COLUMNS, Member
from tests.support.page_ledgers import NOW, create, hostile, take, team, terms, written

NEVER = VerificationResult(holds=False, at=NOW, entries=3, faults=("a sum is wrong",))
Samples = dict[tuple[str, ...], float]


@pytest.fixture(name="figures", scope="module")
def of_a_team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    store = team(tmp_path_factory.mktemp("team") / "ledger.db")
    yield read_figures(store, NOW, verify_ledger(store, lambda: NOW - timedelta(hours=1)))
    store.close()


def samples(figures: Figures) -> dict[str, Samples]:
    """The samples of each series, by the values of their labels."""
    found: dict[str, Samples] = {}
    for family in text_string_to_metric_families(exposition(figures).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return {name.removeprefix("gatecli_ledger_"): values for name, values in found.items()}


def test_amounts_are_in_the_units_of_the_field(figures: Figures) -> None:
    found = samples(figures)
    assert found["limit"]["customers-2026", "basic-epsilon"] == 8
    assert found["limit"]["customers-2026", "basic-delta"] == pytest.approx(1e-5 / 3)
    assert found["held"]["customers-2026", "basic-epsilon"] == pytest.approx(9.1)
    assert {measure for _, measure in found["held"]} == {column.replace("_", "-") for column in COLUMNS}


def test_the_share_is_that_of_the_member_that_decides(figures: Figures) -> None:
    found = samples(figures)
    by_member = {member: found["member_held_ratio"]["customers-2026", member.value] for member in Member}
    assert found["held_ratio"]["customers-2026",] == min(by_member.values()) == by_member[Member.GDP]


def test_reservations_are_counted_by_state_and_the_lapsed_ones_by_dataset(figures: Figures) -> None:
    found = samples(figures)
    assert found["reservations"] == {
        ("held",): 3, ("committed",): 55, ("void",): 1, ("lent",): 0, ("returned",): 0,
    }  # fmt: skip
    assert found["lapsed_reservations"]["customers-2026",] == 1
    assert found["lapsed_reservations"]["clinic",] == 0


def test_refusals_are_counted_by_rule(figures: Figures) -> None:
    assert samples(figures)["refusals_total"] == {
        ("ledger-budget-exceeded",): 2,
        ("ledger-unknown-dataset",): 1,
    }


def test_an_exhaustion_is_the_unix_time_of_its_day(figures: Figures) -> None:
    found = samples(figures)["exhaustion_time_seconds"]
    assert set(found) == {("customers-2026",), ("people",), ("telemetry",)}
    for (name,), seconds in found.items():
        assert datetime.fromtimestamp(seconds, UTC).date() == figures.exhausted[name]


def test_a_checkpoint_and_a_verification_have_a_size_and_a_time(figures: Figures) -> None:
    found = samples(figures)
    assert figures.checkpoint is not None
    assert found["checkpoint_size"] == {(): figures.checkpoint.size}
    assert found["checkpoint_time_seconds"] == {(): (NOW - timedelta(days=4)).timestamp()}
    assert found["verification_holds"] == {(): 1}
    assert found["verification_time_seconds"] == {(): (NOW - timedelta(hours=1)).timestamp()}
    assert found["read_time_seconds"] == {(): NOW.timestamp()}
    assert sum(found["entries_total"].values()) > figures.checkpoint.size


def test_a_verification_that_found_something_is_nought(figures: Figures) -> None:
    assert samples(replace(figures, verification=NEVER))["verification_holds"] == {(): 0}


def test_what_never_happened_has_no_time(tmp_path: Path) -> None:
    store = create(tmp_path / "ledger.db")
    found = samples(read_figures(store, NOW, None))
    assert found == {
        "checkpoint_size": {(): 0},
        "read_time_seconds": {(): NOW.timestamp()},
        "reservations": dict.fromkeys((("held",), ("committed",), ("void",), ("lent",), ("returned",)), 0),
    }
    store.close()


def test_no_label_names_a_release(figures: Figures) -> None:
    text = exposition(figures).decode()
    assert not [word for word in ("churn", "crash", "uplift", "segments", "@") if word in text]


def test_closed_datasets_are_told(figures: Figures) -> None:
    found = samples(figures)["dataset_closed"]
    assert {name for (name,), value in found.items() if value} == {"survey-2025"}


def test_names_that_try_to_be_something_else_are_names(tmp_path: Path) -> None:
    store = hostile(tmp_path / "ledger.db")
    name = 'two\\lines" 1\n'.replace("\n", " ")
    store.add_dataset(terms(name), written(NOW))
    take(store, "a@1", 1, (name,), NOW)
    figures = read_figures(store, NOW, None)
    assert {dataset for (dataset,) in samples(figures)["held_ratio"]} == {
        account.terms.name for account in figures.accounts
    }
    store.close()


def test_two_readings_share_nothing_and_leave_the_global_registry_alone(figures: Figures) -> None:
    assert exposition(figures) == exposition(figures)
    assert not [family for family in REGISTRY.collect() if family.name.startswith("gatecli")]
