"""Many files are searched in several processes, and give what one process gives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.errors import UncheckableError
from gatecli.gates import pii, scan_processes
from gatecli.sources.policy import default_policy


def test_several_processes_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = (b"ssn: 536-22-1234\n", b"a: 1\n", b"\0\1\2", b"# gatecli: allow nothing\n", b"{")
    files = [tmp_path / f"{number}.yaml" for number in range(20)]
    for number, file in enumerate(files):
        file.write_bytes(contents[number % len(contents)])
    files.append(tmp_path / "absent.yaml")
    rules = default_policy().spec.pii
    search = search_of(rules)
    alone = list(pii.scan_files(files, search, rules))
    monkeypatch.setattr(pii, "PER_WORKER", 2)
    monkeypatch.setattr(scan_processes, "CHUNK", 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert list(pii.scan_files(files, search, rules)) == alone
    assert [bool(scan.findings) for scan in alone[:2]] == [True, False]


def test_a_process_that_dies_leaves_nothing_judged() -> None:
    work: Any = os._exit
    chunks: Any = [1]
    with pytest.raises(UncheckableError, match="died"):
        list(scan_processes.share_out(work, chunks, 2))
