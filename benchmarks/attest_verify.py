"""How long `gatecli verify` takes as a whole process, beside `python -c pass` and an empty typer application.

The seconds of a process are those of its own work (user and system), which a busy machine stretches less than
the clock on the wall. Target: 0.25 s.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.attestations import ed25519_pem, write_keys

ROUNDS = 9
EMPTY = """
import typer
from pathlib import Path
from typing import Annotated
app = typer.Typer()
@app.command()
def main(path: Annotated[Path, typer.Option()] = Path(".")) -> None: ...
app()
"""
POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: bench}
spec:
  extends: default
"""
RELEASE = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: counts, version: "1"}
spec:
  sensitivity: low
  privacy:
    {unit: person, neighbouring: add-remove, variant: pure, epsilon: "1/3", delta: 0, maxContributions: 1,
     trustModel: central, compositionScope: this release alone, preprocessing: {dataDependent: false},
     tuning: {runs: 0, accounted: true}, mechanisms: [{kind: laplace, sensitivity: 1, scale: 3}]}
  datasets: [{name: customers, records: 60000}]
"""


def measure(command: Sequence[str | Path]) -> tuple[float, float]:
    """Seconds of work, and on the wall."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr.decode()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Interleave the commands, so that a busy machine slows all of them alike."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, policy, bundle = folder / "model", folder / "gatecli.yaml", folder / "a.json"
        model.mkdir()
        (model / "privacy.yaml").write_text(RELEASE)
        (folder / "empty.py").write_text(EMPTY)
        policy.write_text(POLICY)
        private, public = write_keys(folder, ed25519_pem())
        gate: list[str | Path] = [sys.executable, "-m", "gatecli"]
        measure([*gate, "attest", model, "--policy", policy, "--key", private, "-o", bundle])
        verify = [*gate, "verify", bundle, "--artifact", model, "--key", public]
        commands: dict[str, Sequence[str | Path]] = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "an empty typer application": [sys.executable, folder / "empty.py"],
            "gatecli verify": verify,
            "gatecli verify --policy": [*verify, "--policy", policy],
        }
        times: dict[str, list[tuple[float, float]]] = {each: [] for each in commands}
        for _ in range(ROUNDS):
            for each, command in commands.items():
                times[each].append(measure(command))
    show(times)


def show(times: dict[str, list[tuple[float, float]]]) -> None:
    """The median and the least of each, and the ratio to an empty program."""
    peer = statistics.median(work for work, _ in times["python -c pass"])
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, found in times.items():
        work = [each for each, _ in found]
        wall = [each for _, each in found]
        print(
            f"{name:28} work {statistics.median(work):6.3f} s (least {min(work):.3f})  "
            f"{statistics.median(work) / peer:5.1f}×  "
            f"wall {statistics.median(wall):6.3f} s (least {min(wall):.3f})"
        )


if __name__ == "__main__":
    main()
