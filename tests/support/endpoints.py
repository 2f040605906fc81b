"""An endpoint that keeps every rule, for tests that change one thing."""

from __future__ import annotations

from typing import Any

from gatecli.checks.serving.interface import EndpointSubject
from gatecli.model.document import Document
from gatecli.model.private_endpoint import PrivateEndpoint

ENDPOINT = """\
apiVersion: gatecli.dev/v1
kind: PrivateEndpoint
metadata: {name: churn}
spec:
  upstream: {url: "http://127.0.0.1:8081/invocations"}
  mode: noisy-scores
  noise: {epsilon: 8}
  budget: {ledger: ledger.db, dataset: customers-2026}
"""

SPEC: dict[str, Any] = {
    "upstream": {"url": "http://127.0.0.1:8081/invocations"},
    "mode": "noisy-scores",
    "noise": {"epsilon": 8},
    "budget": {"ledger": "ledger.db", "dataset": "customers-2026"},
}
VOTES: dict[str, Any] = {
    "upstream": {},
    "mode": "votes",
    "votes": {
        "classes": ["stay", "leave"],
        "models": [
            {"url": f"http://127.0.0.1:{port}/", "dataset": f"customers-{port}"}
            for port in (8081, 8082, 8083)
        ],
    },
}


def endpoint(**changes: Any) -> EndpointSubject:
    """The endpoint with other keys below `spec`; None takes a key away."""
    spec = {key: value for key, value in (dict(SPEC) | changes).items() if value is not None}
    data = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivateEndpoint",
        "metadata": {"name": "churn"},
        "spec": spec,
    }
    return EndpointSubject(PrivateEndpoint.from_file(data), Document("serve.yaml", data))
