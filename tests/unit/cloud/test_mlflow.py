"""How a version of a model in MLflow is written, and what is said without MLflow's client."""

from __future__ import annotations

import sys

import pytest

from gatecli.cloud.mlflow import MlflowRegistry, VersionName, parse_model, parse_version
from gatecli.errors import MissingExtraError, UsageError


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("churn/3", VersionName("churn", "3")),
        ("models:/churn/3", VersionName("churn", "3")),
        ("main.models.churn/03", VersionName("main.models.churn", "3")),
    ],
)
def test_a_version_is_a_model_and_a_number(text: str, version: VersionName) -> None:
    assert parse_version(text) == version


def test_a_model_may_be_named_without_a_version() -> None:
    assert parse_model("models:/churn") == ("churn", None)


@pytest.mark.parametrize(
    "text", ["churn", "", "/3", "churn/", "churn/latest", "churn/3/4", "runs:/x/3", "churn/-1"]
)
def test_what_names_no_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_version(text)


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(MissingExtraError) as refused:
        MlflowRegistry("http://127.0.0.1:9")
    assert refused.value.advice == "pip install 'gatecli[mlflow]'"
