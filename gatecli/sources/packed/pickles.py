"""The texts and whole numbers of a pickle, read opcode by opcode: nothing is imported, called or built.

Opcodes: the documentation of `pickletools` in Python's standard library. Texts of Arrow, which pandas keeps,
are cut at the offsets that stand before them (Arrow's columnar format, "Variable-size Binary Layout").
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from gatecli.model.cells import Cell, CellBatch, UnreadTable, text_of
from gatecli.model.text import Leaf, LeafKind, hint_behind, number_text

MOST_BYTES = 256 * 2**20
"""Bytes of a pickle that is read: its largest parts are held in memory."""

MOST_OPCODES = 5_000_000
"""Opcodes that a sample holds."""

BATCH = 5_000
_START = b"\x80"
_FOLLOWED = "what follows the first {:,} bytes of a pickle, or it is damaged there"
_OFFSETS = ("i", "q")


def pickle_cells(file: BinaryIO, *, all_rows: bool) -> Iterator[CellBatch | UnreadTable]:
    """Every text and whole number, under the text before it where that is a name; rows are their numbers."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > MOST_BYTES:
        yield UnreadTable(f"it is a pickle of more than {MOST_BYTES // 2**20} MiB")
        return
    reader = _Reader(float("inf") if all_rows else MOST_OPCODES)
    cells: list[Cell] = []
    for text, kind, hint in reader.read(file):
        reader.texts += 1
        keys = (hint,) if hint else ()
        cells.append(Cell(Leaf(text, keys, kind), reader.texts))
        if len(cells) == BATCH:
            yield CellBatch(tuple(cells), len(cells))
            cells = []
    yield CellBatch(tuple(cells), len(cells), more=reader.is_cut)
    if reader.problem:
        yield UnreadTable(reader.problem)
    elif reader.packed:
        yield UnreadTable(f"parts that a pickle packs in bytes, as arrays are ({reader.packed:,} of them)")


class _Reader:
    """What was read of a pickle so far."""

    def __init__(self, most: float) -> None:
        self.most = most
        self.texts = 0
        self.packed = 0
        self.is_cut = False
        self.problem = ""
        self._name = ""
        self._offsets = b""

    def read(self, file: BinaryIO) -> Iterator[tuple[str, LeafKind, str]]:
        """Each text with its kind and the name before it; several pickles may stand in one file."""
        import pickletools  # noqa: PLC0415 - only for a pickle

        count = 0
        try:
            while True:
                for _, argument, _ in pickletools.genops(file):
                    count += 1
                    if count > self.most:
                        self.is_cut = True
                        return
                    if argument is not None and not isinstance(argument, float):
                        yield from self._texts(argument)
                at = file.tell()
                following = file.read(1)
                if following != _START:
                    self.problem = _FOLLOWED.format(at) if following else ""
                    return
                file.seek(at)
        except (ValueError, IndexError, EOFError, OverflowError, MemoryError):  # asked for more than there is
            self.problem = _FOLLOWED.format(file.tell())

    def _texts(self, argument: object) -> Iterator[tuple[str, LeafKind, str]]:
        match argument:
            case str():
                yield argument, LeafKind.VALUE, self._name
                self._name = hint_behind(argument)
            case bool():
                return
            case int():
                if abs(argument) >= 2**16:  # smaller ones are places in the memo
                    yield number_text(str(argument)), LeafKind.NUMBER, self._name
            case bytes() | bytearray():
                yield from self._packed_texts(bytes(argument))

    def _packed_texts(self, content: bytes) -> Iterator[tuple[str, LeafKind, str]]:
        try:
            text = text_of(content)
        except UnicodeDecodeError:
            self.packed += 1
            self._offsets = content
            return
        cuts = _cuts(self._offsets, len(content))
        if cuts:
            self.packed -= 1  # the offsets are read
            yield from ((text_of(content[a:b]), LeafKind.VALUE, "") for a, b in pairwise(cuts))
        else:
            yield text, LeafKind.VALUE, self._name
        self._offsets = b""


def _cuts(content: bytes, size: int) -> list[int]:
    """Where texts begin and end, if `content` says that of a text of `size` bytes; else nothing."""
    for code in _OFFSETS:
        numbers = array(code)
        if len(content) % numbers.itemsize or len(content) < 2 * numbers.itemsize:
            continue
        numbers.frombytes(content)
        cuts = list(numbers)
        if cuts[0] == 0 and cuts[-1] == size and all(a <= b for a, b in pairwise(cuts)):
            return cuts
        padded = [cut for at, cut in enumerate(cuts) if cut or at == 0]  # Arrow pads its buffers with zeros
        if padded[0] == 0 and size - 64 <= padded[-1] <= size and all(a <= b for a, b in pairwise(padded)):
            return padded
    return []
