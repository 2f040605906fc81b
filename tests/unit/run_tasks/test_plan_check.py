"""The process that checks a plan."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from gatecli.run_tasks import plan_check
from gatecli.run_tasks.plan_check import CheckCommand
from gatecli.run_tasks.task_results import Result

PLANS = Path(__file__).resolve().parents[2] / "data/plans"


def checked(content: bytes, *options: str, **variables: str) -> tuple[Result, str]:
    with tempfile.TemporaryFile() as plan:
        plan.write(content)
        plan.flush()
        check = CheckCommand(options, {"PATH": os.environ["PATH"], **variables})
        return asyncio.run(check(plan, hashlib.sha256(content).hexdigest()))


@pytest.fixture(name="program")
def a_program_in_place_of_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(file))
    return file


def write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)


def test_a_plan_is_judged_by_the_command_that_everybody_uses() -> None:
    result, said = checked((PLANS / "plan.json").read_bytes())
    assert (result.status, said) == ("passed", "")


def test_options_reach_the_command_and_a_complaint_comes_back() -> None:
    result, said = checked(b"{}", "--policy=none.yaml")
    assert result.status == "failed"
    assert "misconfigured" in result.message
    assert "none.yaml" in said


def test_options_in_the_environment_do_not_reach_it(program: Path, tmp_path: Path) -> None:
    write(program, f'env > "{tmp_path}/environment"; exit 4')
    checked(b"{}", GATECLI_EXIT_ZERO="1", GATECLI_RUN_TASK_HMAC_KEY="secret", HOME="/nowhere")
    environment = (tmp_path / "environment").read_text("utf-8")
    assert "HOME=/nowhere" in environment
    assert "GATECLI" not in environment


def test_the_folder_it_is_started_in_is_not_imported_from(program: Path, tmp_path: Path) -> None:
    write(program, f'echo "$@" > "{tmp_path}/arguments"; exit 4')
    checked(b"{}")
    assert (tmp_path / "arguments").read_text("utf-8").startswith("-P -m gatecli terraform check ")


@pytest.mark.parametrize(
    "script", ["exit 0", "exit 3", "kill -9 $$", "echo '{}'", "yes | head -c 9000000; exit 1"]
)
def test_a_process_that_proves_nothing_is_no_pass(program: Path, script: str) -> None:
    write(program, script)
    assert checked(b"{}")[0].status == "failed"


def test_a_report_that_is_too_long_is_no_pass(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_check, "LONGEST_REPORT", 10)
    report = {"schema": "gatecli/report/v1", "gate": "terraform"}
    write(program, f"echo '{json.dumps(report)}'")
    result, _ = checked(b"{}")
    assert result.status == "failed"
    assert "more findings" in result.message


def test_whoever_cancels_it_ends_the_process(program: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    write(program, f'echo $$ > "{begun}"; exec sleep 600')

    async def cancelled() -> int:
        with tempfile.TemporaryFile() as plan:
            work = asyncio.ensure_future(CheckCommand((), dict(os.environ))(plan, ""))
            # To open it waits for the other side to open it.
            pid = await asyncio.to_thread(begun.read_text, "utf-8")
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            assert work.cancelled()
        return int(pid)

    pid = asyncio.run(cancelled())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_this_python_runs_it() -> None:
    assert CheckCommand((), {})._command()[0] == sys.executable
