"""How long a start takes, as a ratio to an empty typer application in the same run.

Targets: `--version` 1.5×, a declaration that needs no accountant 2.5×, the pre-commit hook on one clean
file 3×, a full recomputation under 2 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15

EMPTY = """
import typer
app = typer.Typer()
@app.command()
def main() -> None: ...
app()
"""

WITHOUT_EPSILON = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: m, version: "1"}
spec:
  sensitivity: low
  privacy: {unit: person, neighbouring: add-remove, delta: 1.0e-6}
"""
CLEAN = """\
apiVersion: v1
kind: Pod
metadata: {name: etl}
spec: {containers: [{name: etl, image: etl, env: [{name: MODE, value: daily}]}]}
"""


def seconds(command: Sequence[str | Path], expected: int) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    spent = time.perf_counter() - started
    assert done.returncode == expected, done.stderr.decode()
    return spent


def main() -> None:
    """Interleave the commands, so that a busy machine slows all of them alike."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty.py").write_text(EMPTY)
        (Path(folder) / "privacy.yaml").write_text(WITHOUT_EPSILON)
        (Path(folder) / "pod.yaml").write_text(CLEAN)
        gate = [sys.executable, "-m", "gatecli"]
        commands: dict[str, tuple[list[str | Path], int]] = {
            "an empty typer application": ([sys.executable, Path(folder) / "empty.py"], 0),
            "gatecli --version": ([*gate, "--version"], 0),
            "a declaration without epsilon": ([*gate, "release", "check", folder], 1),
            "the hook on one clean file": ([*gate, "pii", "scan", "--", Path(folder) / "pod.yaml"], 0),
            "a full recomputation that passes": (
                [*gate, "release", "check", ROOT / "examples/churn-model-mended"],
                0,
            ),
            "a full recomputation that fails": (
                [*gate, "release", "check", ROOT / "examples/churn-model"],
                1,
            ),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, (command, expected) in commands.items():
                times[name].append(seconds(command, expected))
    medians = {name: statistics.median(each) for name, each in times.items()}
    peer = medians["an empty typer application"]
    for name, median in medians.items():
        print(f"{name:34} {median:6.3f} s  {median / peer:5.2f}×")


if __name__ == "__main__":
    main()
