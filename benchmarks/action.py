"""What the gate action adds to `gatecli check`, both over the same project in the same run.

Target: at most 1 s once installed. Timed are the scripts of the action's own steps (`run.sh`, `report.py`);
what a runner needs to start a step is the runner's, and is the same for every action.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACTION = ROOT / "github_actions/gate"
BIN = Path(sys.executable).parent
ROUNDS = 9


def seconds(commands: Sequence[Sequence[str | Path]], folder: Path, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    for command in commands:
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return time.perf_counter() - started


def environment_of(folder: Path) -> dict[str, str]:
    """What a runner gives to the steps of the action."""
    names = ("POLICY", "BASELINE", "ARGS")
    return {
        **{f"INPUT_{name}": "" for name in names},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "INPUT_GATE": "check",
        "INPUT_PATH": ".",
        "INPUT_FAIL_ON": "error",
        "INPUT_REPORT_DIR": str(folder / "reports"),
        "INPUT_SUMMARY": "true",
        "REPORTS": str(folder / "reports"),
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }


def main() -> None:
    """Interleave the two, so that a busy machine slows both alike."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = folder / "project"
        shutil.copytree(ROOT / "examples/churn-model", project)
        environment = environment_of(folder)
        rivals: dict[str, list[list[str | Path]]] = {
            "gatecli check": [["gatecli", "check", "."]],
            "the action's steps": [["bash", ACTION / "run.sh"], [sys.executable, "-I", ACTION / "report.py"]],
        }
        times: dict[str, list[float]] = {rival: [] for rival in rivals}
        for _ in range(ROUNDS):
            for rival, commands in rivals.items():
                times[rival].append(seconds(commands, project, environment))
        assert (folder / "reports/report.json").is_file()
        assert (folder / "summary").stat().st_size
    medians = {rival: statistics.median(each) for rival, each in times.items()}
    for rival, median in medians.items():
        print(f"{rival:20} {median:6.3f} s")
    own, bare = medians["the action's steps"], medians["gatecli check"]
    print(f"{'overhead':20} {own - bare:6.3f} s")


if __name__ == "__main__":
    main()
