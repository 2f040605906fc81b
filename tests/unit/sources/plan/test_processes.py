from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gatecli.sources.plan.processes import Ended, TimedOut, run, terminable

ENVIRONMENT = {"PATH": os.environ["PATH"]}
INTERRUPTED = """
import tempfile
from pathlib import Path
from gatecli.sources.plan.processes import run, terminable
with terminable(), tempfile.TemporaryDirectory() as folder:
    run(["sh", "-c", {script!r}], Path(folder), {environment!r}, 60, grace=0.1)
"""
ROOT = Path(__file__).resolve().parents[4]


def shell(script: str, folder: Path, seconds: float = 30.0, grace: float = 5.0) -> Ended | TimedOut:
    return run(["sh", "-c", script], folder, ENVIRONMENT, seconds, grace=grace)


def ends(pid: int) -> bool:
    """Whether a process is gone, or goes at once; nobody may have waited for it yet."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    gone, _, _ = select.select([watched], [], [], 10)
    os.close(watched)
    return bool(gone)


def test_a_program_ends_with_its_code_and_what_it_said(tmp_path: Path) -> None:
    ended = shell("echo out; echo err >&2; exit 2", tmp_path)
    assert ended == Ended(2, b"out\n", b"err\n")
    assert "out" not in repr(ended)


def test_standard_input_is_closed(tmp_path: Path) -> None:
    assert shell("cat; echo end", tmp_path) == Ended(0, b"end\n", b"")


def test_only_the_given_environment_is_there(tmp_path: Path) -> None:
    ended = run(["/usr/bin/env"], tmp_path, {"A": "b"}, 30)
    assert isinstance(ended, Ended)
    assert ended.out == b"A=b\n"


def test_a_program_that_does_not_exist_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run([str(tmp_path / "none")], tmp_path, ENVIRONMENT, 1)


def test_much_output_is_no_deadlock(tmp_path: Path) -> None:
    ended = shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", tmp_path)
    assert isinstance(ended, Ended)
    assert (len(ended.out), len(ended.err)) == (3_000_000, 3_000_000)


def test_a_program_that_hangs_is_interrupted_first(tmp_path: Path) -> None:
    script = "trap 'echo released > lock; exit 1' INT; sleep 60 >/dev/null 2>&1 & wait"
    assert shell(script, tmp_path, seconds=1) == TimedOut(1)
    assert (tmp_path / "lock").read_text() == "released\n"


def test_a_program_that_ignores_it_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "trap '' INT; sleep 60 & echo $! > child; echo $$ > parent; wait"
    assert shell(script, tmp_path, seconds=1, grace=0.1) == TimedOut(1)
    for name in ("child", "parent"):
        assert ends(int((tmp_path / name).read_text()))


def test_children_that_outlive_a_program_are_killed(tmp_path: Path) -> None:
    ended = shell("sleep 60 >/dev/null 2>&1 & echo $! > child", tmp_path)
    assert isinstance(ended, Ended)
    assert ends(int((tmp_path / "child").read_text()))


def test_sigterm_interrupts_and_the_old_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupt_ends_the_program_and_cleans_up(tmp_path: Path) -> None:
    """SIGTERM to gatecli: the child's whole group ends, and the temporary folder goes."""
    ready, temporary = tmp_path / "ready", tmp_path / "temporary"
    temporary.mkdir()
    os.mkfifo(ready)
    script = f"trap '' INT; echo $$ > {ready}; sleep 60"
    code = INTERRUPTED.format(script=script, environment=ENVIRONMENT)
    environment = {**ENVIRONMENT, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL
    ) as process:
        child = int(ready.read_text())
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert process.returncode != 0
    assert ends(child)
    assert list(temporary.iterdir()) == []
