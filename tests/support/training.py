"""The environment of the training libraries, beside the tests' own: `make installed-training`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-training" / "bin" / "python"


def lacking() -> str | None:
    """Why nothing can be trained here; None where it can."""
    return None if PYTHON.exists() else "no .venv-training; make installed-training"


def is_possible() -> bool:
    """Whether the lock of these libraries is for this platform: PyTorch's build for the CPU is."""
    machine = (sys.platform, os.uname().machine, sys.version_info[:2])
    return machine == ("linux", "x86_64", (3, 11))


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python with the training libraries, ended; it sees this checkout's gatecli and tests."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [str(PYTHON), *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
