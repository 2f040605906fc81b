"""A simulated power cut: what a disk holds when only what was synchronised is sure to be there.

`strace` records what a process does with the files of a folder, and what it says meanwhile. Each prefix of
the record is a moment at which the power may fail. A file then has what it had at its last fsync, and of what
was written since any part, in sectors of 512 bytes; a file that was made since its folder's last fsync may
be missing.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

CALLS = "openat,open,write,pwrite64,lseek,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,close"
SYNCS = {"fsync", "fdatasync"}
SECTOR = 512
_LINE = re.compile(r"^(\w+)\((.*)\)\s+=\s+(-?\d+)(.*)$")
_OF_FILE = re.compile(r"^(\d+)<([^>]*)>(?:, )?(.*)$", re.DOTALL)
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def may_trace() -> bool:
    """Whether strace is here, and may watch a process."""
    program = which("strace")
    return (
        program is not None
        and subprocess.run([program, "-qq", "-o", os.devnull, "true"], check=False).returncode == 0
    )


def record(arguments: Sequence[str], log: Path) -> None:
    """Run Python with these arguments; what it does with files is in `log`."""
    options = (
        "-qq",
        "-f",
        "-y",
        "-xx",
        "-s",
        "1000000",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(log),
    )
    subprocess.run(["strace", *options, sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the system that succeeded: what, on which file (or path), with what."""

    name: str
    path: str
    descriptor: int = -1
    data: bytes = b""
    number: int = 0
    """An offset, or a length."""


def read_calls(log: Path, folder: Path) -> Iterator[Call]:
    """The calls about files of a folder, and what was said on standard output."""
    for line in log.read_text("ascii").splitlines():
        found = _LINE.match(line.partition(" ")[2].lstrip())
        if found and not found[3].startswith("-"):
            call = _call(found[1], found[2], int(found[3]), found[4])
            if call and (call.descriptor == 1 or call.path.startswith(str(folder))):
                yield call


def _call(name: str, arguments: str, result: int, after: str) -> Call | None:
    data = [bytes.fromhex(each.replace("\\x", "")) for each in _QUOTED.findall(arguments)]
    if name in {"open", "openat"}:
        return Call("open", _decode(after.strip()[1:-1]), result)
    if name in {"unlink", "unlinkat", "rename"}:
        return Call(name, data[0].decode())
    found = _OF_FILE.match(arguments)
    return _file_call(name, found, data, result) if found else None


def _file_call(name: str, found: re.Match[str], data: list[bytes], result: int) -> Call:
    descriptor, path, rest = int(found[1]), _decode(found[2]), found[3]
    if name in {"write", "pwrite64"}:
        offset = int(rest.rsplit(", ", 1)[1]) if name == "pwrite64" else 0
        return Call(name, path, descriptor, data[0][:result], offset)
    lengths = {"lseek": result, "ftruncate": int(rest or 0) if name == "ftruncate" else 0}
    return Call(name, path, descriptor, number=lengths.get(name, 0))


def _decode(path: str) -> str:
    return bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path


@dataclass
class DiskFile:
    """A file: what is surely there, and what was done since, in its order."""

    there: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Bytes at an offset, or (with None) a new length."""
    named: bool = False
    """Whether its folder surely has its name."""

    def synchronise(self) -> None:
        self.there = _done(self.there, self.since)
        self.since = []

    def after_cut(self, chance: random.Random) -> bytes | None:
        """What a disk may hold of it; None for nothing, not even its name."""
        if not self.named and chance.random() < 0.5:
            return None
        kept: list[tuple[int, bytes | None]] = []
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        for offset, data in self.since:
            if data is None:
                kept += [(offset, data)] if chance.random() < share else []
                continue
            kept += [
                (offset + start, data[start : start + SECTOR])
                for start in range(0, len(data), SECTOR)
                if chance.random() < share
            ]
        return _done(self.there, kept)


def _done(there: bytes, changes: Sequence[tuple[int, bytes | None]]) -> bytes:
    content = bytearray(there)
    for offset, data in changes:
        if data is None:
            del content[offset:]
            content += bytes(offset - len(content))
        else:
            content += bytes(max(0, offset - len(content)))
            content[offset : offset + len(data)] = data
    return bytes(content)


class Disk:
    """The files of one folder, as the calls leave them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, DiskFile] = {}
        self.said = b""
        self._offsets: dict[int, int] = {}

    def do(self, call: Call) -> None:
        if not call.path.startswith(str(self.folder)):
            self.said += call.data  # to standard output
        elif call.path == str(self.folder):
            self._do_folder(call)
        elif call.name.startswith("unlink"):
            self.files.pop(call.path, None)
        elif call.name != "close":
            self._do_file(call)

    def _do_folder(self, call: Call) -> None:
        if call.name in SYNCS:
            for file in self.files.values():
                file.named = True

    def _do_file(self, call: Call) -> None:
        file = self.files.setdefault(call.path, DiskFile())
        if call.name == "open":
            self._offsets[call.descriptor] = 0
        elif call.name == "lseek":
            self._offsets[call.descriptor] = call.number
        elif call.name == "pwrite64":
            file.since.append((call.number, call.data))
        elif call.name == "write":
            offset = self._offsets.get(call.descriptor, 0)
            file.since.append((offset, call.data))
            self._offsets[call.descriptor] = offset + len(call.data)
        elif call.name == "ftruncate":
            file.since.append((call.number, None))
        elif call.name in SYNCS:
            file.synchronise()

    def cut(self, chance: random.Random, into: Path) -> None:
        """What the folder may hold after the power failed, written into another one."""
        for path, file in self.files.items():
            content = file.after_cut(chance)
            if content is not None and not path.endswith("-shm"):  # shared memory, which is made anew
                (into / Path(path).name).write_bytes(content)


def cuts(
    log: Path, folder: Path, moments: int, seed: int, judge: Callable[[Disk, random.Random], None]
) -> None:
    """Judge the disk at so many moments of a record, each chosen at random; the last one always."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    calls = list(read_calls(log, folder))
    chosen = {*chance.sample(range(len(calls)), min(moments, len(calls))), len(calls) - 1}
    disk = Disk(folder)
    for place, call in enumerate(calls):
        disk.do(call)
        if place in chosen:
            judge(disk, chance)
