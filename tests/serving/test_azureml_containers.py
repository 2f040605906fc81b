"""The two ways on Azure Machine Learning: a container of one's own, and Azure's server with score.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Program, free_port
from tests.support.azureml_server import PROGRAM
from tests.support.reviews import RESIDENT_ID
from tests.support.served_containers import (
    MODEL_PORT,
    ServedContainer,
    other_model,
    ready_container,
    write_tree,
)
from tests.support.serving_examples import AZUREML

QUESTION = json.dumps({"instances": [[3], [40]]}).encode()
ANSWER = {"predictions": [0.352, 0.0998]}
TOKEN = "zebra-crossing"  # noqa: S105 - of nobody


@pytest.fixture(scope="module", name="own")
def container_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedContainer]:
    with ready_container(AZUREML, tmp_path_factory.mktemp("azureml"), 5001, "/readyz") as running:
        yield running


def azures_server(example: Path, below: Path) -> ServedContainer:
    """Azure's own server with the scoring script, as it is called in Azure's image; it need not be ready."""
    port, proxy = free_port(), free_port()
    changes = {"8080": str(proxy), MODEL_PORT: str(free_port())}
    folder = write_tree(example, below, changes)
    command = [str(PROGRAM), "--entry_script", "score.py", "--port", str(port)]
    told = {"TMPDIR": str(below), "HOME": str(below), "AML_APP_INSIGHTS_ENABLED": "false"}
    return ServedContainer(Program("azmlinfsrv", command, below, told, folder), "127.0.0.1", port)


@pytest.fixture(scope="module", name="scoring")
def server_with_the_script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedContainer]:
    running = azures_server(AZUREML, tmp_path_factory.mktemp("scoring"))
    try:
        running.program.wait_until(lambda: running.is_ready("/"))
        yield running
    finally:
        running.program.kill()


@pytest.fixture(name="azureml", params=["own", "scoring"])
def either_way(request: pytest.FixtureRequest) -> ServedContainer:
    running: ServedContainer = request.getfixturevalue(request.param)
    return running


def test_a_question_in_json_is_answered_by_the_attested_model(azureml: ServedContainer) -> None:
    answer = azureml.ask_json("/score", QUESTION, {"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status, json.loads(answer.body)) == (200, ANSWER)
    assert answer.headers["gatecli-mode"] == "attested"
    assert TOKEN not in azureml.program.logged()


def test_a_question_in_csv_is_answered_in_csv(azureml: ServedContainer) -> None:
    answer = azureml.ask("POST", "/score", b"3\n40\n", {"Content-Type": "text/csv"})
    assert (answer.status, answer.body) == (200, b"0.352\n0.0998\n")


def test_a_question_with_personal_data_is_refused_and_in_no_log(azureml: ServedContainer) -> None:
    question = json.dumps({"instances": [[3]], "of": f"resident {RESIDENT_ID}"}).encode()
    assert azureml.ask_json("/score", question).status == 422
    assert RESIDENT_ID not in azureml.program.logged()


def test_only_questions_are_asked(azureml: ServedContainer) -> None:
    assert azureml.ask("GET", "/score").status == 404


def test_a_container_of_ones_own_has_the_routes_of_its_deployment(own: ServedContainer) -> None:
    routes = {path: own.ask("GET", path).status for path in ("/", "/healthz", "/readyz", "/swagger.json")}
    assert routes == {"/": 200, "/healthz": 200, "/readyz": 200, "/swagger.json": 404}


def test_azures_server_says_that_it_lives_and_what_it_has(scoring: ServedContainer) -> None:
    assert scoring.ask("GET", "/").body == b"Healthy"
    assert "/score" in json.loads(scoring.ask("GET", "/swagger.json").body)["paths"]


def test_azures_server_does_not_start_with_another_model(tmp_path: Path) -> None:
    running = azures_server(other_model(AZUREML, tmp_path), tmp_path)
    try:
        running.program.wait_until(lambda: "the endpoint is not ready" in running.program.logged())
        assert "serve-other-model" in running.program.logged()
        assert not running.is_ready("/")
    finally:
        running.program.kill()
