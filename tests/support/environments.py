"""Environments beside the tests' own: make installs into each what clashes with the others."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Environment:
    """`.venv-NAME`, which `make installed-NAME` makes."""

    name: str

    @property
    def folder(self) -> Path:
        return ROOT / f".venv-{self.name}"

    @property
    def python(self) -> Path:
        return self.program("python")

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name

    def lacking(self) -> str | None:
        """Why nothing of it runs here; None where it does."""
        return None if self.python.exists() else f"no {self.folder.name}; make installed-{self.name}"

    def run(self, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
        """Its Python, ended; it sees this checkout's gatecli and tests."""
        told = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            cwd=folder,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
