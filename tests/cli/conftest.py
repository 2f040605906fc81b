"""Whole-process runs of the command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import warm

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run gatecli in an empty folder with a bare environment; stdout and stderr as text."""

    def start(*arguments: str | Path, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            **variables,
        }
        return warm.run("gatecli", arguments, cwd=tmp_path, env=environment, stdin=stdin)

    return start
