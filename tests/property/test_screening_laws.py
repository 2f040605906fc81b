"""What a screen refuses is what a scan finds; what it masks holds nothing any more; nothing breaks it."""

from __future__ import annotations

import gzip
import json
import random
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatecli.checks.personal_data import search_of
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.file_scan import scan_reads
from gatecli.model.bounded_memory import BoundedMemory
from gatecli.model.finding import Severity
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.serving.clean_bodies import CleanForms, is_clean_json, is_clean_json_by_forms, is_clean_table
from gatecli.serving.screening import Action, Screen, ScreenOutcome
from tests.support.examples import share
from tests.support.pii_corpus import CHECKED, DISGUISES, resident_id

JSON = "application/json"
SEARCH = search_of(PiiRules())
DETECTOR = Detector(default_entities())
DENY, MASK = Screen(SEARCH, "deny"), Screen(SEARCH, "mask")
SOURCE = random.Random(23)  # noqa: S311 - a seed, no secret
PLANTED = [
    *(make(SOURCE) for make, _ in CHECKED.values()),
    *(hide(resident_id(SOURCE)) for hide in DISGUISES.values()),
    "carol@acme-mail.cn",
]
DIGITS = [each for each in PLANTED if each.isdecimal() and each.isascii()]
KEYS = ("ssn", "phone", "id_card", "oib", "age", "score", "data", "value", "a.yaml", "x")

planted = st.sampled_from(PLANTED)
fractions = st.builds(
    lambda digits, at, sign: f"{sign}{digits[:at].lstrip('0') or '0'}.{digits[at:] or '0'}",
    st.one_of(st.sampled_from(DIGITS), st.from_regex(r"[0-9]{3,22}", fullmatch=True)),
    st.integers(0, 6),
    st.sampled_from(["", "-"]),
)
numbers = st.one_of(
    fractions,
    st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
    st.integers(0, 99).map(str),
    st.sampled_from([each.lstrip("0") or "0" for each in DIGITS]),
    st.sampled_from([f"{each}.0" for each in DIGITS if each[0] != "0"]),
    st.sampled_from([f"{each[0]}.{each[1:]}e{len(each) - 1}" for each in DIGITS if each[0] != "0"]),
)
words = st.one_of(
    planted, st.sampled_from(KEYS), st.text(max_size=12), planted.map(lambda each: f"it is {each}, I think")
)
nested = words.map(lambda word: json.dumps({"id": word}))
scalars = st.one_of(
    numbers, words.map(json.dumps), nested.map(json.dumps), st.sampled_from(["true", "false", "null"])
)


def _list_of(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def _mapping_of(pairs: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in pairs) + "}"


documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(_list_of),
        st.lists(st.tuples(st.one_of(st.sampled_from(KEYS), words), inner), max_size=4).map(_mapping_of),
    ),
    max_leaves=12,
)


def found_by_scan(text: str, format_: str = "json") -> set[Severity]:
    """How grave what a scan finds in a text is."""
    raw = RawText("-", text, format_)
    return {finding.severity for finding in scan_reads([raw], SEARCH, "-").findings}


@given(documents)
@settings(max_examples=share(300))
@example('{"a": [110101, 19900307, 4477, null]}')
@example('{"a": 1, "a": "carol@acme-mail.cn"}')
@example('{"oib": 0.1234567890}')
@example(json.dumps(json.dumps({"id": DISGUISES["base64 in lines"](resident_id(SOURCE))})))
def test_a_screen_refuses_what_a_scan_finds_and_nothing_else(text: str) -> None:
    seen = DENY.judge(text.encode("utf-8", "surrogatepass"), JSON)
    assert (seen.outcome is ScreenOutcome.DENIED) == (Severity.ERROR in found_by_scan(text))


@given(documents)
@settings(max_examples=share(300))
def test_what_is_proven_clean_holds_nothing_that_a_scan_finds(text: str) -> None:
    if is_clean_json(DETECTOR, text) or is_clean_json_by_forms(with_embedded_files(SEARCH), text):
        assert found_by_scan(text) == set()


@given(st.lists(fractions, max_size=5), st.sampled_from(["x", *KEYS]))
@settings(max_examples=share(300))
def test_fractions_are_left_out_only_where_a_scan_finds_nothing_in_them(parts: list[str], key: str) -> None:
    text = f'{{"{key}": [{", ".join(parts)}]}}'
    if is_clean_json(DETECTOR, text):
        assert found_by_scan(text) == set()
    table = f"{key}\n" + "\n".join(parts) + "\n"
    if is_clean_table(DETECTOR, table):
        assert found_by_scan(table, "csv") == set()


