"""Folders that a command left: nothing of them stays, however deep, locked or odd."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cloud.emptying import empty
from gatecli.cloud.release_folder import DEEPEST, files_in
from gatecli.errors import UncheckableError


def nest(folder: Path, levels: int, name: str = "d") -> None:
    """So deep that no path names the last one."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def lock(folder: Path) -> None:
    (folder / "locked/inner").mkdir(parents=True)
    (folder / "locked/inner/file").write_text("x")
    for each in ("locked/inner", "locked"):
        (folder / each).chmod(0)


def make_odd(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (Path(os.fsencode(folder).decode()) / os.fsdecode(b"\xff")).write_text("x")
    (folder / "up").symlink_to(folder.parent)


def refuse(_: Path) -> None:
    raise OSError


@pytest.mark.parametrize(
    "fill",
    [lambda at: nest(at, 1500), lambda at: nest(at, 40, "x" * 250), lock, make_odd],
    ids=["deep", "beyond the longest path", "locked", "odd"],
)
def test_whatever_a_command_left_is_taken_away(tmp_path: Path, fill: Callable[[Path], None]) -> None:
    folder = tmp_path / "output"
    folder.mkdir()
    (tmp_path / "kept").write_text("x")
    fill(folder)
    assert empty([folder]) is None
    assert not list(folder.iterdir())
    assert (tmp_path / "kept").exists()


def test_a_link_is_taken_away_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("x")
    link = tmp_path / "output"
    link.symlink_to(tmp_path / "elsewhere")
    assert empty([link]) is None
    assert not os.path.lexists(link)
    assert (tmp_path / "elsewhere/file").exists()


def test_what_stays_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "stays").mkdir(parents=True)
        (tmp_path / name / "file").write_text("x")
    monkeypatch.setattr(Path, "rmdir", refuse)
    assert empty([tmp_path / "a", tmp_path / "b"]) == tmp_path / "a"
    assert [each.name for each in (tmp_path / "b").iterdir()] == ["stays"]


def test_folders_that_are_too_deep_to_be_searched_are_refused(tmp_path: Path) -> None:
    nest(tmp_path, DEEPEST)
    assert [each.name for each in files_in(tmp_path)] == ["file"]
    nest(tmp_path, 1500, "e")
    with pytest.raises(UncheckableError, match=f"nested deeper than {DEEPEST} levels"):
        list(files_in(tmp_path))
    empty([tmp_path])


def test_files_are_found_in_one_order_and_links_are_not_followed(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "b/link").symlink_to(tmp_path)
    found = [each.relative_to(tmp_path).as_posix() for each in files_in(tmp_path)]
    assert found == ["a", "c", "b/1", "b/2", "b/link"]
