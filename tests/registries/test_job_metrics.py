"""What a job of Azure Machine Learning has left of a budget, on a real MLflow server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from gatecli.cloud.mlflow import log_metrics
from gatecli.errors import UsageError
from tests.support.jobs import DATASET, Container, ledger, shell
from tests.support.mlflow_server import server

WORKSPACE = {
    "AZUREML_ARM_SUBSCRIPTION": "4f5c9c1e-0000-4000-8000-000000000000",
    "AZUREML_ARM_RESOURCEGROUP": "ml",
    "AZUREML_ARM_WORKSPACE_NAME": "training",
}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server."""
    with server(tmp_path_factory.mktemp("mlflow")) as address:
        yield address


@pytest.fixture
def client(uri: str) -> Any:
    """MLflow's own client."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - not installed for every test

    return MlflowClient(uri)


@pytest.fixture
def run_id(client: Any, uri: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that began, and the variables by which a job knows it."""
    run = str(client.create_run("0").info.run_id)
    for name, value in {**WORKSPACE, "AZUREML_RUN_ID": run, "MLFLOW_TRACKING_URI": uri}.items():
        monkeypatch.setenv(name, value)
    return run


def run_job(folder: Path, command: list[str]) -> int:
    container = Container(folder)
    options = {
        "--dataset": DATASET,
        "--epsilon": "1",
        "--delta": "1e-6",
        "--output": str(container.output),
        "--declaration": str(container.declaration),
        "--ledger": str(folder / "ledger.db"),
    }
    words = [word for pair in options.items() for word in pair]
    return main(["cloud", "azureml", "run", *words, "--", *command])


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_left_is_a_metric_of_the_run(
    tmp_path: Path, client: Any, run_id: str, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger(tmp_path / "ledger.db").close()
    container = Container(tmp_path).make()
    assert run_job(tmp_path, shell("exit 3") if fails else container.trainer()) == (4 if fails else 0)
    assert client.get_run(run_id).data.metrics == {f"gatecli.budget_remaining.{DATASET}": 0.875}


def test_a_dataset_of_any_name_has_a_metric(client: Any, run_id: str) -> None:
    log_metrics(run_id, {"gatecli.budget_remaining.客户 (2026)@eu": 0.5})
    assert client.get_run(run_id).data.metrics == {"gatecli.budget_remaining.__ _2026__eu": 0.5}


def test_a_run_that_is_not_there_is_told(run_id: str) -> None:
    with pytest.raises(UsageError, match="MLflow has no run 0"):
        log_metrics("0" * 32, {"a": 1.0})
