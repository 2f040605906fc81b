"""Whole-process runs of the command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support import warm

RunForJson = Callable[..., tuple[int, dict[str, Any]]]

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


@pytest.fixture
def run_for_json(capsys: pytest.CaptureFixture[str]) -> RunForJson:
    """Run gatecli in this process: the exit code and the JSON report."""

    def command(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = main([*map(str, arguments), "--format", "json"])
        shown = capsys.readouterr().out
        return code, json.loads(shown) if shown else {}

    return command
