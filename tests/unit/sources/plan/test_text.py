from __future__ import annotations

import codecs
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from gatecli.sources.files import ReadError
from gatecli.sources.plan import text as reading
from gatecli.sources.plan.text import MAX_DEPTH, json_of, read_content, read_input

PLAN = '{"format_version": "1.2", "variables": {"ä": {"value": 1.10}}}'


def refusal(content: bytes) -> str:
    with pytest.raises(ReadError) as caught:
        json_of(content)
    assert caught.value.mend
    return caught.value.problem


@pytest.mark.parametrize(
    "content",
    [
        PLAN.encode(),
        codecs.BOM_UTF8 + PLAN.encode(),
        codecs.BOM_UTF16_LE + PLAN.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + PLAN.encode("utf-16-be"),
        PLAN.encode("utf-16-le"),
        PLAN.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + PLAN.encode("utf-32-le"),
    ],
    ids=["utf-8", "mark", "utf-16-le", "utf-16-be", "no mark le", "no mark be", "utf-32"],
)
def test_every_unicode_encoding_is_read(content: bytes) -> None:
    assert json_of(content) == {"format_version": "1.2", "variables": {"ä": {"value": Decimal("1.10")}}}


@pytest.mark.parametrize(
    "around",
    [
        "[command]/opt/terraform-bin show -json plan.out\n{}",
        "[command]/opt/terraform-bin show -json plan.out\r\n{}\r\n\r\n::debug::exited with code 0.\r\n",
        "::debug::start\n[command]/opt/terraform-bin show\n{}\n::debug::stdout: {{}}\n::set-output name=x::y",
        "\n\n  {}  \n\n",
    ],
)
def test_the_wrapper_of_setup_terraform_is_taken_off(around: str) -> None:
    content = around.replace("{}", PLAN, 1).replace("{{}}", PLAN)
    assert json_of(content.encode())["format_version"] == "1.2"


@pytest.mark.parametrize("end", [1, 5, len(PLAN) // 2, len(PLAN) - 1])
def test_a_truncated_plan_is_refused(end: int) -> None:
    assert "truncated" in refusal(PLAN[:end].encode())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"[command]/terraform show\n", "is empty"),
        (b"hello", "is not JSON"),
        (b"PK\x03\x04rest", "is a saved plan"),
        (PLAN.encode() + b"{}", "continues after its JSON ended"),
        (PLAN.encode() + b"\ntext", "continues after its JSON ended"),
        (b'{"a": 1, "a": 2}', "a key occurs twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "NaN or Infinity"),
        (b'{"a": "\xff"}', "is not UTF-8 text"),
        (b'{"a": "\\ud800"}', "half a character"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"a": "b\nc"}', "is not JSON"),
    ],
)
def test_what_is_no_plans_output_is_refused(content: bytes, problem: str) -> None:
    assert problem in refusal(content)


def test_a_pair_of_escapes_is_one_character() -> None:
    assert json_of(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5_000, 100_000])
def test_deep_nesting_is_refused_and_no_crash(depth: int) -> None:
    assert "nested deeper" in refusal(b"[" * depth + b"]" * depth)


def test_the_deepest_level_is_read() -> None:
    assert json_of(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize(
    "content", [b'{"canary": 1, "canary": 2}', b'{"canary": }', b'{"a": "canary', b'{"canary"']
)
def test_a_refusal_quotes_nothing_of_the_plan(content: bytes) -> None:
    assert "canary" not in refusal(content)


def test_a_plan_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    file = tmp_path / "plan.json"
    file.write_bytes(PLAN.encode())
    with pytest.raises(ReadError, match="larger than"):
        read_content(file)
    with pytest.raises(ReadError, match="larger than"):
        read_input(io.BytesIO(PLAN.encode()))


def test_numbers_are_exact() -> None:
    assert json_of(b"[0.1, 1e400, 12345678901234567890]") == [
        Decimal("0.1"),
        Decimal("1e400"),
        12345678901234567890,
    ]


def test_what_terraform_escapes_is_read_as_it_is_meant() -> None:
    assert json_of(json.dumps({"a": "<b> & \u2028"}).encode()) == {"a": "<b> & \u2028"}
