from __future__ import annotations

import codecs

import pytest

from gatecli.sources.encoding import Binary, Encoding, encode_text, encoding_of

CONTROLS = "binary: control characters, and it is not UTF-8"
CHINESE = "姓名: 王芳\n身份证号: 110101199003071234\n电话: 13800138000\n"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        (CHINESE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + b"a", "utf-8 with byte order mark"),
        (CHINESE.encode("utf-16"), "utf-16-le with byte order mark"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16-be with byte order mark"),
        (codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), "utf-32-le with byte order mark"),
        (CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("gb18030"), "gb18030"),
        ("全角：１１０１０１".encode("gbk"), "gb18030"),
        ("Müller, Straße 4, café".encode("latin-1"), "latin-1"),
        (b"\xff\xfe\xfdx", "utf-16-le with byte order mark"),
        (b"a\x81", "latin-1"),
    ],
)
def test_the_encoding_of_a_text_is_found(content: bytes, name: str) -> None:
    found = encoding_of(content)
    assert isinstance(found, Encoding)
    assert found.name == name


def test_an_encoding_that_was_guessed_is_said() -> None:
    found = encoding_of(CHINESE.encode("gb18030"))
    assert isinstance(found, Encoding)
    assert found.notes == ("read as GB18030: it is not UTF-8",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n", "binary: a PNG image"),
        (b"%PDF-1.7\n", "binary: a PDF document"),
        (b"PK\x03\x04rest", "binary: a ZIP archive or an office document"),
        (b"text\0and more", "binary: a NUL byte at offset 4"),
        (bytes(range(256)) * 40, "binary: a NUL byte at offset 0"),
        (b"\x0a\x03\x12\x05\xc3(abc\x1a\x08" * 9, CONTROLS),
        (b"\x01\x02\xe9t\xe9 " * 3000 + b"\0", CONTROLS),
    ],
)
def test_what_is_no_text_is_said_to_be_none(content: bytes, reason: str) -> None:
    assert encoding_of(content) == Binary(reason)


@pytest.mark.parametrize(
    "content", ["Zürich\n\x0c\n".encode("latin-1") * 9, b"\x1b[31mcaf\xe9\x1b[0m\n" * 9, b"\x01\x02" * 99]
)
def test_ends_of_pages_colours_and_ascii_do_not_make_a_text_binary(content: bytes) -> None:
    assert isinstance(encoding_of(content), Encoding)


@pytest.mark.parametrize("content", [b"a: \0 1\n" * 9, b"%PDF-a: 1", b"PK\x03\x04: 1", b"\x01\xe9" * 99])
def test_one_byte_does_not_hide_a_file_that_is_named_as_text(content: bytes) -> None:
    assert isinstance(encoding_of(content, named_text=True), Encoding)


@pytest.mark.parametrize("blanks", ["", " ", "  "])
def test_a_nul_in_a_short_text_does_not_make_it_one_of_chinese_characters(blanks: str) -> None:
    content = f'{{"a": "x{blanks}\0", "b": "110101199003074477"}}'.encode()
    found = encoding_of(content, named_text=True)
    assert isinstance(found, Encoding)
    assert (found.codec, found.notes) == ("utf-8", ("holds NUL bytes",))


def test_a_nul_far_into_a_text_does_not_hide_it() -> None:
    found = encoding_of(b"x" * 9000 + b"\0")
    assert isinstance(found, Encoding)
    assert found.notes == ("holds NUL bytes",)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_the_beginning_of_a_file_may_end_within_a_character(codec: str) -> None:
    content = CHINESE.encode(codec)
    cut = content[: content.index("芳".encode(codec)) + 1]
    found = encoding_of(cut, whole=False)
    assert isinstance(found, Encoding)
    assert found.codec == codec


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "gb18030", "latin-1"]
)
def test_a_text_can_be_written_back_byte_for_byte(codec: str) -> None:
    text = "naïve: été\r\n" if codec == "latin-1" else CHINESE
    content = text.encode(codec)
    found = encoding_of(content)
    assert isinstance(found, Encoding)
    assert encode_text(content[len(found.mark) :].decode(found.codec), found.name) == content
