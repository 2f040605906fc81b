"""Personal data in bodies: what is refused, what is masked and how, what is only counted."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from gatecli.checks.personal_data import Search, search_of
from gatecli.model.policy import PiiRules
from gatecli.pii.budget import Limits
from gatecli.serving import body_text
from gatecli.serving.screening import INLINE, Action, Screen, Screened, ScreenOutcome

RESIDENT_ID = "110101199003074477"
ADDRESS = "carol@acme-mail.cn"
JSON = "application/json"
SEARCH = search_of(PiiRules())
EMPTY = gzip.compress(b"{}", mtime=0)


def screen(action: Action = "deny", search: Search = SEARCH) -> Screen:
    return Screen(search, action)


def judged(body: Any, action: Action = "mask", content_type: str = JSON, encoding: str = "") -> Screened:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return screen(action).judge(content, content_type, encoding)


def masked(body: Any, content_type: str = JSON) -> bytes:
    seen = judged(body, "mask", content_type)
    assert (seen.outcome, seen.reason) == (ScreenOutcome.MASKED, "")
    return seen.body


def test_a_clean_body_passes_as_it_is() -> None:
    body = b'{"instances": [[0.5, 3, "blue"]]}'
    assert screen().is_clean(body, JSON)
    assert screen().judge(body, JSON) == Screened(ScreenOutcome.CLEAN, body)


def test_values_are_counted_by_their_kind_and_refused_at_the_first() -> None:
    body = {"a": RESIDENT_ID, "b": [ADDRESS, RESIDENT_ID]}
    seen = judged(body, "deny")
    assert (seen.outcome, seen.body, seen.is_refused) == (ScreenOutcome.DENIED, b"", True)
    assert seen.counts == {"CN_RESIDENT_ID": 1}
    assert judged(body, "audit").counts == {"CN_RESIDENT_ID": 2, "EMAIL_ADDRESS": 1}


@pytest.mark.parametrize("end", ["", "é", "\n"])
def test_many_values_in_one_text_are_masked_at_once(end: str) -> None:
    body = masked({"a": f"{ADDRESS} " * 100 + end})
    assert json.loads(body) == {"a": f"{'*' * 16}cn " * 100 + end}


@pytest.mark.parametrize(
    "body",
    [
        {"text": f"my number is {RESIDENT_ID}"},
        {"number": int(RESIDENT_ID)},
        {RESIDENT_ID: 1},
        {"parts": ["110101", "19900307", "4477"]},
        {"nested": json.dumps({"id": RESIDENT_ID})},
        {"packed": base64.b64encode(f"mail {ADDRESS} now".encode()).decode()},
        {"escaped": "carol%40acme-mail.cn"},
        [[1.5, 2.5, ADDRESS]],
    ],
)
def test_wherever_a_value_stands_it_is_found(body: Any) -> None:
    assert judged(body, "deny").outcome is ScreenOutcome.DENIED
    assert not screen().is_clean(json.dumps(body).encode(), JSON)


def test_only_the_value_is_masked_and_all_else_stays_byte_for_byte() -> None:
    body = f'{{ "a":"mail {ADDRESS}, please" ,\n "b": 1.50, "c":"\\u00e9"}}'.encode()
    assert masked(body) == body.replace(ADDRESS.encode(), b"*" * 16 + b"cn")


def test_a_masked_number_is_a_string() -> None:
    assert json.loads(masked({"n": int(RESIDENT_ID), "m": 5})) == {"n": "*" * 16 + "77", "m": 5}


def test_a_key_is_masked_too() -> None:
    assert json.loads(masked({ADDRESS: 1, "b": 2})) == {"*" * 16 + "cn": 1, "b": 2}


def test_keys_that_would_become_one_are_refused_instead() -> None:
    seen = judged({"carol@acme-mail.cn": 1, "aaron@acme-mail.cn": 2}, "mask")
    assert (seen.outcome, seen.reason) == (ScreenOutcome.DENIED, "masks would make two of its keys one")


def test_a_number_in_json_in_a_string_leaves_json_there() -> None:
    body = masked({"inner": json.dumps({"id": int(RESIDENT_ID), "x": 1})})
    assert json.loads(json.loads(body)["inner"]) == {"id": "*" * 16 + "77", "x": 1}
    body = masked({"inner": f"[{RESIDENT_ID}, 5]"})
    assert json.loads(json.loads(body)["inner"]) == ["*" * 16 + "77", 5]


def test_what_is_no_json_is_refused_where_it_would_be_masked() -> None:
    seen = judged(f'{{"a": NaN, "b": {RESIDENT_ID}}}'.encode(), "mask")
    assert seen.outcome is ScreenOutcome.DENIED
    assert judged(b'{"a": NaN}', "mask").outcome is ScreenOutcome.CLEAN


@pytest.mark.parametrize("text", ["[1] mail {}", "note: 'mail {}", "- a\n\tb: {}", '{{"a": NaN, "b": "{}"}}'])
def test_a_text_that_only_begins_like_a_form_is_masked_as_text(text: str) -> None:
    assert masked(text.format(ADDRESS).encode(), "text/plain") == text.format("*" * 16 + "cn").encode()


def test_lines_of_json_and_tables_are_masked_in_their_form() -> None:
    lines = f'{{"a": "{ADDRESS}"}}\n{{"a": {RESIDENT_ID}}}\n'.encode()
    first, second = masked(lines, "application/jsonlines").splitlines()
    assert json.loads(first) == {"a": "*" * 16 + "cn"}
    assert json.loads(second) == {"a": "*" * 16 + "77"}
    table = f'1,"{ADDRESS}",0.5\n2,x,{RESIDENT_ID}\n'.encode()
    assert masked(table, "text/csv") == f'1,"{"*" * 16}cn",0.5\n2,x,{"*" * 16}77\n'.encode()


def test_events_are_searched_one_by_one_and_masked() -> None:
    events = f'event: token\ndata: {{"text": "{ADDRESS}"}}\n\ndata: [DONE]\n\n'.encode()
    assert masked(events, "text/event-stream") == events.replace(ADDRESS.encode(), b"*" * 16 + b"cn")


def test_a_value_that_is_divided_over_events_is_found_and_masked_in_each() -> None:
    parts = ["call ", "1101", "0119900307", "4477", " now"]
    events = "".join(f"data: {json.dumps({'delta': {'text': each}})}\n\n" for each in parts).encode()
    texts = [
        json.loads(line[6:])["delta"]["text"]
        for line in masked(events, "text/event-stream").decode().split("\n\n")
        if line
    ]
    assert texts == ["call ", "****", "********07", "****", " now"]


def test_an_event_of_several_lines_is_one_document() -> None:
    events = f'data: {{"a":\nid: 7\ndata: "{ADDRESS}"}}\n\n'.encode()
    assert masked(events, "text/event-stream") == events.replace(ADDRESS.encode(), b"*" * 16 + b"cn")


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("identity", bytes),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
        ("gzip", lambda body: gzip.compress(b"{}\n") + gzip.compress(body)),
    ],
)
def test_a_packed_body_is_searched_unpacked(encoding: str, pack: Any) -> None:
    dirty = pack(json.dumps({"a": ADDRESS}).encode())
    assert judged(dirty, "deny", JSON, encoding).outcome is ScreenOutcome.DENIED
    clean = pack(b'{"a": 1}')
    assert judged(clean, "deny", JSON, encoding) == Screened(ScreenOutcome.CLEAN, clean, encoding)


def test_a_masked_body_is_not_packed_any_more() -> None:
    seen = judged(gzip.compress(json.dumps({"a": ADDRESS}).encode()), "mask", JSON, "gzip")
    assert (seen.encoding, seen.body) == ("", json.dumps({"a": "*" * 16 + "cn"}).encode())


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (EMPTY[:-3], "gzip"),
        (b"{}", "gzip"),
        (EMPTY + b"rest", "gzip"),
        (b"{}", "br"),
        (b"{}", "zstd"),
    ],
)
def test_what_does_not_unpack_is_refused(body: bytes, encoding: str) -> None:
    seen = judged(body, "deny", JSON, encoding)
    assert (seen.outcome, seen.is_refused) == (ScreenOutcome.UNSEARCHED, True)


@pytest.mark.parametrize("more", [0, 1])
def test_a_body_that_takes_long_to_unpack_is_refused(more: int) -> None:
    """Each member is cut off all that follows, and each encoding may be as long as the body."""
    members = EMPTY + gzip.compress(b"") * (body_text.MOST_MEMBERS - 1 + more)
    packed, times = b"{}", body_text.MOST_ENCODINGS + more
    for _ in range(times):
        packed = gzip.compress(packed)
    assert judged(members, "deny", JSON, "gzip").is_refused == bool(more)
    assert judged(packed, "deny", JSON, ", ".join(["gzip"] * times)).is_refused == bool(more)


def test_a_body_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_text, "LARGEST", 1000)
    assert judged(gzip.compress(b" " * 999), "deny", JSON, "gzip").outcome is ScreenOutcome.CLEAN
    assert judged(gzip.compress(b" " * 1001), "deny", JSON, "gzip").outcome is ScreenOutcome.UNSEARCHED


@pytest.mark.parametrize("action", ["deny", "mask"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\x93NUMPY\x01\x00", "application/octet-stream"),
        (b"\x93NUMPY\x01\x00", "application/x-npy"),
        (b"{}", "image/png"),
        (b"{}", "application/x-recordio-protobuf"),
        (b"\x89PNG\r\n\x1a\n\x00", ""),
        (b"{}", "application/json; charset=utf-7"),
        (b"{}", "application/json; charset=base64"),
    ],
)
def test_a_form_that_cannot_be_searched_is_refused(body: bytes, content_type: str, action: Action) -> None:
    seen = judged(body, action, content_type)
    assert (seen.outcome, seen.is_refused) == (ScreenOutcome.UNSEARCHED, True)
    audited = judged(body, "audit", content_type)
    assert (audited.outcome, audited.body) == (ScreenOutcome.UNKNOWN, body)


@pytest.mark.parametrize(
    ("codec", "charset"),
    [
        ("utf-8-sig", ""),
        ("utf-8-sig", "utf-8"),
        ("utf-16", ""),
        ("utf-16", "utf-16"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-32", ""),
        ("latin-1", ""),
        ("latin-1", '"iso-8859-1"'),
        ("gb18030", "gb18030"),
        ("gb18030", "gbk"),
    ],
)
def test_other_character_sets_are_read_and_written_back(codec: str, charset: str) -> None:
    text = json.dumps({"a": ADDRESS, "b": "é and some words"}, ensure_ascii=False)
    if codec == "gb18030":
        text = text.replace("é", "中文")
    seen = judged(text.encode(codec), "mask", f"{JSON}; charset={charset}" if charset else JSON)
    assert seen.outcome is ScreenOutcome.MASKED
    assert seen.body.decode(codec) == text.replace(ADDRESS, "*" * 16 + "cn")


def test_a_body_that_reads_differently_as_it_says_is_searched_as_both() -> None:
    named = "application/json; charset=utf-16-le"
    hidden = json.dumps({"a": RESIDENT_ID}).encode("utf-16-le")
    assert judged(hidden, "deny", named).outcome is ScreenOutcome.DENIED
    plain = json.dumps({"ab": RESIDENT_ID}).encode()
    assert judged(plain, "deny", named).outcome is ScreenOutcome.DENIED
    assert judged(plain, "mask", named).is_refused


def test_a_nul_hides_nothing() -> None:
    for blanks in ("", " ", "  "):
        body = f'{{"a": "x{blanks}\0", "b": "{RESIDENT_ID}"}}'.encode()
        assert judged(body, "deny").is_refused
        assert judged(body, "mask").is_refused


def test_what_the_policy_warns_of_is_counted_and_passes() -> None:
    rules = PiiRules(entities={"EMAIL_ADDRESS": "warn", "CN_RESIDENT_ID": "ignore"})
    body = json.dumps({"a": ADDRESS, "b": RESIDENT_ID}).encode()
    for action in ("deny", "mask"):
        seen = screen(action, search_of(rules)).judge(body, JSON)
        assert (seen.outcome, seen.body, dict(seen.counts)) == (
            ScreenOutcome.FOUND,
            body,
            {"EMAIL_ADDRESS": 1},
        )


def test_audit_counts_and_ignore_does_not_look() -> None:
    body = json.dumps({"a": ADDRESS}).encode()
    seen = screen("audit").judge(body, JSON)
    assert (seen.outcome, seen.body, dict(seen.counts)) == (ScreenOutcome.FOUND, body, {"EMAIL_ADDRESS": 1})
    assert screen("ignore").judge(body, JSON) == Screened(ScreenOutcome.IGNORED, body)
    assert screen("ignore").is_clean(body, JSON)


@pytest.mark.parametrize("action", ["deny", "mask"])
def test_a_search_that_ends_early_is_no_pass(action: Action) -> None:
    short = replace(SEARCH, limits=Limits(steps=10))
    body = json.dumps({"a": "call +4930123456 or +4930123457", "b": "1101011990030744 and 77"}).encode()
    seen = screen(action, short).judge(body, JSON)
    assert (seen.outcome, seen.is_refused) == (ScreenOutcome.DENIED, True)
    assert "not searched to its end" in seen.reason
    audited = screen("audit", short).judge(body, JSON)
    assert (audited.outcome, audited.body) == (ScreenOutcome.UNKNOWN, body)


@pytest.mark.parametrize("size", [1, INLINE])
def test_a_small_body_and_a_large_one_are_searched_alike(size: int) -> None:
    clean = b'{"a": [0.5, 1.25]}' + b" " * size
    dirty = json.dumps({"a": ADDRESS}).encode() + b" " * size
    screened = screen("mask")
    assert asyncio.run(screened.search(clean, JSON)) == Screened(ScreenOutcome.CLEAN, clean)
    assert asyncio.run(screened.search(dirty, JSON)) == screened.judge(dirty, JSON)
    assert screened.judge(dirty, JSON).outcome is ScreenOutcome.MASKED


def test_a_tiny_body_of_long_numbers_is_clean_where_none_of_them_is_somebodys() -> None:
    body = json.dumps(
        {"rows": [{"spent": 123456 + each, "at": 1700000000 + each} for each in range(9)]}
    ).encode()
    assert not screen().is_clean(body, JSON)
    assert asyncio.run(screen().search(body, JSON)) == Screened(ScreenOutcome.CLEAN, body)


def test_a_body_that_is_too_large_to_be_searched_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_text, "LARGEST", 1000)
    words = json.dumps({"a": "é" * 200, "b": [1] * 300}).encode()
    assert judged(words, "deny").outcome is ScreenOutcome.UNSEARCHED


def test_nothing_of_a_body_stands_in_a_representation() -> None:
    for action in ("deny", "mask", "audit"):
        seen = judged({"a": ADDRESS}, action)
        assert "acme" not in repr(seen)
        assert "acme" not in str(seen)


def test_an_empty_body_is_clean() -> None:
    assert screen().is_clean(b"", JSON)
    assert screen().judge(b"", "", "").outcome is ScreenOutcome.CLEAN


def test_what_a_policys_own_expression_may_match_is_never_clean_without_a_search() -> None:
    own = {"id": "STAFF_NUMBER", "label": "staff number", "pattern": "X[0-9]"}
    screened = screen("deny", search_of(PiiRules.model_validate({"custom": [own]})))
    assert not screened.is_clean(b'{"a": "X1"}', JSON)
    assert screened.judge(b'{"a": "X1"}', JSON).counts == {"STAFF_NUMBER": 1}
