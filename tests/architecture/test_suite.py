"""What holds for the tests themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
CLOCKS = {
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "thread_time",
    "time_ns",
}
WAITING = {
    "tests/admission/commands/test_run.py": "another process serves; it cannot tell the test when",
    "tests/e2e/balancer.py": "a load balancer probes at its period",
    "tests/e2e/processes.py": "another process starts; it cannot tell the test when",
    "tests/e2e/stub_webhook.py": "a webhook serves on while its endpoints are removed",
    "tests/support/operators.py": "aiohttp closes a TLS connection a moment after it says so",
    "tests/unit/run_tasks/test_hcp_client.py": "a server says goodbye late",
}
"""Who sleeps, and why nothing else would do."""


def calls(file: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@pytest.mark.parametrize("folder", ["unit", "property", "contract", "cli", "admission", "docs"])
def test_no_test_measures_time(folder: str) -> None:
    """A clock may be given to what is tested, but no test reads one: that is for `benchmarks/`."""
    found = [
        f"{name(file)}:{call.lineno}"
        for file in TESTS
        if file.is_relative_to(ROOT / "tests" / folder)
        for call in calls(file)
        if called(call) in CLOCKS
    ]
    assert found == []


def test_no_test_sleeps_to_wait() -> None:
    sleeping = {
        name(file)
        for file in TESTS
        for call in calls(file)
        if called(call) == "sleep" and ast.unparse(call.args[0]) != "0"
    }
    assert sleeping == set(WAITING)


def test_what_sends_signals_passes_where_the_interrupt_is_ignored() -> None:
    """A shell that starts a job in the background ignores it for the job and all that it starts."""
    tests = (
        "tests/unit/anonymity/test_stopping.py",
        "tests/cli/test_release_check.py::test_ctrl_c_ends_with_130_and_no_traceback",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    done = subprocess.run(
        ["bash", "-c", 'trap "" INT; exec "$@"', "background", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
