"""Files are read within bounds, never waited for, and refused in one sentence."""

from __future__ import annotations

import codecs
import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatecli.model.document import Position
from gatecli.sources import files
from gatecli.sources.files import MissingFileError, ReadError, decode_text, read_text, sha256_of


def refusal(path: Path, limit: int = files.MAX_BYTES) -> str:
    with pytest.raises(ReadError) as caught:
        read_text(path, limit)
    assert caught.value.mend
    return caught.value.problem


def test_utf8_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("ε = 1\n", "utf-8")
    assert read_text(tmp_path / "a") == "ε = 1\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_names_the_encoding_and_is_no_text(mark: bytes, encoding: str) -> None:
    assert decode_text(mark + "ε😀".encode(encoding)) == "ε😀"


def test_a_byte_that_is_not_utf8_is_named_with_its_line() -> None:
    with pytest.raises(ReadError, match="byte 0xe9 at offset 7") as caught:
        decode_text(b"a: 1\nb:\xe9")
    assert caught.value.position == Position(2, 1)


def test_half_a_utf16_character_is_refused() -> None:
    with pytest.raises(ReadError, match="is not UTF-16-LE text"):
        decode_text(codecs.BOM_UTF16_LE + b"a")


def test_a_character_that_was_cut_in_two_is_refused() -> None:
    with pytest.raises(ReadError, match="is not UTF-8 text"):
        decode_text("ε".encode()[:1])


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\x80\0\0\0{}")
    assert refusal(tmp_path / "model.safetensors").startswith("is a binary file")


def test_an_empty_file_is_empty_text(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert read_text(tmp_path / "a") == ""


def test_a_file_of_the_limit_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 10)
    assert len(read_text(tmp_path / "a", 10)) == 10
    assert refusal(tmp_path / "a", 9).startswith("is larger than")


def test_a_hundred_megabytes_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "privacy.yaml").open("wb") as file:
        file.truncate(100 * 2**20)
    assert refusal(tmp_path / "privacy.yaml") == "is larger than 16 MiB"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="does not exist"):
        read_text(tmp_path / "a")


def test_a_file_below_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(MissingFileError):
        read_text(tmp_path / "a" / "b")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is a directory"


def test_a_folder_that_cannot_be_listed_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refusal(tmp_path) == "is a directory that cannot be listed"


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "is a named pipe"


def test_a_pipe_that_took_a_files_place_is_refused_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    state = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda *_: state)
    assert refusal(tmp_path / "pipe") == "is a named pipe"


def test_a_device_is_refused() -> None:
    assert refusal(Path("/dev/zero")) == "is a device"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert refusal(Path("s")) == "is a socket"


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refusal(tmp_path / "a") == "is a loop of symbolic links"


def test_a_link_to_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("nothing")
    assert refusal(tmp_path / "a") == "does not exist"


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert refusal(Path("a\0b")) == "has a name that no file can have"


def test_a_name_that_is_too_long_is_refused() -> None:
    assert refusal(Path("a" * 5000)) == "has a name that is too long"


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (PermissionError(13, "Permission denied"), "cannot be read: permission denied"),
        (FileNotFoundError(2, "No such file"), "does not exist"),
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
    ],
    ids=["closed", "vanished", "broken"],
)
def test_what_goes_wrong_while_opening_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, problem: str
) -> None:
    def fail(path: str, flags: int) -> int:
        raise error

    (tmp_path / "a").touch()
    monkeypatch.setattr(files, "_opener", fail)
    assert refusal(tmp_path / "a") == problem


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside a folder that all may enter; root, who may read everything, becomes somebody who may not."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").touch(mode=0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield
    os.seteuid(was)


def test_a_closed_file_is_refused(nobody: None) -> None:
    assert refusal(Path("a")) == "cannot be read: permission denied"


def test_a_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()
