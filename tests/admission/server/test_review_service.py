"""A review from its request to its answer: what it may take, and what a second judgement may change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from admission.review.judging import Phase
from admission.server.metrics import new_metrics
from admission.server.review_service import ReviewResult, ReviewService
from gatecli.checks.served_models import GivenAttestations
from tests.support.attestations import ed25519
from tests.support.reviews import CONTROLLER, TODAY, made_from, owner_of, request_for, rulebook
from tests.support.served_models import annotated, inference_service, serving_book
from tests.support.webhook import no_attestations

SECONDS = 4.5
LARGE = 10**6
"""Bytes of a body that is given to a worker."""


class Workers:
    """Do each job at once, but those that `late` numbers; `given` is what each had, in seconds."""

    def __init__(self, *late: int) -> None:
        self.late = late
        self.given: list[float] = []

    async def run(self, job: Callable[[], Any], seconds: float) -> Any:
        self.given.append(seconds)
        if len(self.given) in self.late:
            raise TimeoutError
        return job()


def rule(owner: dict[str, Any] | None, workers: Workers, now: list[float], **admission: Any) -> ReviewResult:
    """What is answered to a controller that makes a Pod with a value from a ReplicaSet."""
    book = rulebook(admission=admission)

    async def read_owner(*_: object) -> dict[str, Any] | None:
        now[0] += 1.5
        return owner

    async def keep(_: object) -> None:
        raise AssertionError

    service = ReviewService(
        lambda: book,
        workers,  # type: ignore[arg-type]  # of the same shape
        new_metrics(),
        lambda: TODAY,
        lambda: now[0],
        keep,
        read_owner,
        no_attestations,
        0,
        SECONDS,
    )
    request = request_for(made_from(owner_of("ReplicaSet"), "Pod"), userInfo={"username": CONTROLLER})
    return asyncio.run(service.rule(request, LARGE, Phase.VALIDATING))


def test_what_the_owner_holds_is_let_in_by_a_second_judgement() -> None:
    workers = Workers()
    assert rule(owner_of("ReplicaSet"), workers, [0.0]).allowed
    assert len(workers.given) == 2


def test_a_refusal_says_that_the_owner_could_not_be_read() -> None:
    refused = rule(None, Workers(), [0.0])
    assert not refused.allowed
    told = "the ReplicaSet that it was made from could not be read, so that nothing counts as held before"
    assert refused.message.splitlines()[-1] == told
    assert refused.response["response"]["status"]["message"].endswith(told)


@pytest.mark.parametrize("on_incomplete", ["warn", "deny"])
def test_a_second_judgement_that_is_late_forgets_nothing(on_incomplete: str) -> None:
    found = rule(owner_of("ReplicaSet", "x"), Workers(2), [0.0], onIncomplete=on_incomplete)
    assert (found.allowed, found.reason) == (False, "denied")


def test_a_first_judgement_that_is_late_is_what_the_policy_says() -> None:
    assert rule(owner_of("ReplicaSet"), Workers(1), [0.0], onIncomplete="warn").allowed
    assert not rule(owner_of("ReplicaSet"), Workers(1), [0.0], onIncomplete="deny").allowed


def test_both_judgements_and_the_owner_share_the_time_for_one_answer() -> None:
    workers = Workers()
    rule(owner_of("ReplicaSet"), workers, [0.0])
    assert workers.given == pytest.approx([SECONDS, SECONDS - 1.5])


def test_large_attestations_are_read_by_a_worker() -> None:
    """A small workload may name a large ConfigMap: the loop that answers others is not held up by it."""

    async def large(*_: object) -> GivenAttestations:
        return GivenAttestations((("the ConfigMap that it names", b"x" * LARGE),))

    async def nothing(*_: object) -> None:
        raise AssertionError

    workers, book = Workers(), serving_book(ed25519())
    service = ReviewService(
        lambda: book,
        workers,  # type: ignore[arg-type]  # of the same shape
        new_metrics(),
        lambda: TODAY,
        lambda: 0.0,
        nothing,
        nothing,
        large,
        64 * 1024,
        SECONDS,
    )
    request = request_for(annotated(inference_service(), config_map="proofs"))
    assert not asyncio.run(service.rule(request, 1000, Phase.VALIDATING)).allowed
    assert len(workers.given) == 1
