"""What is remembered of texts that held nothing, and what is not."""

from __future__ import annotations

import base64
import gzip
import os

from admission.review.judging import DecisionReason
from admission.review.rulebook import Rulebook
from gatecli.model.text import object_leaves
from gatecli.pii.batches import MOST, SHORTEST, CleanTexts
from tests.support.reviews import RESIDENT_ID, decided, rulebook

LONG = base64.b64encode(b"option batch; " * 200).decode()
Object = dict[str, object]


def config_map(text: str, key: str = "notes") -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {key: text}}


def known(book: Rulebook, obj: Object) -> bool:
    """Whether every long text of an object is remembered."""
    leaves = object_leaves(obj)
    return len(book.standard.search.clean.without_known(leaves)) < len(leaves)


def test_a_long_text_without_anything_is_searched_once() -> None:
    book, obj = rulebook(), config_map(LONG)
    assert not known(book, obj)
    first = decided(obj, book)
    assert known(book, obj)
    assert decided(obj, book) == first


def test_the_same_text_below_another_key_is_another_one() -> None:
    book = rulebook()
    decided(config_map(LONG), book)
    assert not known(book, config_map(LONG, "身份证号"))


def test_a_list_does_not_clear_the_file_whose_name_it_has() -> None:
    """Only what stands in binaryData itself is opened as a file: gzip in a list of that name is a text."""
    packed = base64.b64encode(gzip.compress(f"{os.urandom(1500).hex()} {RESIDENT_ID}".encode())).decode()
    book = rulebook()
    listed = {"apiVersion": "example.org/v1", "kind": "X", "metadata": {"name": "x"}}
    decided({**listed, "binaryData": [{"x.gz": packed}]}, book)
    assert not known(book, {"binaryData": {"x.gz": packed}})


def test_what_holds_something_is_never_remembered() -> None:
    book, obj = rulebook(), config_map(f"{LONG} {RESIDENT_ID}")
    assert [decided(obj, book).allowed for _ in range(3)] == [False] * 3
    assert not known(book, obj)


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    clean = CleanTexts()
    for number in range(MOST + 5):
        clean.learn(object_leaves({"data": f"{number}".rjust(SHORTEST)}))
    last = object_leaves({"data": f"{MOST + 4}".rjust(SHORTEST)})
    first = object_leaves({"data": "0".rjust(SHORTEST)})
    assert len(clean.without_known(last)) < len(last)
    assert len(clean.without_known(first)) == len(first)


def test_an_attestation_that_held_nothing_is_not_looked_at_again_and_another_is() -> None:
    book = rulebook()
    obj = annotated(LONG)
    decided(obj, book)
    assert decided(obj, book).reason is DecisionReason.CLEAN
    hidden = base64.b64encode(f"{RESIDENT_ID} {'x' * SHORTEST}".encode()).decode()
    assert not decided(annotated(hidden), book).allowed
    both = annotated(LONG) | {"data": {"身份证号": f"{LONG} {RESIDENT_ID}"}}
    assert not decided(both, book).allowed


def annotated(text: str) -> Object:
    metadata = {"name": "x", "annotations": {"gatecli.dev/attestation": text}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def test_an_attestation_clears_no_copy_of_its_text_elsewhere() -> None:
    """As an annotation the text is a number without a name; below a name it is a value."""
    text = f"{LONG} 123-45-6789"
    book, named = rulebook(), {"data": {"ssn.csv": f"x,ssn\n{text},1"}}
    clean = f"x,ssn\n{text},1"
    book.standard.search.clean.learn(leaf for leaf in object_leaves(annotated(clean)) if leaf.text == clean)
    assert decided(annotated("x") | named, book).findings == decided(annotated(clean) | named, book).findings
    assert decided(annotated(clean) | {"data": {"x": f"{clean}{RESIDENT_ID}"}}, book).findings
