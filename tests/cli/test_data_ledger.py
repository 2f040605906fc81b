"""Budgets that questions are paid from, and evidence that the release gate reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import gatecli
from gatecli.data import open_table
from gatecli.data.refusals import BudgetUsedUpError
from gatecli.data.table import PrivateTable
from gatecli.errors import UsageError
from gatecli.ledger.interface import LedgerUnavailable
from gatecli.ledger.opening import open_store
from gatecli.model.ledger import Account, ReservationState
from gatecli.model.policy import PrivacyPolicy
from tests.cli.conftest import Run
from tests.support.private_tables import BOUNDS, KEYS, frame, small_table

DATASET = "patients-2026"


@pytest.fixture
def ledger(run: Run, tmp_path: Path) -> Path:
    """A ledger with a dataset of which one person changes two units of its parent."""
    budget = ("--unit", "person", "--epsilon", "8", "--delta", "1e-5", "--records", "60000")
    assert run("ledger", "init").returncode == 0
    assert run("ledger", "dataset", "add", "people", *budget).returncode == 0
    assert run("ledger", "dataset", "add", DATASET, *budget, "--parent", "people=2").returncode == 0
    return tmp_path / "ledger.db"


def table_of(ledger: Path, **options: Any) -> PrivateTable:
    given = {"unit": "pid", "bounds": BOUNDS, "keys": KEYS, **options}
    return open_table(frame(), dataset=DATASET, ledger=ledger, **given)


def account_of(ledger: Path, name: str = DATASET) -> Account:
    store = open_store(str(ledger), read_only=True)
    try:
        found = store.account(name)
        assert found is not None
        return found
    finally:
        store.close()


def release_of(folder: Path, epsilon: str = "1", **more: Any) -> Path:
    privacy = {
        "unit": "person",
        "neighbouring": "add-remove",
        "epsilon": epsilon,
        "delta": "1e-6",
        "evidence": [{"format": "table", "path": "evidence.json"}],
        **more,
    }
    spec = {
        "sensitivity": "low",
        "privacy": privacy,
        "datasets": [{"name": DATASET, "records": 60000}],
    }
    head = {"apiVersion": "gatecli.dev/v1", "kind": "ModelRelease"}
    metadata = {"name": "stats", "version": "1.0.0", "owner": "me"}
    path = folder / "privacy.yaml"
    path.write_text(yaml.safe_dump({**head, "metadata": metadata, "spec": spec}))
    return path


def test_each_question_is_charged_to_the_dataset_and_its_parents(run: Run, ledger: Path) -> None:
    with table_of(ledger) as table:
        table.count(epsilon="0.5")
    assert account_of(ledger).held.basic_epsilon == 500_000_000_000
    assert account_of(ledger, "people").held.basic_epsilon == 1_000_000_000_000
    store = open_store(str(ledger), read_only=True)
    states = [each.state for each in store.reservations(None, DATASET)]
    assert states == [ReservationState.COMMITTED]
    store.close()
    assert run("ledger", "verify").returncode == 0


def test_two_sessions_share_one_budget(ledger: Path) -> None:
    with table_of(ledger) as one, table_of(ledger) as other:
        one.count(epsilon=2)
        with pytest.raises(BudgetUsedUpError):
            other.count(epsilon="2.5")
        other.count(epsilon=2)
        assert one.budget.holding.left == other.budget.holding.left == 4


def test_the_unit_of_the_ledger_needs_a_column(ledger: Path) -> None:
    with pytest.raises(UsageError, match="no column says whose a row is"):
        table_of(ledger, unit=None)


@pytest.mark.parametrize(("name", "said"), [("patients", "is not in the ledger"), (None, "none is given")])
def test_a_dataset_that_is_not_there_is_refused(ledger: Path, name: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_table(frame(), dataset=name, ledger=ledger, unit="pid")


def test_a_ledger_that_is_down_answers_nothing(ledger: Path) -> None:
    with table_of(ledger) as table:
        session: Any = table._respondent

        def fail(*_: object, **__: object) -> None:
            raise LedgerUnavailable("the ledger does not answer")

        session._purse._store.move = fail
        with pytest.raises(LedgerUnavailable):
            table.count(epsilon=1)
        assert session.records == []
    assert account_of(ledger).held.basic_epsilon == 0


def test_a_closed_table_says_so(ledger: Path) -> None:
    with table_of(ledger) as table:
        table.count(epsilon=1)
    with pytest.raises(UsageError, match="is closed"):
        table.count(epsilon=1)


def test_a_release_is_not_charged_again_for_what_its_evidence_names(run: Run, ledger: Path) -> None:
    with table_of(ledger) as table:
        table.mean("age", epsilon="0.5")
        table.write_evidence(ledger.parent / "evidence.json")
    before = account_of(ledger).held
    release_of(ledger.parent)
    found = run("release", "check", "privacy.yaml", "--ledger", "ledger.db", "--reserve")
    assert found.returncode == 0, found.stderr + found.stdout
    assert account_of(ledger).held == before
    shown = run("ledger", "show", DATASET, "--ledger", "ledger.db", "--composed")
    assert shown.returncode == 0


def test_work_beside_the_questions_is_charged(run: Run, ledger: Path) -> None:
    with table_of(ledger) as table:
        table.count(epsilon="0.5")
        table.write_evidence(ledger.parent / "evidence.json")
    before = account_of(ledger).held.basic_epsilon
    mechanisms = [
        {"kind": "discrete-laplace", "scale": "2", "sensitivity": 1},
        {"kind": "laplace", "scale": "4", "sensitivity": 1},
    ]
    release_of(ledger.parent, mechanisms=mechanisms)
    found = run("release", "check", "privacy.yaml", "--ledger", "ledger.db", "--reserve")
    assert found.returncode == 0, found.stdout
    assert account_of(ledger).held.basic_epsilon == before + 250_000_000_000


EDITS: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "mechanisms": lambda _, question: question["mechanisms"][0].update(scale="2.5"),
    "subject": lambda _, question: question.update(subject="data/other/1"),
    "what was asked": lambda _, question: question.update(question="0" * 64),
    "epsilon": lambda _, question: question.update(epsilon="0.4"),
    "ledger": lambda data, _: data["ledger"].update(id="0" * 32),
    "column": lambda data, _: data.update(unitColumn="age"),
    "rows": lambda data, _: data.update(rowsPerUnit=7),
}


@pytest.mark.parametrize("change", EDITS)
def test_evidence_that_was_edited_is_charged(run: Run, ledger: Path, change: str) -> None:
    evidence = ledger.parent / "evidence.json"
    with table_of(ledger) as table:
        table.count(epsilon="0.5")
        table.write_evidence(evidence)
    data = json.loads(evidence.read_text())
    EDITS[change](data, data["questions"][0])
    evidence.write_text(json.dumps(data))
    before = account_of(ledger).held.basic_epsilon
    release_of(ledger.parent)
    assert run("release", "check", "privacy.yaml", "--ledger", "ledger.db", "--reserve").returncode == 0
    assert account_of(ledger).held.basic_epsilon > before


def test_a_question_is_charged_once_and_every_copy_of_it_again(run: Run, ledger: Path) -> None:
    folder = ledger.parent
    with table_of(ledger) as table:
        table.count(epsilon="0.5")
        table.write_evidence(folder / "evidence.json")
    (folder / "copy.json").write_text((folder / "evidence.json").read_text())
    copies = [{"format": "table", "path": name} for name in ("evidence.json", "copy.json")]
    before = account_of(ledger).held.basic_epsilon
    release_of(folder, evidence=copies)
    assert run("release", "check", "privacy.yaml", "--ledger", "ledger.db", "--reserve").returncode == 0
    assert account_of(ledger).held.basic_epsilon == before + 500_000_000_000


def test_a_question_that_stands_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    table = small_table(unit="pid")
    table.count(epsilon="0.5")
    table.write_evidence(tmp_path / "evidence.json")
    data = json.loads((tmp_path / "evidence.json").read_text())
    data["questions"] *= 2
    (tmp_path / "evidence.json").write_text(json.dumps(data))
    verdict = gatecli.check_release(release_of(tmp_path))
    assert any("the same subject" in each.message for each in verdict.findings)
    assert not verdict.passed


@pytest.mark.parametrize(
    ("column", "unit", "passes"), [(None, "person", False), ("pid", "person", True), (None, "row", True)]
)
def test_questions_about_rows_are_no_evidence_for_people(
    tmp_path: Path, column: str | None, unit: str, *, passes: bool
) -> None:
    table = small_table(unit=column)
    table.count(epsilon="0.5")
    table.write_evidence(tmp_path / "evidence.json")
    verdict = gatecli.check_release(release_of(tmp_path, unit=unit))
    said = [each.message for each in verdict.findings if each.rule.id == "dp-evidence-mismatch"]
    assert bool(said) is not passes
    assert all("counts rows" in each for each in said)


def test_a_declaration_below_what_was_asked_is_refused(tmp_path: Path) -> None:
    table = small_table(unit="pid")
    table.count(epsilon=2)
    table.write_evidence(tmp_path / "evidence.json")
    verdict = gatecli.check_release(release_of(tmp_path))
    assert "dp-understated-epsilon" in {each.rule.id for each in verdict.findings}


def test_nothing_asked_is_no_evidence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing was asked yet"):
        small_table().write_evidence(tmp_path / "evidence.json")
    assert not list(tmp_path.iterdir())


def test_evidence_cannot_be_written_nowhere(tmp_path: Path) -> None:
    table = small_table()
    table.count(epsilon=1)
    with pytest.raises(UsageError, match="cannot write"):
        table.write_evidence(tmp_path / "no" / "evidence.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"questions": []}, "questions"),
        ({"unit": ""}, "unit"),
        ({"extra": 1}, "extra"),
        ({"schema": "x"}, "schema"),
    ],
)
def test_evidence_is_read_strictly(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    table = small_table()
    table.count(epsilon=1)
    path = tmp_path / "evidence.json"
    table.write_evidence(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    verdict = gatecli.check_release(release_of(tmp_path))
    found = [each for each in verdict.findings if each.rule.id == "release-evidence-unreadable"]
    assert said in found[0].message
    assert verdict.exit_code == 4


def tiered() -> PrivacyPolicy:
    """A policy that binds the dataset to a tier."""
    return PrivacyPolicy.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "acme"},
            "spec": {"tiers": {"health": {"maxEpsilon": 1}}, "datasets": {DATASET: "health"}},
        }
    )


def test_a_policy_bounds_what_a_session_spends_of_a_ledger(ledger: Path) -> None:
    with table_of(ledger, policy=tiered()) as table:
        table.count(epsilon="0.5")
        with pytest.raises(gatecli.GatecliError, match="beyond what the tier health permits"):
            table.count(epsilon="0.75")
        table.count(epsilon="0.5")
    assert account_of(ledger).held.basic_epsilon == 10**12


def test_a_policy_bounds_the_budget_of_a_session() -> None:
    policy = tiered()
    open_table(frame(), dataset=DATASET, budget={"epsilon": 1}, policy=policy)
    refused: list[dict[str, Any]] = [{"dataset": DATASET}, {"sensitivity": "health"}]
    for options in refused:
        with pytest.raises(gatecli.GatecliError, match="beyond what the tier health permits"):
            open_table(frame(), budget={"epsilon": 2}, policy=policy, **options)
    with pytest.raises(gatecli.GatecliError, match="would judge nothing"):
        open_table(frame(), budget={"epsilon": 1}, policy=policy)
    with pytest.raises(gatecli.GatecliError, match="no tier secret"):
        open_table(frame(), budget={"epsilon": 1}, policy=policy, sensitivity="secret")
