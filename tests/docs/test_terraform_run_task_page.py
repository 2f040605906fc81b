"""The page about the run task: its commands are ones that there are, its figures those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gatecli.run_tasks import delivery_verification, message, server, task_results
from gatecli.run_tasks.settings import LONGEST_DEADLINE, MEBIBYTE, RunTaskSettings
from tests.support.command_reference import commands, options

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "terraform-run-task.md").read_text("utf-8")
FLAT = " ".join(TEXT.split())
SCRIPTS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
KNOWN = {name for param in options(dict(commands())["gatecli terraform run-task"]) for name in param.opts}
DEFAULTS = RunTaskSettings(b"")


def test_every_option_on_the_page_is_there() -> None:
    words = {word for script in SCRIPTS for word in shlex.split(script) if word.startswith("--")}
    named = set(re.findall(r"`(--[a-z-]+)`", TEXT))
    assert words | named <= KNOWN
    assert len(words) > 5


@pytest.mark.parametrize(
    "figure",
    [
        f"{DEFAULTS.drain:g} seconds (`--drain`)",
        f"{task_results.MOST} are shown",
        f"the last {delivery_verification.REMEMBERED:,} are known",
        f"{message.LONGEST_BODY // 1024} KiB, {server.READING:g} seconds, {server.AT_ONCE} at once",
        f"{DEFAULTS.plan_bytes // MEBIBYTE} MiB (`--max-plan`)",
        f"{DEFAULTS.waiting} waiting (`--queue`)",
        f"at most {LONGEST_DEADLINE} seconds",
        f"https://your-host:8443{server.PATH}`",
        f"`GET {server.HEALTH}`",
    ],
)
def test_a_figure_on_the_page_is_that_of_the_code(figure: str) -> None:
    assert figure in FLAT


def test_a_task_has_nine_minutes_of_which_thirty_seconds_are_for_the_answer() -> None:
    assert (DEFAULTS.deadline, DEFAULTS.deadline - DEFAULTS.work) == (540, 30)
