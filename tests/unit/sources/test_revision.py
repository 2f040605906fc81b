"""The files of a revision: as they were committed, links followed in it, the working tree left alone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from gatecli.errors import UsageError
from gatecli.sources import revision as module
from gatecli.sources.files import MissingFileError, ReadError
from gatecli.sources.git import renamed_files, run_git
from gatecli.sources.revision import Revision, open_revision
from tests.support.repositories import git, repository, write

LINKS = {
    "link.yaml": "a.yaml",
    "folder": "sub",
    "nowhere": "absent.yaml",
    "loop": "loop",
    "out.yaml": "../out.yaml",
    "outside": "..",
    "back.yaml": "../r/secret.yaml",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = repository(tmp_path / "r", {"a.yaml": "a\n", "sub/b.yaml": "b\n\nb", "empty": "", "sp ace\t": "s"})
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    (tmp_path / "out.yaml").write_text("out\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "links")
    write(root, {"a.yaml": "changed", "sub/b.yaml": "changed", "new.yaml": "new", "secret.yaml": "changed"})
    (root / "link.yaml").unlink()
    return root


@pytest.fixture
def revision(root: Path) -> Revision:
    return open_revision("HEAD", root)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", b"a\n"),
        ("sub/../a.yaml", b"a\n"),
        ("link.yaml", b"a\n"),
        ("folder/b.yaml", b"b\n\nb"),
        ("empty", b""),
        ("sp ace\t", b"s"),
        ("out.yaml", b"out\n"),
        ("../out.yaml", b"out\n"),
    ],
)
def test_a_file_is_read_as_it_was_committed(
    name: str, content: bytes, root: Path, revision: Revision
) -> None:
    assert revision.read(root / name) == content
    assert revision.holds(root / name)


@pytest.mark.parametrize(
    "name", ["new.yaml", "secret.yaml", "a.yaml/b", "absent", "outside/out.yaml", "../absent", "a\nb", "a\0b"]
)
def test_what_was_not_committed_is_not_there(name: str, root: Path, revision: Revision) -> None:
    assert not revision.holds(root / name)
    with pytest.raises(ReadError):
        revision.read(root / name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("sub", "is a directory in HEAD"),
        (".", "is a directory in HEAD"),
        ("nowhere", "is a symbolic link that leads to no file in HEAD"),
        ("loop", "is a symbolic link that leads to no file in HEAD"),
        ("back.yaml", "is a symbolic link into the working tree"),
    ],
)
def test_what_is_no_file_says_what_it_is(name: str, problem: str, root: Path, revision: Revision) -> None:
    assert revision.holds(root / name)
    with pytest.raises(ReadError, match=problem):
        revision.read(root / name)


def test_a_missing_file_is_told_from_one_that_cannot_be_read(root: Path, revision: Revision) -> None:
    with pytest.raises(MissingFileError):
        revision.read(root / "absent")


@pytest.mark.parametrize("word", [b"missing", b"submodule"], ids=["git 2.50", "git 2.51"])
def test_a_submodule_is_nothing_of_this_repository(
    word: bytes, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},library")
    git(root, "commit", "-q", "-m", "submodule")

    def answer_as_told(*asked: Any, **given: Any) -> subprocess.CompletedProcess[bytes]:
        told = run_git(*asked, **given)
        told.stdout = told.stdout.replace(b" missing\n", b" " + word + b"\n")
        return told

    monkeypatch.setattr(module, "run_git", answer_as_told)
    revision = open_revision("HEAD", root)
    assert not revision.holds(root / "library")
    assert not revision.holds(root / "library/policy.yaml")
    with pytest.raises(MissingFileError):
        revision.read(root / "library")


def test_a_large_file_is_refused_unread(root: Path, revision: Revision) -> None:
    with pytest.raises(ReadError, match="larger"):
        revision.read(root / "sub/b.yaml", 3)


@pytest.mark.parametrize("at_once", [1, 4, 2**20])
def test_many_files_are_read_in_portions(
    at_once: int, root: Path, revision: Revision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    names = ["sub/b.yaml", "new.yaml", "empty", "a.yaml", "sub", "out.yaml", "sp ace\t"]
    found = dict(revision.read_present([root / name for name in names], 4))
    assert found == {root / "a.yaml": b"a\n", root / "empty": b"", root / "sub/b.yaml": b"b\n\nb"} | {
        root / "sp ace\t": b"s"
    }


def test_no_file_at_all_asks_for_nothing(revision: Revision) -> None:
    assert dict(revision.read_present([], 4)) == {}


def test_renamed_files_are_known_by_their_old_names(root: Path, revision: Revision) -> None:
    git(root, "checkout", "-q", "--", "sub/b.yaml")
    git(root, "mv", "sub/b.yaml", "c.yaml")
    assert renamed_files(root, revision.commit) == {root / "c.yaml": root / "sub/b.yaml"}
    assert revision.former_names() == {root / "c.yaml": root / "sub/b.yaml"}


def test_a_commit_is_shown_by_its_first_digits(root: Path, revision: Revision) -> None:
    assert revision.shown == "HEAD"
    assert open_revision(revision.commit, root).shown == revision.commit[:12]


def test_outside_a_repository_there_is_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="not in a git repository"):
        open_revision("HEAD", tmp_path)


def test_the_current_folder_says_which_repository_a_file_elsewhere_is_judged_for(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert open_revision("HEAD", tmp_path / "out.yaml").root == root


class TestElsewhere:
    def test_a_named_file_that_no_change_holds_is_read_as_it_is(self, root: Path) -> None:
        revision = open_revision("HEAD", root, [root / "new.yaml", root / "a.yaml", root / "absent"])
        assert revision.elsewhere == (root / "new.yaml",)
        assert revision.read(root / "new.yaml") == b"new"
        assert revision.read(root / "a.yaml") == b"a\n"

    def test_one_that_the_change_holds_is_not(self, root: Path) -> None:
        git(root, "add", "new.yaml")
        assert open_revision("HEAD", root, [root / "new.yaml"]).elsewhere == ()

    def test_the_whole_of_another_repository_is(self, root: Path) -> None:
        repository(root / "other", {"law/policy.yaml": "p"})
        revision = open_revision("HEAD", root, [root / "other/law/policy.yaml"])
        assert revision.elsewhere == (root / "other",)
        assert revision.read(root / "other/law/policy.yaml") == b"p"

    def test_a_submodule_is_not(self, root: Path) -> None:
        repository(root / "other", {"policy.yaml": "p"})
        git(root, "add", "other")
        assert open_revision("HEAD", root, [root / "other/policy.yaml"]).elsewhere == ()

    def test_a_link_that_the_change_holds_is_not(self, root: Path, tmp_path: Path) -> None:
        (root / "law").symlink_to(tmp_path)
        git(root, "add", "law")
        assert open_revision("HEAD", root, [root / "law/out.yaml"]).elsewhere == ()
