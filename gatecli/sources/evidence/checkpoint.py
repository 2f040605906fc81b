"""A torch checkpoint or a pickle, as plain data: a zip archive, a legacy row of pickles, or one pickle.

Layout: torch/serialization.py. A zip archive holds `<name>/data.pkl` beside its tensors; the legacy
form is the pickles of a magic number, a protocol number, system information and the object itself.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO

from gatecli.sources.archives import BROKEN_ZIP
from gatecli.sources.evidence.pickle_data import read_pickle
from gatecli.sources.evidence.reading import Refused
from gatecli.sources.files import open_file

ZIP = b"PK\x03\x04"
PICKLE = b"\x80"
MAX_PICKLE = 16 * 1024 * 1024
MAX_DIRECTORY = 16 * 1024 * 1024

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_INSTEAD = "write it by gatecli.evidence.write(privacy_engine, FILE) and name that file instead"


class _Bounded(io.RawIOBase):
    """A file that refuses one read beyond the bound: a forged zip directory cannot fill memory."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = -1 if size is None else size
        content = self._file.read(wanted if 0 <= wanted <= MAX_DIRECTORY else MAX_DIRECTORY + 1)
        if len(content) > MAX_DIRECTORY:
            raise Refused(f"its zip directory is larger than {MAX_DIRECTORY} bytes", mend=_INSTEAD)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


def is_checkpoint(head: bytes) -> bool:
    """Whether a file that starts so is a checkpoint, not text."""
    return head.startswith((ZIP, PICKLE))


def read_checkpoint(path: Path) -> Any:
    """The object that was saved at `path`, as plain data.

    Runs nothing of the file. Raises `Refused` where it is damaged, `ReadError` where it cannot be read.
    """
    with open_file(path) as file:
        zipped = file.read(len(ZIP)) == ZIP
        file.seek(0)
        # Legacy files keep their tensors behind the pickles: only the start is read.
        content = _zipped_pickle(file) if zipped else file.read(MAX_PICKLE)
    return _object(io.BytesIO(content))


def _zipped_pickle(file: BinaryIO) -> bytes:
    try:
        with zipfile.ZipFile(_Bounded(file)) as archive:
            return _member(archive)
    except BROKEN_ZIP:
        raise Refused("the checkpoint is a damaged or truncated zip archive", mend=_INSTEAD) from None


def _member(archive: zipfile.ZipFile) -> bytes:
    found = [item for item in archive.infolist() if item.filename.partition("/")[2] == "data.pkl"]
    if len(found) != 1:
        raise Refused(f"the archive holds {len(found)} files named data.pkl where one is meant")
    if found[0].compress_type not in _PLAIN:
        raise Refused("data.pkl is compressed in a way that checkpoints are not", mend=_INSTEAD)
    with archive.open(found[0]) as member:
        content = member.read(MAX_PICKLE + 1)
    if len(content) > MAX_PICKLE:
        raise Refused(f"data.pkl is larger than {MAX_PICKLE} bytes when unpacked", mend=_INSTEAD)
    return content


def _object(stream: IO[bytes]) -> Any:
    first = read_pickle(stream)
    if first != _LEGACY_MAGIC:
        return first
    for _ in ("protocol", "system"):
        read_pickle(stream)
    return read_pickle(stream)
