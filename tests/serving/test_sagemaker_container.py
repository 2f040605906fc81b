"""The contract of SageMaker's containers, run as a process with its port, its argument and its folders."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gatecli.model.private_endpoint import MEBIBYTE
from tests.support.reviews import RESIDENT_ID
from tests.support.served_containers import PATIENCE, ServedContainer, container, other_model, ready_container
from tests.support.serving_examples import SAGEMAKER

PORT, PING_SECONDS = 8080, 2
QUESTION = json.dumps({"instances": [[3], [40]]}).encode()
SCORES = [0.352, 0.0998]


@pytest.fixture(scope="module", name="sagemaker")
def running_container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedContainer]:
    with ready_container(SAGEMAKER, tmp_path_factory.mktemp("sagemaker"), PORT, "/ping") as running:
        yield running


def test_a_ping_is_answered_within_two_seconds(sagemaker: ServedContainer) -> None:
    assert sagemaker.ask("GET", "/ping", seconds=PING_SECONDS).status == 200


def test_an_invocation_in_json_is_answered_by_the_attested_model(sagemaker: ServedContainer) -> None:
    answer = sagemaker.ask_json("/invocations", QUESTION)
    assert answer.status == 200
    assert json.loads(answer.body) == {"predictions": SCORES}
    assert answer.headers["content-type"] == "application/json"
    said = {
        name: answer.headers[name] for name in ("gatecli-mode", "gatecli-epsilon", "gatecli-model-epsilon")
    }
    assert said == {"gatecli-mode": "attested", "gatecli-epsilon": "0", "gatecli-model-epsilon": "0.25"}


def test_an_invocation_in_csv_is_answered_in_csv(sagemaker: ServedContainer) -> None:
    answer = sagemaker.ask("POST", "/invocations", b"3\n40\n", {"Content-Type": "text/csv"})
    assert (answer.status, answer.body) == (200, b"0.352\n0.0998\n")
    assert answer.headers["content-type"] == "text/csv"


def test_a_fault_of_the_question_is_told_as_the_model_tells_it(sagemaker: ServedContainer) -> None:
    answer = sagemaker.ask_json("/invocations", b'{"instances": "none"}')
    assert (answer.status, json.loads(answer.body)) == (400, {"error": "not a question of this model"})


def test_batch_transform_is_told_that_the_model_has_no_parameters(sagemaker: ServedContainer) -> None:
    assert sagemaker.ask("GET", "/execution-parameters").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/invocations"), ("POST", "/ping"), ("POST", "/invocations/"), ("POST", "//invocations")],
)
def test_nothing_but_the_contract_is_answered(sagemaker: ServedContainer, method: str, path: str) -> None:
    assert sagemaker.ask(method, path, QUESTION if method == "POST" else None).status == 404


def test_a_body_above_25_mb_is_refused_by_its_length(sagemaker: ServedContainer) -> None:
    connection = sagemaker.connect()
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(25 * MEBIBYTE + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_personal_data_and_words_of_the_caller_are_in_no_log(sagemaker: ServedContainer) -> None:
    question = json.dumps({"instances": [[3]], "of": f"resident {RESIDENT_ID}"}).encode()
    attributes = {"X-Amzn-SageMaker-Custom-Attributes": "caller=zebra-crossing"}
    refused = sagemaker.ask_json("/invocations", question, attributes)
    assert refused.status == 422
    assert RESIDENT_ID.encode() not in refused.body
    log = sagemaker.program.logged()
    assert '"outcome": "personal-data"' in log
    assert RESIDENT_ID not in log
    assert "zebra-crossing" not in log


def test_a_body_at_the_limit_of_the_document_is_answered_and_a_longer_one_is_not(tmp_path: Path) -> None:
    change = {"  pii:": "  limits: {requestBytes: 1000}\n  pii:"}
    with ready_container(SAGEMAKER, tmp_path, PORT, "/ping", change) as running:
        at_limit = QUESTION.ljust(1000)
        assert running.ask_json("/invocations", at_limit).status == 200
        assert running.ask_json("/invocations", at_limit + b" ").status == 413


def test_another_model_than_the_attested_one_is_not_served(tmp_path: Path) -> None:
    with container(other_model(SAGEMAKER, tmp_path), tmp_path, PORT) as running:
        assert running.exit_code() == 1
        assert "serve-other-model" in running.program.logged()


def test_sigterm_ends_the_container_with_what_it_started(tmp_path: Path) -> None:
    with ready_container(SAGEMAKER, tmp_path, PORT, "/ping") as running:
        assert running.stop() == 0
        assert not running.is_ready("/ping")
        assert '"event": "stopped"' in running.program.logged()


def test_a_container_whose_model_ended_ends_too(tmp_path: Path) -> None:
    with ready_container(SAGEMAKER, tmp_path, PORT, "/ping") as running:
        model, _proxy = running.children()
        os.kill(model, signal.SIGKILL)
        assert running.exit_code() == 1
        assert not running.is_ready("/ping")


class StreamingModel(BaseHTTPRequestHandler):
    """Sends its second piece once it is told that the first one has arrived."""

    protocol_version = "HTTP/1.1"
    arrived: queue.Queue[bytes]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/jsonlines")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"6\r\nfirst\n\r\n")
        self.wfile.write(b"7\r\nsecond\n\r\n0\r\n\r\n" if self.arrived.get(timeout=PATIENCE) else b"")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def streaming_model() -> Iterator[tuple[int, queue.Queue[bytes]]]:
    """Its port, and where it is told."""
    StreamingModel.arrived = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), StreamingModel)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], StreamingModel.arrived
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_stream_is_passed_on_as_it_comes(tmp_path: Path) -> None:
    """A proxy that read the answer to its end first would wait for the model, and the model for it."""
    with streaming_model() as (port, arrived):
        changes = {
            "http://127.0.0.1:8081": f"http://127.0.0.1:{port}",
            "response: mask": "response: ignore",
        }
        with ready_container(SAGEMAKER, tmp_path, PORT, "/ping", changes) as running:
            connection = running.connect()
            connection.request("POST", "/invocations", QUESTION, {"Content-Type": "application/json"})
            response = connection.getresponse()
            assert response.readline() == b"first\n"
            arrived.put(b"go on")
            assert response.read() == b"second\n"
            connection.close()
