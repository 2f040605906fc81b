"""Azure ML's inference server of one's own: `make installed-azureml` installs it, beside gatecli."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv-azureml" / "bin" / "azmlinfsrv"


def lacking() -> str | None:
    """Why no server can be started here; None where one can."""
    return None if PROGRAM.exists() else "no .venv-azureml; make installed-azureml"
