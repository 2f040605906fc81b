"""What HCP Terraform sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.run_tasks.message import MessageError, Task, is_signed, task_of
from tests.support.hcp_terraform import KEY, TOKEN, Stub, signature

BODY = b'{"payload_version": 1}'


def body(**changes: Any) -> bytes:
    return json.dumps(Stub(port=1).task(**changes)).encode()


def test_the_published_signature_is_accepted() -> None:
    """The figures of RFC 4231, test case 2."""
    published = (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )
    assert is_signed(b"what do ya want for nothing?", [published], b"Jefe")


@pytest.mark.parametrize(
    "given",
    [[], [""], ["x"], [signature(BODY)[:-1]], [signature(BODY, "another key")], ["é" * 128], ["\udce9"]],
)
def test_everything_else_is_not(given: list[str]) -> None:
    assert not is_signed(BODY, given, KEY.encode())


def test_two_signatures_are_none() -> None:
    assert not is_signed(BODY, [signature(BODY), signature(BODY)], KEY.encode())


def test_a_task_is_read() -> None:
    task = task_of(body())
    assert isinstance(task, Task)
    assert (task.id, task.stage, task.run, task.workspace) == ("taskrs-1", "post_plan", "run-1", "data")
    assert task.takes_outcomes


def test_a_task_shows_neither_its_token_nor_its_addresses() -> None:
    shown = repr(task_of(body()))
    assert TOKEN not in shown
    assert "https" not in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"payload_version": 2},
        {"payload_version": "1"},
        {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": None},
        {"access_token": ["test-token"]},
        {"task_result_id": "../x"},
        {"task_result_id": "x" * 129},
        {"task_result_callback_url": "https://a\n"},
        {"plan_json_api_url": 7},
        {"run_id": ""},
        {"workspace_name": "\x1b[2J"},
        {"stage": {"test": 1}},
    ],
    ids=str,
)
def test_what_is_not_what_it_should_be_is_refused_and_not_quoted(changes: dict[str, Any]) -> None:
    with pytest.raises(MessageError) as caught:
        task_of(body(**changes))
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(MessageError):
        task_of(text)


@pytest.mark.parametrize("capabilities", [None, {}, [], {"outcomes": False}, {"outcomes": "yes"}])
def test_outcomes_are_sent_only_to_who_says_that_it_takes_them(capabilities: Any) -> None:
    task = task_of(body(capabilities=capabilities))
    assert task is not None
    assert not task.takes_outcomes
