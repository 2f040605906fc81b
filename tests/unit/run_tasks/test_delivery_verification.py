"""What is answered to a delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from gatecli.run_tasks import delivery_verification
from gatecli.run_tasks.delivery_verification import DeliveryVerifier
from gatecli.run_tasks.egress_allowlist import Targets
from gatecli.run_tasks.message import Task
from gatecli.run_tasks.settings import RunTaskSettings
from tests.support.hcp_terraform import KEY, Stub, signature

STUB = Stub(port=443)
SETTINGS = RunTaskSettings(KEY.encode(), hosts=frozenset({("localhost", 443)}), workers=1, waiting=1)


@dataclass
class Desk:
    """An verifier whose tasks never end unless they are ended."""

    begun: list[Task] = field(default_factory=list)
    ended: int = 0

    def __post_init__(self) -> None:
        targets = Targets(SETTINGS.hosts, ())
        self.verifier = DeliveryVerifier(
            SETTINGS, targets, self.begun.append, lambda: len(self.begun) - self.ended
        )

    def answer(self, name: str, **changes: Any) -> int:
        body = json.dumps(STUB.task(name, **changes)).encode()
        return self.verifier.answer(body, [signature(body)])[0]


def test_a_task_is_taken_once() -> None:
    desk = Desk()
    assert [desk.answer("a"), desk.answer("a")] == [200, 200]
    assert [task.id for task in desk.begun] == ["taskrs-a"]


def test_a_replay_with_another_body_is_a_replay() -> None:
    desk = Desk()
    desk.answer("a")
    assert desk.answer("a", plan_json_api_url="https://localhost/other") == 200
    assert len(desk.begun) == 1


def test_who_finds_no_room_is_told_and_may_come_again() -> None:
    desk = Desk()
    assert [desk.answer("a"), desk.answer("b"), desk.answer("c")] == [200, 200, 503]
    desk.ended = 1
    assert desk.answer("c") == 200


def test_a_known_task_is_known_also_when_it_is_busy() -> None:
    desk = Desk()
    assert [desk.answer("a"), desk.answer("b"), desk.answer("a")] == [200, 200, 200]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_verification, "REMEMBERED", 2)
    desk = Desk()
    for name in ("a", "b", "c"):
        desk.answer(name)
        desk.ended = len(desk.begun)
    assert desk.answer("b") == 200
    assert len(desk.begun) == 3
    assert desk.answer("a") == 200
    assert len(desk.begun) == 4


def test_what_is_not_signed_is_not_even_parsed() -> None:
    desk = Desk()
    assert desk.verifier.answer(b"{", ["0" * 128]) == (401, "the signature is missing or wrong")
    assert desk.verifier.answer(b"{", [signature(b"{")])[0] == 400


def test_an_answer_quotes_nothing_of_the_body() -> None:
    body = json.dumps(STUB.task("a", run_id="<script>")).encode()
    assert "script" not in Desk().verifier.answer(body, [signature(body)])[1]
