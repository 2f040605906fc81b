"""The first pages: every session on them is run, and says what they show."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.support import warm

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"docs/index.md": "examples", "README.md": "."}
"""Each page and the folder that its commands are typed in."""
SESSIONS = [
    (page, session)
    for page in PAGES
    for session in re.findall(r"```console\n(\$ gatecli.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
]


def steps(session: str) -> list[tuple[str, str]]:
    """Each command with what it prints."""
    return [
        (command, shown)
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", session, re.MULTILINE)
    ]


@pytest.mark.parametrize(("page", "session"), SESSIONS, ids=range(len(SESSIONS)))
def test_a_session_says_what_it_shows(page: str, session: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    folder = tmp_path / PAGES[page]
    for command, shown in steps(session):
        words = shlex.split(command, comments=True)
        done = warm.run(words[0], words[1:], cwd=folder, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"})
        assert done.stdout.strip() == shown.strip(), done.stderr
        assert done.returncode == int(shown.strip().splitlines()[-1].startswith("closed"))


def test_the_home_page_shows_every_gate() -> None:
    page = (ROOT / "docs/index.md").read_text("utf-8")
    for gate in ("release", "anonymity", "pii", "terraform", "check"):
        assert f"$ gatecli {gate}" in page
    for image in re.findall(r"\]\((images/[^)]+)\)", page):
        assert (ROOT / "docs" / image).is_file()


def test_both_pages_name_the_kinds_of_personal_data_that_there_are() -> None:
    from gatecli.pii.entities import all_entities  # noqa: PLC0415 - only this test needs the engine

    kinds = len(all_entities())
    assert f"{kinds - 3} other kinds" in (ROOT / "docs/index.md").read_text("utf-8")
    assert f"{kinds} kinds" in (ROOT / "README.md").read_text("utf-8")
