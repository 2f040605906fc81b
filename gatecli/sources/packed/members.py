"""The members of archives, and what compressed files hold: names and streams, nothing is written."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from gatecli.sources.archives import BROKEN_ZIP
from gatecli.sources.packed.bounds import Meter, Unpacking, blocks_of
from gatecli.sources.packed.kinds import PackedKind

_ENCRYPTED = 0x1
_STEP = 2**18

LINK = "a link inside an archive"
SPECIAL = "a device or a pipe inside an archive"
ENCRYPTED = "encrypted"
DAMAGED = "damaged"


class DamagedError(Exception):
    """An archive, or the rest of it, cannot be read."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive; `unread` says why it is not opened."""

    name: str
    blocks: Callable[[], Iterator[bytes]]
    unread: str = ""


def zip_members(file: BinaryIO, meter: Meter) -> Iterator[Member]:
    """The members of a zip archive. Raises DamagedError and CutOffError."""
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN_ZIP as error:
        raise DamagedError from error
    with archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            meter.count_member()
            yield Member(info.filename, _zip_blocks(archive, info), _unread_zip(info))


def holds_member(file: BinaryIO, name: str) -> bool:
    """Whether a zip archive has a member of that name. Raises DamagedError."""
    try:
        with zipfile.ZipFile(file) as archive:
            return name in archive.namelist()
    except BROKEN_ZIP as error:
        raise DamagedError from error


def _unread_zip(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return ENCRYPTED
    return LINK if stat.S_ISLNK(info.external_attr >> 16) else ""


def _zip_blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        try:
            with archive.open(info) as member:
                yield from blocks_of(member, _STEP)  # type: ignore[arg-type]  # a file in all that is used
        except (*BROKEN_ZIP, OSError) as error:
            raise DamagedError from error

    return blocks


def tar_members(file: Any, meter: Meter) -> Iterator[Member]:
    """The members of a tar archive, which may be a stream. Raises DamagedError and CutOffError."""
    try:
        with tarfile.open(fileobj=file, mode="r:" if file.seekable() else "r|") as archive:
            for info in archive:
                if info.isdir():
                    continue
                meter.count_member()
                yield Member(info.name, _tar_blocks(archive, info), _unread_tar(info))
                archive.members = []  # type: ignore[attr-defined]  # it would keep every header that it read
    except (tarfile.TarError, ValueError, EOFError, OSError, OverflowError) as error:
        raise DamagedError from error


def _unread_tar(info: tarfile.TarInfo) -> str:
    if info.isfile():
        return ""
    return LINK if info.islnk() or info.issym() else SPECIAL


def _tar_blocks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        member = archive.extractfile(info)
        if member is not None:
            yield from blocks_of(member, _STEP)  # type: ignore[arg-type]  # a file in all that is used

    return blocks


def unpacked_name(name: str) -> str:
    """The name of what a compressed file holds: `people.csv.gz` → `people.csv`, `a.tgz` → `a.tar`."""
    path = PurePosixPath(name.rpartition("!")[2])
    suffix = path.suffix.lower()
    if suffix in {".tgz", ".tbz", ".tbz2", ".txz", ".tzst"}:
        return f"{path.stem}.tar"
    return path.stem if suffix in {".gz", ".bz2", ".xz", ".zst", ".zstd", ".gzip"} else path.name


def unpacked_blocks(kind: PackedKind, file: BinaryIO, unpacking: Unpacking) -> Iterator[bytes]:
    """What a compressed file holds. Raises DamagedError."""
    import lzma  # noqa: PLC0415 - only for a compressed file
    import zlib  # noqa: PLC0415 - the same

    try:
        yield from _decompress(kind, file, unpacking)
    except (zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise DamagedError from error


def _decompress(kind: PackedKind, file: BinaryIO, unpacking: Unpacking) -> Iterator[bytes]:
    match kind:
        case PackedKind.GZIP:
            import gzip  # noqa: PLC0415 - only for a compressed file

            with gzip.GzipFile(fileobj=file) as plain:
                yield from blocks_of(plain, _STEP)  # type: ignore[arg-type]  # a file in all that is used
        case PackedKind.BZIP2:
            import bz2  # noqa: PLC0415 - only for a compressed file

            yield from _streams(file, bz2.BZ2Decompressor)
        case PackedKind.XZ:
            import lzma  # noqa: PLC0415 - only for a compressed file

            yield from _streams(file, lzma.LZMADecompressor)
        case _:
            yield from unpacking.zstd(file)


def _streams(file: BinaryIO, new: Callable[[], Any]) -> Iterator[bytes]:
    """bz2 and xz stream by stream: the standard library's readers ignore a second one that is damaged."""
    stream, data = new(), b""
    while True:
        if stream.eof:
            data = (stream.unused_data or file.read(_STEP)).lstrip(b"\0")  # padding between streams of xz
            if not data:
                return
            stream = new()
        elif stream.needs_input:
            data = file.read(_STEP)
            if not data:
                raise EOFError
        yield stream.decompress(data, _STEP)
        data = b""
