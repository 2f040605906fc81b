"""Archives are looked into within bounds, member by member; what is not read is said."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.gates.file_scan import FileScan, scan_file
from gatecli.model.finding import Finding
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, Skipped
from gatecli.sources.packed.bounds import ArchiveBounds, Unpacking
from gatecli.sources.packed.interface import CutOff, PackedRead, PackedTable
from gatecli.sources.packed.kinds import kind_of
from gatecli.sources.packed.reading import read_packed
from gatecli.sources.scan import read_plain
from tests.support.packed import SSN, parquet_of, people, tar_of, zip_of

SEARCH = search_of(PiiRules())
POD = f"ssn: {SSN}\n".encode()


def called(value: object) -> str:
    """The id of an example: archives hold the time they were made at."""
    return value if isinstance(value, str) else "archive"


PNG = b"\x89PNG\r\n\x1a\n\0\0"
SMALL = ArchiveBounds(members=20, bytes=2**20, ratio=50, free=2**16, depth=3, held=2**16)


def no_zstd(_file: object) -> object:
    raise AssertionError


def reads(content: bytes, bounds: ArchiveBounds = SMALL) -> list[PackedRead]:
    unpacking = Unpacking(no_zstd, bounds=bounds)  # type: ignore[arg-type]  # none is compressed so
    return [
        replace(read, file=io.BytesIO()) if isinstance(read, PackedTable) else read
        for read in read_packed("a", content[:1024], io.BytesIO(content), None, unpacking, read_plain)
    ]


def texts(content: bytes) -> dict[str, str]:
    return {read.path: read.text for read in reads(content) if isinstance(read, RawText)}


def cut_off(content: bytes, bounds: ArchiveBounds = SMALL) -> list[str]:
    return [read.reason for read in reads(content, bounds) if isinstance(read, CutOff)]


def unread(content: bytes) -> dict[str, str]:
    return {read.path: read.reason for read in reads(content) if isinstance(read, Skipped)}


def scanned(folder: Path, name: str, content: bytes) -> FileScan:
    (folder / name).write_bytes(content)
    return scan_file(folder / name, SEARCH)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (zip_of({"dir/b.yaml": POD}), "a!dir/b.yaml"),
        (tar_of({"dir/b.yaml": POD}), "a!dir/b.yaml"),
        (tar_of({"dir/b.yaml": POD}, "w:gz"), "a!dir/b.yaml"),
        (tar_of({"dir/b.yaml": POD}, "w:bz2"), "a!dir/b.yaml"),
        (tar_of({"dir/b.yaml": POD}, "w:xz"), "a!dir/b.yaml"),
        (zip_of({"in.zip": zip_of({"b.yaml": POD})}), "a!in.zip!b.yaml"),
        (zip_of({"in.tgz": tar_of({"b.yaml": POD}, "w:gz")}), "a!in.tgz!b.yaml"),
        (tar_of({"in.tar": tar_of({"b.yaml": POD})}, "w:xz"), "a!in.tar!b.yaml"),
        (zip_of({"b.yaml.gz": gzip.compress(POD)}), "a!b.yaml.gz!b.yaml"),
        (gzip.compress(POD), "a!a"),
        (gzip.compress(POD[:5]) + gzip.compress(POD[5:]), "a!a"),
        (bz2.compress(POD[:5]) + bz2.compress(POD[5:]), "a!a"),
        (lzma.compress(POD[:5]) + lzma.compress(POD[5:]), "a!a"),
    ],
    ids=called,
)
def test_a_member_is_read_under_its_place(content: bytes, place: str) -> None:
    assert texts(content) == {place: POD.decode()}


def test_a_member_has_its_line_its_format_and_its_encoding(tmp_path: Path) -> None:
    members = {"a.yaml": b"x: 1\n" + POD, "b.env": f"SSN={SSN}".encode("utf-16")}
    scan = scanned(tmp_path, "a.zip", zip_of(members))
    assert [(str(each.place).rpartition("!")[2], each.place.pointer) for each in scan.findings] == [
        ("a.yaml:2:6", "/ssn"),
        ("b.env:1:5", "/SSN"),
    ]


def test_an_old_tar_without_a_magic_number_is_read() -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("b.yaml")
        info.size = len(POD)
        archive.addfile(info, io.BytesIO(POD))
    old = bytearray(content.getvalue())
    old[257:265] = bytes(8)
    old[148:156] = b"%06o\0 " % (sum(old[:148]) + 8 * 32 + sum(old[156:512]))
    assert texts(bytes(old)) == {"a!b.yaml": POD.decode()}


def test_a_document_is_read_as_the_archive_that_it_is(tmp_path: Path) -> None:
    word = zip_of({"word/document.xml": f"<w:t>SSN: {SSN}</w:t>".encode()})
    (finding,) = scanned(tmp_path, "letter.docx", word).findings
    assert finding.place.path.endswith("letter.docx!word/document.xml")


# What is not read.


def test_members_that_were_not_searched_for_one_reason_are_one_note(tmp_path: Path) -> None:
    members = {f"data/{at}": PNG for at in range(9)} | {"a.yaml": b"x: 1\n"}
    (finding,) = scanned(tmp_path, "model.pt", zip_of(members)).findings
    assert finding.rule.id == "pii-not-searched"
    assert "9 members of" in finding.message
    assert "(data/0, data/1, data/2 and 6 more)" in finding.message


def encrypted_zip() -> bytes:
    """A zip whose member says that it is encrypted: Python's own writer makes none."""
    content = bytearray(zip_of({"b.yaml": POD}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + at] |= 1
    return bytes(content)


def test_an_encrypted_member_is_said_to_be(tmp_path: Path) -> None:
    assert unread(encrypted_zip()) == {"a!b.yaml": "encrypted"}
    scan = scanned(tmp_path, "a.zip", encrypted_zip())
    assert [finding.rule.id for finding in scan.findings] == ["pii-not-searched"]
    assert scan.checked is None


def linked_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        info = zipfile.ZipInfo("b")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return content.getvalue()


def linked_tar(kind: bytes = tarfile.SYMTYPE) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        info = tarfile.TarInfo("b")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (linked_zip(), "a link inside an archive"),
        (linked_tar(), "a link inside an archive"),
        (linked_tar(tarfile.LNKTYPE), "a link inside an archive"),
        (linked_tar(tarfile.CHRTYPE), "a device or a pipe inside an archive"),
        (linked_tar(tarfile.FIFOTYPE), "a device or a pipe inside an archive"),
    ],
    ids=called,
)
def test_links_and_devices_in_an_archive_are_not_followed(content: bytes, reason: str) -> None:
    assert unread(content) == {"a!b": reason}


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.yaml", "/etc/x.yaml", "..\\x.yaml"])
def test_a_name_that_leaves_the_folder_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for content in (zip_of({name: POD}), tar_of({name: POD})):
        scan = scanned(tmp_path / "in", "a.bin", content)
        assert [finding.rule.id for finding in scan.findings] == ["pii-us-ssn"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.bin", "in"]


def test_a_member_without_a_name_is_read() -> None:
    content = zip_of({"x": POD})
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    nameless = bytearray(content)
    nameless[local + 26] = nameless[central + 28] = 0
    nameless[local + 28] = nameless[central + 30] = 1
    assert [*texts(bytes(nameless)), *unread(bytes(nameless)), *cut_off(bytes(nameless))]


def test_a_damaged_member_does_not_hide_the_next(tmp_path: Path) -> None:
    content = bytearray(zip_of({"a.yaml": b"x: 1\n" * 50, "b.yaml": POD}))
    at = content.index(b"a.yaml") + 8
    content[at : at + 4] = b"\xff\xff\xff\xff"
    scan = scanned(tmp_path, "a.zip", bytes(content))
    assert sorted(finding.rule.id for finding in scan.findings) == ["pii-not-searched", "pii-us-ssn"]


@pytest.mark.parametrize("make", [gzip.compress, bz2.compress, lzma.compress])
def test_a_cut_stream_is_said_to_be_damaged(make: Callable[[bytes], bytes]) -> None:
    content = make(bytes(range(32, 127)) * 9)
    assert unread(content[:-9]) == {"a": "damaged"}


# ArchiveBounds: what exceeds them could not be checked.


def bomb(depth: int) -> bytes:
    content = zip_of({"0.txt": b" " * 2**22})
    for at in range(depth):
        content = zip_of({f"{at}.zip": content})
    return content


@pytest.mark.parametrize("depth", [0, 1])
def test_a_zip_bomb_is_cut_off(depth: int) -> None:
    (reason,) = cut_off(bomb(depth))
    assert "it unpacks to more than" in reason


@pytest.mark.parametrize("make", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_bomb_is_cut_off(make: Callable[[bytes], bytes]) -> None:
    (reason,) = cut_off(make(b" " * 2**22))
    assert "it unpacks to more than 50 times its size" in reason


def test_many_tiny_members_are_cut_off() -> None:
    (reason,) = cut_off(zip_of({f"{at}": b"x" for at in range(21)}))
    assert "more than 20 members" in reason


def test_many_honest_bytes_are_cut_off() -> None:
    (reason,) = cut_off(zip_of({"a": b"x" * 2**20, "b": b"x" * 10}), replace(SMALL, ratio=10**9))
    assert "more than 1 MiB" in reason


def test_archives_in_archives_are_followed_to_a_depth(tmp_path: Path) -> None:
    content = zip_of({"b.yaml": POD})
    for _ in range(4):
        content = zip_of({"in.zip": content})
    (finding,) = scanned(tmp_path, "five.zip", content).findings
    assert finding.rule.id == "pii-us-ssn"
    deeper = zip_of({"in.zip": content, "b.yaml": POD})
    rules = [finding.rule.id for finding in scanned(tmp_path, "six.zip", deeper).findings]
    assert sorted(rules) == ["pii-scan-incomplete", "pii-us-ssn"]


def test_a_table_that_is_too_large_to_be_held_is_cut_off_and_the_rest_is_read() -> None:
    large = b"SQLite format 3\0" + b"".join(hashlib.sha256(b"%d" % at).digest() for at in range(9 * 2**15))
    content = zip_of({"a.db": large, "b.yaml": POD})
    found = reads(content, replace(SMALL, bytes=2**30, held=2**20))
    assert [(type(read).__name__, read.path) for read in found if not isinstance(read, Finding)] == [
        ("CutOff", "a!a.db"),
        ("RawText", "a!b.yaml"),
    ]


def test_what_was_cut_off_could_not_be_checked(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b" " * 2**26))
    scan = scan_file(tmp_path / "bomb.gz", SEARCH)
    (finding,) = (each for each in scan.findings if each.rule.uncheckable)
    assert finding.rule.id == "pii-scan-incomplete"
    assert "unpack it" in finding.remediation
    assert scan.checked is None
    assert not scan.is_complete


@pytest.mark.parametrize(
    "head", [b"", b"P", b"PAR1", b"\x80\x04", b"ORC", b"x" * 600, b"\0" * 600, b"7" * 600]
)
def test_what_is_none_of_the_kinds_has_none(head: bytes) -> None:
    assert kind_of(head, b"") is None


def test_a_parquet_table_inside_is_a_table() -> None:
    (read,) = reads(zip_of({"a.bin": parquet_of(people())}))
    assert isinstance(read, PackedTable)
    assert (read.path, read.source) == ("a!a.bin", None)
