"""The command of a job: where its code may come from, what it is told, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from gatecli.cloud.commands import JOB_VARIABLE, environment_of, put_off, require_own_code, run_command
from gatecli.cloud.jobs import Job, JobInput
from gatecli.errors import InterruptedRunError, UsageError
from tests.support.jobs import Word, shell

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An input of a job, with code in it."""
    made = tmp_path / "input"
    made.mkdir()
    for name in ("train.py", "train"):
        (made / name).write_text("print()")
        (made / name).chmod(0o755)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "train").write_text("")
    return made


def job_of(folder: Path) -> Job:
    return Job("sagemaker", "train-1", "arn", (JobInput("data", "0" * 64, folder),))


CODE = [
    ("{input}/train",),
    ("python", "{input}/train.py"),
    ("python", "{input}/train"),
    ("python", "-u", "-W", "ignore", "{input}/train"),
    ("python", "{input}"),
    ("python3.11", "../input/train.py"),
    ("python", "{link}/train.py"),
    ("torchrun", "--nproc-per-node", "1", "{input}/train"),
    ("accelerate", "launch", "{input}/train.py"),
    ("spark-submit", "--py-files={input}/more.whl", "/app/train.py"),
    ("java", "-jar", "{input}/train.jar"),
    ("sh", "-c", "exec {input}/train --now"),
    ("bash", "-c", "python '{input}/train.py'"),
    ("env", "LD_PRELOAD={input}/code.so", "python", "/app/train.py"),
    ("timeout", "60", "{input}/train"),
    ("train", "--plugin={input}/plugin.so"),
]


@pytest.mark.parametrize("command", CODE)
def test_code_from_an_input_is_refused(folder: Path, command: tuple[str, ...]) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    given = [each.format(input=folder, link=link) for each in command]
    with pytest.raises(UsageError, match="is below the input data"):
        require_own_code(given, job_of(folder), PATH, folder.parent / "app")


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "PYTHONUSERBASE", "HOME", "LD_PRELOAD", "PATH", "CLASSPATH", "NODE_PATH", "R_LIBS"]
)
def test_a_variable_by_which_code_is_found_in_an_input_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"an entry of {name} is below the input data"):
        require_own_code(["true"], job_of(folder), {**PATH, name: f"/lib:{folder}"}, folder.parent)


def test_a_command_that_starts_in_an_input_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="the folder that the command starts in is below"):
        require_own_code(["true"], job_of(folder), PATH, folder)


@pytest.mark.parametrize(
    "command",
    [
        ("python", "{app}/train.py", "{input}/data.csv"),
        ("python", "{app}/train", "{input}"),
        ("python", "-m", "trainer", "{input}"),
        ("python", "-c", "print()", "{input}"),
        ("python", "train.py", "--data", "{input}"),
        ("python", "train.py", "--data={input}/part-0.parquet"),
        ("train", "{input}"),
    ],
)
def test_data_from_an_input_is_no_code(folder: Path, command: tuple[str, ...]) -> None:
    app = folder.parent / "app"
    require_own_code([each.format(input=folder, app=app) for each in command], job_of(folder), PATH, app)


def test_a_command_is_not_told_how_to_reach_the_ledger(folder: Path) -> None:
    given = {
        **PATH,
        "GATECLI_LEDGER": "postgresql://u:secret@host/db",
        "GATECLI_LEDGER_KEY": "key.pem",
        "PGPASSWORD": "secret",
        "PGPASSFILE": "/home/someone/.pgpass",
        "AWS_REGION": "eu-west-1",
    }
    told = environment_of(job_of(folder), given)
    assert told == {**PATH, "AWS_REGION": "eu-west-1", JOB_VARIABLE: job_of(folder).digest}


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_the_end_of_a_command_is_its_code(script: str, code: int) -> None:
    assert run_command(shell(script), PATH) == code


def test_a_command_reads_nothing_from_who_starts_it(tmp_path: Path) -> None:
    assert run_command(shell(f"cat > {tmp_path}/read"), PATH) == 0
    assert (tmp_path / "read").read_bytes() == b""


@pytest.mark.parametrize("command", [["/no/such/program"], ["/etc"], ["/bin/sh", "-c", "\0"]])
def test_a_command_that_cannot_be_started_is_told_in_a_sentence(command: list[str]) -> None:
    with pytest.raises(UsageError, match="cannot be started"):
        run_command(command, PATH)


DETACHED = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
open(sys.argv[1] + "/pid", "w").write(str(os.getpid()))
while True:
    open(sys.argv[1] + "/late", "a").write("x")
    time.sleep(0.001)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody knows what a process has left")
def test_nothing_that_a_command_leaves_writes_after_its_end(tmp_path: Path) -> None:
    """It has left its session, and its parent has ended: a daemon."""
    script = f"{sys.executable} -c '{DETACHED}' {tmp_path}; until test -s {tmp_path}/late; do :; done"
    assert run_command(shell(script), PATH) == 0
    process = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{process}/stat")
    assert not state.exists() or ") Z" in state.read_text()
    written = (tmp_path / "late").stat().st_size
    os.sched_yield()
    assert (tmp_path / "late").stat().st_size == written


def when_said(word: Word, number: signal.Signals) -> threading.Thread:
    """Send this process a signal once a command says so."""

    def send() -> None:
        word.wait()
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("code", [0, 5])
def test_a_request_to_end_reaches_the_command_and_ends_the_job_whatever_it_says(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    before = signal.getsignal(number)
    ready = Word(tmp_path / "ready")
    trap = f"trap 'touch {tmp_path}/asked; exit {code}' TERM INT HUP"
    script = f"{trap}; echo > {ready.path}; while :; do :; done"
    sender = when_said(ready, number)
    with pytest.raises(InterruptedRunError, match="was asked to end while its command ran"):
        run_command(shell(script), PATH)
    sender.join()
    assert (tmp_path / "asked").exists()
    assert signal.getsignal(number) is before


def test_what_is_done_wholly_is_not_ended_in_between() -> None:
    with put_off():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(os.getpid(), number)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
