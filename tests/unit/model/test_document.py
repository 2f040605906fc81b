"""A pointer leads to its place, or to the nearest that there is."""

from __future__ import annotations

import pytest

from gatecli.model.document import Document, Place, Position, pointer_of

DOCUMENT = Document(
    "privacy.yaml",
    {"a": {"b": 1}},
    {"": Position(1, 1), "/a": Position(2, 3), "/a/b": Position(2, 7)},
    {"/a": Position(2, 1), "/a/b": Position(2, 4)},
)


@pytest.mark.parametrize(
    ("pointer", "at"),
    [
        ("/a/b", Position(2, 7)),
        ("/a/c", Position(2, 3)),
        ("/a/b/0/x", Position(2, 7)),
        ("/x", Position(1, 1)),
    ],
)
def test_a_place_is_that_of_the_nearest_parent(pointer: str, at: Position) -> None:
    assert DOCUMENT.place(pointer) == Place("privacy.yaml", at.line, at.column, pointer)


def test_a_key_has_a_place_of_its_own() -> None:
    assert DOCUMENT.place("/a/b", key=True).column == 4


def test_an_absent_key_stands_where_its_parent_does() -> None:
    assert DOCUMENT.place("/a/c", key=True).column == 3


def test_a_document_without_marks_begins_at_its_beginning() -> None:
    assert Document("a", None).place("/x") == Place("a", 1, 1, "/x")


def test_an_embedded_document_points_into_the_file() -> None:
    document = Document("a", {}, prefix="/tool", roots={"/spec/privacy": "/privacy"})
    assert document.place("/metadata").pointer == "/tool/metadata"
    assert document.place("/spec/privacy/epsilon").pointer == "/privacy/epsilon"


def test_a_pointer_escapes_slashes_and_tildes() -> None:
    assert pointer_of(["a/b", "c~d", 0]) == "/a~1b/c~0d/0"


def test_a_place_reads_as_compilers_write_it() -> None:
    assert [str(Place("a", 1, 2)), str(Place("a", 1)), str(Place("a"))] == ["a:1:2", "a:1", "a"]
