"""What an endpoint says of itself: whether it is ready, what answers cost, and of which trace a line is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.accounting.answer_noise import grid_noise
from gatecli.gates.served_attestation import AttestationStanding
from gatecli.model.attestation import Claim
from gatecli.model.private_endpoint import PrivateEndpointSpec
from gatecli.serving.health import REMEMBERED, Readiness
from gatecli.serving.price import price_headers, price_sentence
from gatecli.serving.tracing import trace_of
from tests.support.served_endpoints import endpoint

NOISY = {"mode": "noisy-scores", "attestation": None, "model": None, "noise": {"epsilon": 1}}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def noisy(**changes: Any) -> PrivateEndpointSpec:
    return endpoint(**NOISY | changes)


def test_what_was_found_is_said_again_for_a_second() -> None:
    now, asked = [0.0], []

    async def look() -> str | None:
        asked.append(1)
        return "ledger" if len(asked) == 1 else None

    async def run() -> list[Sequence[str]]:
        readiness = Readiness((look,), lambda: now[0])
        found = [await readiness.faults(), await readiness.faults()]
        now[0] += REMEMBERED
        return [*found, *await asyncio.gather(readiness.faults(), readiness.faults())]

    assert asyncio.run(run()) == [["ledger"], ["ledger"], [], []]
    assert len(asked) == 2


def test_a_look_that_fails_is_not_ready() -> None:
    async def fail() -> str | None:
        raise LookupError("of a body")

    assert asyncio.run(Readiness((fail,), lambda: 0.0).faults()) == ["unknown"]


def test_who_drains_asks_nobody() -> None:
    assert asyncio.run(Readiness((), lambda: 0.0, is_draining=True).faults()) == ["draining"]


def test_the_price_of_an_answer_is_in_its_headers() -> None:
    spec = noisy()
    assert price_headers(spec, grid_noise(spec), "person", None) == {
        "server": "gatecli",
        "gatecli-mode": "noisy-scores",
        "gatecli-guarantee": "scores with noise for all that they can be",
        "gatecli-epsilon": "1",
        "gatecli-delta": "0",
        "gatecli-noise": "laplace; deviation=1.414",
        "gatecli-unit": "person",
    }


def test_an_answer_without_noise_is_one_of_an_attested_model_in_every_mode() -> None:
    standing = AttestationStanding(
        None, "a" * 64, claim=Claim("0.5", 500_000, "1e-9", "person", "add-remove")
    )
    found = price_headers(noisy(), None, "", standing)
    assert (found["gatecli-mode"], found["gatecli-epsilon"]) == ("attested", "0")
    assert (found["gatecli-model-epsilon"], found["gatecli-model-delta"]) == ("0.5", "1e-9")
    assert found["gatecli-attestation"] == "sha256:" + "a" * 64
    assert not {"gatecli-noise", "gatecli-unit"} & set(found)


def test_an_operator_is_told_how_much_noise_that_is() -> None:
    spec = noisy()
    said = price_sentence(spec, grid_noise(spec))
    assert said.startswith("each new answer costs ε = 1, δ = 0; each score between 0 and 1 gets noise")
    assert "1.41" in said


@pytest.mark.parametrize("version", ["00", "cc"])
def test_a_trace_is_found_by_its_id(version: str) -> None:
    assert trace_of(f"{version}-{TRACE}-b7ad6b7169203331-01") == TRACE


@given(st.text())
def test_what_is_no_trace_is_no_text_of_the_log(header: str) -> None:
    found = trace_of(header)
    assert not found or (len(found) == 32 and set(found) <= set("0123456789abcdef"))


@pytest.mark.parametrize(
    "header", ["", TRACE, f"00-{TRACE}-b7ad6b7169203331", f"00-{TRACE.upper()}-b7ad6b7169203331-01"]
)
def test_what_is_no_trace_has_no_id(header: str) -> None:
    assert trace_of(header) == ""