PARTS = fractions | st.just("null")


@given(st.lists(st.tuples(st.lists(PARTS, max_size=5), st.sampled_from(["x", "oib", *KEYS])), max_size=8))
@settings(max_examples=share(300))
@example([(["0.5"], "oib"), (["0.1234567890"], "oib")])
@example([(["null"], "oib"), (["0.1234567890"], "oib")])
def test_a_form_that_is_remembered_proves_what_it_would_prove_anew(
    bodies: list[tuple[list[str], str]],
) -> None:
    known: CleanForms = BoundedMemory(1 << 20)
    for parts, key in bodies:
        text = f'{{"{key}": [{", ".join(parts)}]}}'
        assert is_clean_json(DETECTOR, text, known) == is_clean_json(DETECTOR, text)


@given(documents)
@settings(max_examples=share(300))
def test_a_masked_document_is_one_that_holds_nothing_and_is_masked_no_further(text: str) -> None:
    seen = MASK.judge(text.encode("utf-8", "surrogatepass"), JSON)
    if seen.outcome is ScreenOutcome.MASKED:
        masked = seen.body.decode("utf-8")
        json.loads(masked)
        assert Severity.ERROR not in found_by_scan(masked)
        again = MASK.judge(seen.body, JSON)
        assert again.body == seen.body
        assert not again.is_refused


def test_most_of_what_is_found_can_be_masked() -> None:
    kept = [MASK.judge(json.dumps({"a": f"it is {each} here"}).encode(), JSON).outcome for each in PLANTED]
    assert kept.count(ScreenOutcome.MASKED) >= len(PLANTED) * 2 // 3
    assert set(kept) <= {ScreenOutcome.MASKED, ScreenOutcome.CLEAN, ScreenOutcome.FOUND}


@given(st.data())
@settings(max_examples=share(100))
def test_a_value_is_found_however_it_is_divided_over_events(data: st.DataObject) -> None:
    value = "carol@acme-mail.cn"
    text = f"write to {value} soon"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    events = "".join(f"data: {json.dumps({'delta': piece})}\n\n" for piece in pieces).encode()
    assert DENY.judge(events, "text/event-stream").outcome is ScreenOutcome.DENIED
    masked = MASK.judge(events, "text/event-stream")
    assert masked.outcome is ScreenOutcome.MASKED
    told = [json.loads(line[6:])["delta"] for line in masked.body.decode().split("\n\n") if line]
    assert [len(each) for each in told] == [len(piece) for piece in pieces]
    assert "acme" not in "".join(told)


TYPES = (
    JSON,
    "application/json; charset=utf-16",
    "application/jsonlines",
    "text/csv",
    "text/tab-separated-values",
    "text/event-stream",
    "text/plain; charset=latin-1",
    "application/yaml",
    "application/octet-stream",
    "",
    ";;=;charset=",
    "image/png",
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    documents.map(lambda text: text.encode("utf-8", "surrogatepass")),
    documents.map(lambda text: f"data: {text}\n\n: {text}\r\rdata".encode("utf-8", "surrogatepass")),
    documents.map(lambda text: text.encode("utf-16", "surrogatepass")),
    st.lists(words, max_size=6).map(lambda cells: ",".join(cells).encode("utf-8", "surrogatepass")),
)
packed = st.one_of(
    st.tuples(bodies, st.sampled_from(["", "identity", "gzip", "deflate", "br", "gzip, deflate", ",,", "é"])),
    bodies.map(lambda body: (gzip.compress(body, mtime=0), "gzip")),
    bodies.map(lambda body: (zlib.compress(body), "deflate")),
)


@pytest.mark.parametrize("action", ["deny", "mask", "audit", "ignore"])
@given(packed, st.one_of(st.sampled_from(TYPES), st.text(max_size=40)))
@settings(max_examples=share(150))
def test_no_body_breaks_a_screen_and_none_is_shown(
    action: Action, body: tuple[bytes, str], content_type: str
) -> None:
    screen = Screen(SEARCH, action)
    seen = screen.judge(body[0], content_type, body[1])
    assert not seen.is_refused or (seen.body == b"" and action in {"deny", "mask"})
    assert seen.outcome is not ScreenOutcome.MASKED or action == "mask"
    if seen.outcome is not ScreenOutcome.MASKED and not seen.is_refused:
        assert (seen.body, seen.encoding) == body
    assert not any(each in repr(seen) for each in PLANTED)
    if screen.is_clean(body[0], content_type, body[1]):
        assert seen.outcome in {ScreenOutcome.CLEAN, ScreenOutcome.IGNORED}
