"""Laws of masking a file: it stays base64 of a file in its own encoding, and no longer holds the value."""

from __future__ import annotations

import base64
import codecs
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admission.review.judging import Phase
from tests.support.examples import share
from tests.support.reviews import MASK, OTHER_ID, RESIDENT_ID, decided, patched, rulebook

BOOK = rulebook(admission={"mode": "mask"})
DATA = rulebook(admission={"mode": "mask", "secrets": "data"})
Object = dict[str, Any]

WORDS = {
    "latin-1": "Jürgen Müßig, Zürich; crème brûlée à Orléans",
    "gb18030": "张三李四王五赵六孙七周八吴九郑十 客户名单",
    "utf-8": "Jürgen 张三 ß",
    "utf-8-sig": "Jürgen 张三 ß",
    "utf-16": "Jürgen 张三 customers of a shop",
    "utf-16-le": "Jurgen and other customers of a shop in town",
    "utf-16-be": "Jurgen and other customers of a shop in town",
    "utf-32": "Jürgen 张三 ß",
}
BARE = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
"""The same without a byte order mark."""
NAMES = ("people.csv", "notes.txt", "people.json", "people", "people.yaml", ".env")


def file_of(name: str, codec: str, values: list[str]) -> str:
    """A file of that name that holds `values` and words of the encoding."""
    words = WORDS[codec]
    if name.endswith(".json"):
        people = [{"id": value, "note": words} for value in values]
        return json.dumps(people, ensure_ascii=False)
    if name.endswith(".csv"):
        return "name,id\n" + "".join(f'"{words}",{value}\n' for value in values)
    if name.endswith(".yaml"):
        return "".join(
            f"person{number}: {{id: '{value}', note: '{words}'}}\n" for number, value in enumerate(values)
        )
    return f"# {words}\n" + "".join(f"ID_{number}={value}\n" for number, value in enumerate(values))


def masked(obj: Object, book: Any) -> Object:
    decision = decided(obj, book, Phase.MUTATING)
    assert decision.allowed, decision.message
    after: Object = patched(obj, json.loads(json.dumps(decision.patch)))
    assert decided(after, book, Phase.MUTATING).patch == ()
    assert decided(after, book).allowed
    return after


def config_map(name: str, content: bytes) -> Object:
    data = {name: base64.b64encode(content).decode()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "binaryData": data}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("codec", WORDS)
def test_a_file_keeps_its_encoding_and_all_but_the_value(name: str, codec: str) -> None:
    content = file_of(name, codec, [RESIDENT_ID]).encode(codec)
    after = base64.b64decode(masked(config_map(name, content), BOOK)["binaryData"][name], validate=True)
    assert after == file_of(name, codec, [MASK]).encode(codec)


def test_the_data_of_a_secret_stays_base64_too() -> None:
    content = file_of("notes.txt", "utf-8", [RESIDENT_ID]).encode()
    obj = {**config_map("notes.txt", content), "kind": "Secret"}
    obj["data"] = obj.pop("binaryData")
    after = base64.b64decode(masked(obj, DATA)["data"]["notes.txt"], validate=True)
    assert after == file_of("notes.txt", "utf-8", [MASK]).encode()


@given(
    st.sampled_from(NAMES),
    st.sampled_from(sorted(WORDS)),
    st.lists(st.sampled_from([RESIDENT_ID, OTHER_ID, "batch-7", "12"]), min_size=1, max_size=6),
    st.text("äéß张 \n,;=x1", max_size=30),
    st.binary(max_size=2),
)
@settings(max_examples=share(120))
def test_whatever_is_masked_is_base64_that_holds_no_value_and_whatever_is_not_is_refused(
    name: str, codec: str, values: list[str], more: str, tail: bytes
) -> None:
    content = (file_of(name, codec, values) + more).encode(codec, "ignore") + tail
    obj = config_map(name, content)
    decision = decided(obj, BOOK, Phase.MUTATING)
    if not decision.allowed:
        assert decision.patch == ()
        return
    after = base64.b64decode(patched(obj, decision.patch)["binaryData"][name], validate=True)
    unread = any(finding.rule.id == "pii-not-searched" for finding in decision.findings)
    for value in (RESIDENT_ID, OTHER_ID):
        assert unread or value.encode(BARE.get(codec, codec)) not in after
    assert len(after) == len(content), "a mask is as long as the value"


BROKEN = {
    "a lone half of a pair": codecs.BOM_UTF16_LE + f"id {RESIDENT_ID} ".encode("utf-16-le") + b"\x00\xd8",
    "an odd byte": codecs.BOM_UTF16_LE + f"id {RESIDENT_ID} ".encode("utf-16-le") + b"x",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_cannot_be_written_back_is_refused(what: str) -> None:
    decision = decided(config_map("notes.txt", BROKEN[what]), BOOK, Phase.MUTATING)
    assert (decision.allowed, decision.patch) == (False, ())


@pytest.mark.parametrize("text", [f"{RESIDENT_ID}+A=", f"{RESIDENT_ID}==", RESIDENT_ID])
@pytest.mark.parametrize(("kind", "field"), [("ConfigMap", "binaryData"), ("Secret", "data")])
def test_a_value_in_the_letters_of_base64_itself_is_refused(kind: str, field: str, text: str) -> None:
    obj = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "c"}, field: {"note": text}}
    decision = decided(obj, DATA, Phase.MUTATING)
    assert (decision.allowed, decision.patch) == (False, ())


def test_an_unreadable_neighbour_keeps_nothing_from_being_masked() -> None:
    obj = config_map("notes.txt", RESIDENT_ID.encode())
    obj["binaryData"]["logo.png"] = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300)).decode()
    after = masked(obj, BOOK)
    assert base64.b64decode(after["binaryData"]["notes.txt"]).decode() == MASK


def test_the_copy_that_kubectl_keeps_holds_base64_too() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    content = file_of("people.csv", "latin-1", [RESIDENT_ID]).encode("latin-1")
    obj = config_map("people.csv", content)
    obj["metadata"]["annotations"] = {applied: json.dumps(obj)}
    after = masked(obj, BOOK)
    copy = json.loads(after["metadata"]["annotations"][applied])
    assert copy["binaryData"] == after["binaryData"]
