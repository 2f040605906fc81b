"""A run that is forked from a warm process is a run of its own: tests of the command line rest on that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.reviews import SSN

Files = dict[str, bytes]
COMMANDS = {
    "help": "gatecli --help",
    "personal data": "gatecli pii scan . --report json=r.json --report html=r.html",
    "several processes": "gatecli pii scan . --jobs 2 --format sarif",
    "a table": "gatecli anonymity check t.csv --quasi-identifier age --k 3 --report json=r.json",
    "a release": "gatecli release check . --format junit",
    "a plan": "gatecli terraform check p.json",
    "every gate": "gatecli check --report sarif=r.sarif",
    "a new project": "gatecli init",
    "an audit": "gatecli audit mechanism mechanism:constant --epsilon 1 --samples 500",
    "a review": "admission review - --help",
}
VARIABLES: dict[str, dict[str, str]] = {
    "bare": {},
    "a CI": {"CI": "true", "GITHUB_ACTIONS": "true"},
    "no colour": {"NO_COLOR": "1", "COLUMNS": "60"},
    "a colour": {"FORCE_COLOR": "1", "TERM": "xterm-256color"},
}
PROGRAM = """
import atexit, os, signal, sys
atexit.register(print, "at the end")
print(sys.stdin.encoding, sys.stdin.errors, sys.stdin.isatty(), sys.stdout.encoding, sys.stdout.errors,
      sys.stdout.isatty(), sys.stderr.encoding, sys.stderr.errors, sys.stderr.line_buffering)
print(sorted(os.environ.items()), os.getcwd(), sys.argv[1:], sys.path[0], __name__)
print([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)])
print(repr(sys.stdin.read()))
exec(sys.argv[1])
"""
ENDS = {
    "the last line": "",
    "a code": "sys.exit(7)",
    "a sentence": "sys.exit('no')",
    "an error": "1 / 0",
    "an interrupt": "signal.raise_signal(signal.SIGINT)",
    "a signal": "signal.raise_signal(signal.SIGTERM)",
    "a fork": "import subprocess; print(subprocess.check_output(['echo', 'hello']))",
    "a thread": "import threading; threading.Thread(target=print, args=('in a thread',)).start()",
}


def filled(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.yaml").write_text(f"ssn: {SSN}\n", "utf-8")
    (folder / "t.csv").write_text("age,zip\n1,01\n1,02\n2,03\n", "utf-8")
    (folder / "p.json").write_text(json.dumps({"format_version": "1.2", "resource_changes": []}), "utf-8")
    (folder / "program.py").write_text(PROGRAM, "utf-8")
    (folder / "mechanism.py").write_text("def constant(data):\n    return 1\n", "utf-8")
    return folder


def cold(
    module: str, arguments: list[str], *, cwd: Path, env: dict[str, str], stdin: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=False)


def both(tmp_path: Path, command: list[str], stdin: str, variables: dict[str, str]) -> list[object]:
    """What each way says and leaves behind in the same folder, one after the other."""
    ends: list[object] = []
    folder = tmp_path / "folder"
    ways: tuple[Callable[..., subprocess.CompletedProcess[str]], ...] = (warm.run, cold)
    for at, way in enumerate(ways):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **variables}
        done = way(command[0], command[1:], cwd=filled(folder), env=env, stdin=stdin)
        written = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
        ends.append((done.returncode, done.stdout, done.stderr, written))
        folder.rename(tmp_path / f"done-{at}")
    return ends


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_says_and_writes_the_same(tmp_path: Path, command: str) -> None:
    warmly, coldly = both(tmp_path, command.split(), f"ssn: {SSN}\n", {"SOURCE_DATE_EPOCH": "1"})
    assert warmly == coldly


@pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES)
@pytest.mark.parametrize("command", ["gatecli pii --help", "gatecli release check ."])
def test_variables_mean_the_same(tmp_path: Path, command: str, variables: dict[str, str]) -> None:
    warmly, coldly = both(tmp_path, command.split(), "", variables)
    assert warmly == coldly


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_program_finds_and_ends_the_same(tmp_path: Path, end: str) -> None:
    warmly, coldly = both(tmp_path, ["program", end], "two\r\nlines\n", {"A": "ä"})
    assert isinstance(warmly, tuple)
    assert isinstance(coldly, tuple)
    code, said, words, files = warmly
    assert (code, said, files) == (coldly[0], coldly[1], coldly[3])
    assert words.splitlines()[-1:] == coldly[2].splitlines()[-1:]


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import signal; signal.pause()", "utf-8")
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run("program", [], cwd=tmp_path, env={"LANG": "C.UTF-8"}, timeout=0.2)


@pytest.mark.parametrize(
    "variables", [{}, {"LANG": "C"}, {"LANG": "C.UTF-8", "LC_ALL": "C"}, {"PYTHONPATH": "x"}]
)
def test_what_python_reads_at_its_start_asks_for_a_process(variables: dict[str, str]) -> None:
    assert not warm.can_be_forked(variables)
