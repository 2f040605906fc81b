"""What several pages' snippets are run with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.terraform import MODULES, QUIET, modules_below, system_terraform


@pytest.fixture(name="example")
def an_example_with_the_programs_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    system_terraform()
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gatecli").write_text(f'#!/bin/sh\nexec {sys.executable} -m gatecli "$@"\n', "utf-8")
    (programs / "gatecli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(MODULES.parent))
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    return modules_below(tmp_path) / "k_anonymity_gate/examples/publish"
