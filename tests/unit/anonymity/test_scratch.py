"""What an engine puts on disk does not outlive the process that it was put there for, or not by much."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gatecli.anonymity.tables.scratch import HELD, PREFIX, scratch

HOLDING = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from gatecli.anonymity.tables.scratch import scratch
held = scratch()
(held.folder / "spill").write_text("a row")
print(held.folder, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True, name="folder")
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_private_and_gone_when_it_is_removed() -> None:
    held = scratch()
    assert held.folder.stat().st_mode & 0o777 == 0o700
    held.remove()
    held.remove()
    assert not held.folder.exists()


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_held_is_not(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        mine = scratch()
        assert left.joinpath("spill").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert left.exists()
        scratch().remove()
        assert not left.exists()
        assert mine.folder.exists()
        mine.remove()


def test_only_what_is_known_for_one_s_own_is_removed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / HELD).touch()
    (folder / f"{PREFIX}link").symlink_to(other)
    (folder / f"{PREFIX}bare").mkdir()
    (folder / f"{PREFIX}file").touch()
    scratch().remove()
    assert {each.name for each in folder.iterdir()} == {
        f"{PREFIX}{name}" for name in ("bare", "file", "link")
    }
    assert (other / HELD).exists()
