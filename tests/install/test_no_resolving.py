"""Nothing that we run, ship or write on a page installs a lock and has pip resolve it again."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HASHED = re.compile(r"--require-hashes|(?:-r|--requirement)[ =]\S*(?:requirements|constraints)\S*\.txt")
INSTALLING = re.compile(r"\b(?:pip3?|uv)\b[^\n]*\b(?:install|sync|wheel|download)\b")


def tracked() -> list[Path]:
    """Every text of the project that could tell somebody to install."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    left_out = re.compile(
        r"(?:^|/)(?:requirements|constraints|oracles|build-requirements)[^/]*\.txt$|^tests/"
    )
    files = (ROOT / name for name in names if name and not left_out.search(name))
    return [file for file in files if file.is_file()]


def commands(text: str) -> list[str]:
    """Lines, those that go on in the next one joined."""
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def resolving(text: str) -> list[str]:
    """The commands that install what is pinned by hash, and let the installer look for more."""
    return [
        line.strip()
        for line in commands(text)
        if HASHED.search(line) and INSTALLING.search(line) and "--no-deps" not in line
    ]


def test_no_command_resolves_a_lock() -> None:
    found = {
        file.relative_to(ROOT).as_posix(): lines
        for file in tracked()
        if (lines := resolving(file.read_bytes().decode("utf-8", "replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        "\t@$(PYTHON) -m pip install --quiet --require-hashes --requirement requirements.txt",
        "RUN pip --python /x install \\\n    --require-hashes --requirement \\\n    /source/requirements.txt",
        "$ pip install -r constraints.txt",
        "uv pip install --require-hashes -r requirements-dev.txt",
    ],
)
def test_a_command_that_resolves_a_lock_is_noticed(line: str) -> None:
    assert resolving(line) != []
    assert resolving(line.replace("install", "install --no-deps")) == []


def test_the_installer_passes_every_lock_as_it_stands() -> None:
    """Its commands are lists, which the other test cannot read."""
    code = (ROOT / "tools/install.py").read_text("utf-8")
    uses = [line for line in code.splitlines() if '"--require-hashes"' in line]
    assert len(uses) == 3
    assert sum('"--no-deps"' in line or "uv_install(" in line for line in uses) == 3
    assert 'uv("install", "--quiet", "--no-deps"' in code
