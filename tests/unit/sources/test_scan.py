from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from gatecli.model.finding import Finding
from gatecli.model.text import RawText
from gatecli.sources import scan
from gatecli.sources.scan import read_stream, read_texts
from gatecli.sources.string_fields.formats import read_leaves
from tests.support.leaves import read_one, skipped


def test_a_file_is_one_text_with_its_format_and_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("a: é\r\n".encode("utf-16"))
    raw = read_one(tmp_path / "a.yaml")
    assert (raw.text, raw.format) == ("a: é\r\n", "yaml")
    assert raw.encoding == "utf-16-le with byte order mark"


def test_an_empty_file_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    assert read_leaves(read_one(tmp_path / "a.yaml")).leaves == ()


def test_a_binary_file_is_skipped_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0\1\2")
    assert skipped(tmp_path / "a.bin").reason == "binary: a NUL byte at offset 0"


def test_a_manifest_with_a_nul_is_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\nb: \x00 110101199003071234\n")
    reading = read_leaves(read_one(tmp_path / "a.yaml"))
    assert reading.note.startswith("scanned as text")
    assert "110101199003071234" in reading.leaves[0].text


def test_bytes_that_are_no_text_of_the_encoding_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe1\x002\x00\x00\xd83\x00")
    raw = read_one(tmp_path / "a.txt")
    assert raw.notes == ("holds bytes that are not UTF-16-LE",)
    assert raw.text.startswith("12")


def only_finding(path: Path) -> Finding:
    (found,) = read_texts(path)
    assert isinstance(found, Finding)
    assert found.rule.uncheckable
    return found


def test_a_file_that_vanished_cannot_be_judged(tmp_path: Path) -> None:
    assert only_finding(tmp_path / "gone").message.endswith("gone does not exist")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert only_finding(tmp_path).message.endswith("is a directory")


def test_a_pipe_named_as_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert only_finding(tmp_path / "pipe").message.endswith("is a named pipe")


def test_a_file_that_changes_while_it_is_read_cannot_be_judged(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    texts = read_texts(path)
    assert isinstance(next(texts), RawText)
    with path.open("a") as file:
        file.write("two\n")
    (last,) = texts
    assert isinstance(last, Finding)
    assert last.message.endswith("changed while it was read")


def test_standard_input_is_read_by_its_beginning() -> None:
    (raw,) = read_stream(io.BytesIO(b'{"a": "b"}'))
    assert isinstance(raw, RawText)
    assert (raw.path, raw.format) == ("-", "json")


def test_standard_input_that_breaks_cannot_be_judged() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    (found,) = read_stream(Broken())
    assert isinstance(found, Finding)
    assert found.message == "- cannot be read: input/output error"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "WHOLE", 3000)
    monkeypatch.setattr(scan, "PIECE", 500)
    monkeypatch.setattr(scan, "OVERLAP", 60)


def large(name: str, ending: str = "\n") -> str:
    def line(number: int) -> str:
        mark = f"id{number:06d}"
        if name.endswith(".csv"):
            return f'"row ""{number}"" {" x"[number % 2] if number % 7 else chr(10)}",{mark}'
        return f'{{"a": "{mark}"}}' if name.endswith("jsonl") else f"é {number}: {mark}"

    header = ["name,ssn"] if name.endswith(".csv") else []
    return ending.join(header + [line(number) for number in range(1000)])


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.txt", "\n"), ("a.txt", "\r\n"), ("a.txt", "\r"), ("a.txt", " "), ("a.csv", "\n"), ("a.jsonl", "\n")],
)
def test_a_large_file_comes_in_pieces_that_show_everything_once_in_its_place(
    tmp_path: Path, name: str, ending: str
) -> None:
    text = large(name, ending)
    (tmp_path / name).write_bytes(text.encode())
    whole = RawText(name, text, "text")
    seen = []
    for raw in read_texts(tmp_path / name):
        assert isinstance(raw, RawText)
        assert len(raw.text) < 1200
        for leaf in read_leaves(raw).leaves:
            for match in re.finditer(r"id\d{6}", leaf.text):
                start, end = leaf.span(raw.text, *match.span())
                if end > raw.overlap:
                    seen.append(match[0])
                    assert raw.position(start) == whole.position(text.index(match[0]))
                    assert raw.offset + start == text.index(match[0])
    assert seen == re.findall(r"id\d{6}", text)


@pytest.mark.usefixtures("small_pieces")
def test_columns_keep_their_names_in_later_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(large("a.csv"))
    pieces = [raw for raw in read_texts(tmp_path / "a.csv") if isinstance(raw, RawText)]
    last = read_leaves(pieces[-1]).leaves[-1]
    assert (last.text, last.keys[1]) == ("id000999", "ssn")


@pytest.mark.usefixtures("small_pieces")
def test_a_large_structured_file_is_scanned_as_text_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(large("a.yaml"))
    first = next(read_texts(tmp_path / "a.yaml"))
    assert isinstance(first, RawText)
    assert (first.format, first.whole) == ("text", False)
    assert first.notes[0].startswith("scanned as text: it is larger than")


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("text", ['a,b\n"open\n' + "x,y\n" * 3000, '{"a": "' + "y" * 9000 + '"}\n{"b": 1}'])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_record_without_end_does_not_fill_the_memory(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    pieces = [raw for raw in read_texts(tmp_path / name) if isinstance(raw, RawText)]
    assert max(len(raw.text) for raw in pieces) < 4000
    assert "".join(raw.text[raw.overlap :] for raw in pieces) == text
