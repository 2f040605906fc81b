"""The environment of Flower, beside the tests' own: `make installed-flower`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-flower" / "bin" / "python"


def lacking() -> str | None:
    """Why Flower does not run here; None where it does."""
    return None if PYTHON.exists() else "no .venv-flower; make installed-flower"


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python with Flower, ended; it sees this checkout's gatecli and tests."""
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
