"""KServe's two protocols through the proxy: questions, readiness, and what the model says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.served_containers import ServedContainer, ready_container
from tests.support.serving_examples import SAGEMAKER


@pytest.fixture(scope="module", name="kserve")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedContainer]:
    """The example's model behind the routes of KServe; its own path of readiness is `/ready`."""
    changes = {
        'url: "http://127.0.0.1:8081/invocations", platform: sagemaker': (
            'url: "http://127.0.0.1:8081", readyUrl: "http://127.0.0.1:8081/ready", platform: kserve'
        )
    }
    below = tmp_path_factory.mktemp("kserve")
    with ready_container(SAGEMAKER, below, 8080, "/v2/health/ready", changes) as running:
        yield running


def test_version_1_answers_predictions(kserve: ServedContainer) -> None:
    answer = kserve.ask_json("/v1/models/churn:predict", b'{"instances": [[3], [40]]}')
    assert (answer.status, json.loads(answer.body)) == (200, {"predictions": [0.352, 0.0998]})


@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_version_2_answers_tensors(kserve: ServedContainer, version: str) -> None:
    tensor = {"name": "months", "shape": [2], "datatype": "FP64", "data": [3, 40]}
    answer = kserve.ask_json(f"/v2/models/churn{version}/infer", json.dumps({"inputs": [tensor]}).encode())
    assert answer.status == 200
    (output,) = json.loads(answer.body)["outputs"]
    assert (output["shape"], output["data"]) == ([2], [0.352, 0.0998])


@pytest.mark.parametrize(
    "path", ["/", "/v2/health/live", "/v2/health/ready", "/v2/models/churn/ready", "/healthz", "/readyz"]
)
def test_both_versions_say_that_they_are_there(kserve: ServedContainer, path: str) -> None:
    assert kserve.ask("GET", path).status == 200


@pytest.mark.parametrize(
    "path", ["/v1/models/churn:explain", "/v2/repository/models/churn/load", "/v2/models"]
)
def test_explanations_and_repositories_are_not_passed_on(kserve: ServedContainer, path: str) -> None:
    assert kserve.ask_json(path, b"{}").status == 404
