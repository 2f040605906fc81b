"""The processes that a process started, as the kernel of Linux knows them: counted, measured and ended.

Elsewhere none is known, and only the group of a process is ended with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

_IS_LINUX = sys.platform == "linux"
_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36
"""Options of prctl (2)."""
_ENDING_SECONDS, _PAUSE = 5.0, 0.002


def keep_descendants() -> None:
    """Stay the ancestor of whatever this process starts, also where its parent ends or it leaves the
    session; and end when the process that started this one does.
    """
    _set_option(_SET_CHILD_SUBREAPER, 1)
    _set_option(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


@contextlib.contextmanager
def orphans_adopted() -> Iterator[None]:
    """While it lasts, stay the ancestor of whatever this process starts, also where its parent ends or it
    leaves the session.
    """
    _set_option(_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        _set_option(_SET_CHILD_SUBREAPER, 0)


def _set_option(option: int, value: int) -> None:
    if _IS_LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """The processes below one that have not ended, the nearest first; that one is not among them."""
    found: list[int] = []
    level = [root]
    while level:
        level = [child for each in level for child in _children(each)]
        found += level
    return [each for each in found if not _has_ended(each)]


def _children(process: int) -> list[int]:
    try:
        tasks = os.listdir(f"/proc/{process}/task")  # noqa: PTH208 - names, many times a second
        return [
            int(each) for task in tasks for each in _read(f"/proc/{process}/task/{task}/children").split()
        ]
    except OSError:  # it has ended meanwhile
        return []


def _read(file: str) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return Path(file).read_text("utf-8")
    return ""


def _status(process: int) -> list[str]:
    """The fields of /proc/PID/stat (proc_pid_stat(5)) from the third on; the second may hold anything."""
    return _read(f"/proc/{process}/stat").rpartition(")")[2].split()


def _has_ended(process: int) -> bool:
    return _status(process)[:1] in ([], ["Z"], ["X"])


def processor_seconds(processes: Iterable[int]) -> float | None:
    """Seconds of processor of these, and of what they started that has ended; None where nobody knows."""
    if not _IS_LINUX:
        return None
    return sum(_seconds(each) for each in processes)


def _seconds(process: int) -> float:
    fields = _status(process)
    # Of what it waited for: the fields cutime and cstime, in ticks.
    waited = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK") if len(fields) > 14 else 0.0
    try:
        # The clock of a process by its number, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime((~process << 3) | 2) + waited
    except OSError:
        return 0.0


def memory_of(processes: Iterable[int]) -> int:
    """Bytes that these hold together; what several share is counted once (Pss)."""
    lines = [line for each in processes for line in _read(f"/proc/{each}/smaps_rollup").splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def end_all(root: int) -> None:
    """End a process and all that it started.

    It is stopped first, so that it starts nothing more; what loses its parent meanwhile becomes its child
    (`keep_descendants`) and is found in the next round.
    """
    _signal(root, signal.SIGSTOP)
    end = time.monotonic() + _ENDING_SECONDS
    while (left := descendants(root)) and time.monotonic() < end:
        for each in left:
            _signal(each, signal.SIGKILL)
        time.sleep(_PAUSE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(root, signal.SIGKILL)
    _signal(root, signal.SIGKILL)


def end_descendants(kept: Collection[int] = ()) -> bool:
    """End what this process has started but for `kept`, once it adopts orphans; whether all has ended."""
    end = time.monotonic() + _ENDING_SECONDS
    while left := [each for each in descendants(os.getpid()) if each not in kept]:
        if time.monotonic() > end:
            return False
        for each in left:
            _signal(each, signal.SIGKILL)
        time.sleep(_PAUSE)
    return True


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
