"""Many files are shared out to processes, and give what one process gives."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gatecli.cache.codec import Codec
from gatecli.checks.personal_data import Search, search_of
from gatecli.errors import UncheckableError
from gatecli.gates.file_scan import FileScan, scan_file
from gatecli.model.policy import PiiRules

CHUNK = 50

CODEC = Codec(FileScan)


def scan_in_processes(
    files: Sequence[Path], search: Search, rules: PiiRules, workers: int
) -> Iterator[FileScan]:
    """What each file holds, in their order; `rules` are those that `search` is of, which is built anew.

    Raises UncheckableError where a process dies.
    """
    chunks = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
    return share_out(partial(_scan_chunk, rules, search.key, all_rows=search.all_rows), chunks, workers)


def _scan_chunk(rules: PiiRules, key: bytes, files: Sequence[Path], *, all_rows: bool) -> list[Any]:
    """What another process sends: a read-only mapping cannot be pickled, what a cache keeps can."""
    search = replace(search_of(rules, key), all_rows=all_rows)
    return [CODEC.encode(scan_file(file, search)) for file in files]


def share_out(
    work: Callable[[Sequence[Path]], list[Any]], chunks: Sequence[Sequence[Path]], workers: int
) -> Iterator[FileScan]:
    """The results of each chunk in order. Raises UncheckableError where a process dies."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_leave_interrupts)
    try:
        for scans in pool.map(work, chunks):
            yield from map(CODEC.decode, scans)
    except BrokenProcessPool:
        raise UncheckableError(
            "a process that looked for personal data died; nothing was judged",
            advice="check a part of the files at a time",
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _leave_interrupts() -> None:
    """An interrupt is the parent's: it asks for no more work and reports it once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
