"""Azure's scoring script: starts the model and the proxy on loopback, and asks the proxy.

Azure's inference server calls `init` once in each of its processes, and `run` for each request of `/score`. A
question is passed on as it came, with the caller's headers; no answer reaches a caller but through the proxy.
"""

from __future__ import annotations

import atexit
import fcntl
import http.client
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

FOLDER = Path(__file__).parent
PROXY = ("127.0.0.1", 8080)
START_SECONDS, ANSWER_SECONDS = 60, 180
NOT_PASSED_ON = frozenset({"connection", "content-length", "host", "transfer-encoding"})
STARTED = (Path(tempfile.gettempdir()) / "churn-endpoint.lock").open("w")


def init() -> None:
    """Start the endpoint, in one process of several, and wait until it is ready. Raises RuntimeError."""
    endpoint = None
    with suppress(BlockingIOError):  # another process of the server has started it
        fcntl.flock(STARTED, fcntl.LOCK_EX | fcntl.LOCK_NB)
        environment = {**os.environ, "GATECLI_SERVE_CONFIG": "serve-loopback.yaml"}
        endpoint = subprocess.Popen([sys.executable, "start.py"], cwd=FOLDER, env=environment)
        atexit.register(endpoint.terminate)
    latest = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > latest or (endpoint is not None and endpoint.poll() is not None):
            raise RuntimeError("the endpoint is not ready: its log says why")
        time.sleep(0.1)


@rawhttp
def run(request: AMLRequest) -> AMLResponse:
    """The endpoint's answer, with its status and what it says of privacy."""
    passed_on = {name: value for name, value in request.headers if name.lower() not in NOT_PASSED_ON}
    connection = http.client.HTTPConnection(*PROXY, timeout=ANSWER_SECONDS)
    try:
        connection.request(request.method, "/score", request.get_data(), passed_on)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    told = {
        name: value
        for name, value in answer.getheaders()
        if name.lower() == "content-type" or name.lower().startswith("gatecli-")
    }
    return AMLResponse(body, answer.status, told)


def is_ready() -> bool:
    """Whether a question would be answered now."""
    connection = http.client.HTTPConnection(*PROXY, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
