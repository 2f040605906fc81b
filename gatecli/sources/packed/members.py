"""The members of archives, and what compressed files hold: names and streams, nothing is written."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from tarfile import HeaderError
from typing import Any, BinaryIO, Self

from gatecli.sources.archives import BROKEN_ZIP
from gatecli.sources.packed.bounds import DamagedError, Meter, Unpacking, blocks_of
from gatecli.sources.packed.kinds import PackedKind
from gatecli.sources.packed.zip_parts import bytes_between, comments, unnamed_spans

_ENCRYPTED = 0x1
_STEP = 2**18
_PIECE = 2**14
"""Bytes of a compressed file that are read at a time: each of its streams copies what is left of them."""

LINK = "a link inside an archive"
SPECIAL = "a device or a pipe inside an archive"
ENCRYPTED = "encrypted"
DAMAGED = "damaged"
FOLLOWED = "damaged: what follows its compressed part is not compressed"

_BROKEN_TAR = (tarfile.TarError, ValueError, EOFError, OSError, OverflowError)
_NO_HEADER = (tarfile.EmptyHeaderError, tarfile.EOFHeaderError)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class PackedMember:
    """One file in an archive; `unread` says why it is not opened.

    What stands beside the files is one too, `is_beside`: it is read where it is text, and not unpacked.
    """

    name: str
    blocks: Callable[[], Iterator[bytes]]
    unread: str = ""
    is_beside: bool = False


def zip_members(file: BinaryIO, meter: Meter) -> Iterator[PackedMember]:
    """The members of a zip archive. Raises DamagedError and CutOffError."""
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN_ZIP as error:
        raise DamagedError from error
    with archive:
        for info in archive.infolist():
            if info.filename.endswith("/") and not info.file_size:  # `is_dir` fails where there is no name
                continue
            meter.count_member()
            yield PackedMember(info.filename, _zip_blocks(archive, info), _unread_zip(info))
        if said := comments(archive):
            yield PackedMember("(comments)", partial(iter, [said]), is_beside=True)
        for where, span in unnamed_spans(archive, file):
            yield PackedMember(f"({where})", partial(bytes_between, file, span, _STEP), is_beside=True)


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


def tar_members(file: Any, meter: Meter) -> Iterator[PackedMember]:
    """The members of a tar archive, which may be a stream. Raises DamagedError and CutOffError."""
    try:
        with _Tar.open(fileobj=file, mode="r:" if file.seekable() else "r|") as archive:
            for info in archive:
                if info.isdir():
                    continue
                meter.count_member()
                yield PackedMember(info.name, _tar_blocks(archive, info), _unread_tar(info))
                archive.members = []  # type: ignore[attr-defined]  # it would keep every header that it read
            if archive.is_damaged:
                raise DamagedError
    except _BROKEN_TAR as error:
        raise DamagedError from error


class _Header(tarfile.TarInfo):
    """A header of a tar archive; one that is none is told to the archive, which would pass over it."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except _NO_HEADER:
            raise
        except HeaderError:
            if isinstance(tarfile, _Tar):
                tarfile.is_damaged = True
            raise


class _Tar(tarfile.TarFile):
    """A tar archive that is read behind the zeros which end it: another may follow."""

    ignore_zeros = True
    tarinfo = _Header
    is_damaged = False


def _unread_tar(info: tarfile.TarInfo) -> str:
    if info.isfile():
        return ""
    return LINK if info.islnk() or info.issym() else SPECIAL


def _tar_blocks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        try:
            if info.issparse():
                member: Any = archive.extractfile(info)
                yield from blocks_of(member, _STEP)
            else:
                yield from _stored_blocks(archive.fileobj, info)
        except _BROKEN_TAR as error:
            raise DamagedError from error

    return blocks


def _stored_blocks(file: Any, info: tarfile.TarInfo) -> Iterator[bytes]:
    """As `extractfile` reads it, which loses what stands before a cut."""
    file.seek(info.offset_data)
    left = info.size
    while left > 0:
        block = file.read(min(_STEP, left))
        if not block:
            raise EOFError
        left -= len(block)
        yield block


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
            yield from _streams(file, _GzipStream, b"\x1f\x8b")
        case PackedKind.BZIP2:
            import bz2  # noqa: PLC0415 - only for a compressed file

            yield from _streams(file, bz2.BZ2Decompressor, b"BZh")
        case PackedKind.XZ:
            import lzma  # noqa: PLC0415 - only for a compressed file

            yield from _streams(file, lzma.LZMADecompressor, b"\xfd7zXZ")
        case _:
            yield from unpacking.zstd(file)


class _GzipStream:
    """A decompressor of one gzip stream, which is used as those of bz2 and lzma are."""

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415 - only for a compressed file

        self._stream = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, most: int) -> bytes:
        """At most so many bytes of what the stream holds. Raises zlib.error."""
        content = self._stream.decompress(self._stream.unconsumed_tail + data, most)
        self.needs_input = len(content) < most and not self._stream.unconsumed_tail
        return content


def _streams(file: BinaryIO, new: Callable[[], Any], sign: bytes) -> Iterator[bytes]:
    """Stream by stream: the standard library's readers ignore what follows that is none, or all if it is."""
    stream, data = new(), b""
    while True:
        if stream.eof:
            data = _behind_zeros(stream.unused_data, file)  # xz pads its streams
            if not data:
                return
            if not sign.startswith(data[: len(sign)]):
                raise DamagedError(FOLLOWED)
            stream = new()
        elif stream.needs_input:
            data = file.read(_PIECE)
            if not data:
                raise EOFError
        yield stream.decompress(data, _STEP)
        data = b""


def _behind_zeros(data: bytes, file: BinaryIO) -> bytes:
    data = data.lstrip(b"\0")
    while not data and (block := file.read(_PIECE)):
        data = block.lstrip(b"\0")
    return data
