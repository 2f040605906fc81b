from __future__ import annotations

import os
import random
import socket
from pathlib import Path

import pytest

from gatecli.errors import UncheckableError, UsageError
from gatecli.sources.tree import find_files, shown_path
from tests.support.repositories import git, not_ignored, repository, write


def names(root: Path, **options: object) -> list[str]:
    found = find_files([root], **options)  # type: ignore[arg-type]  # options by name
    assert found.findings == ()
    return [path.relative_to(root).as_posix() for path in found.files]


def test_files_come_sorted_and_once(tmp_path: Path) -> None:
    write(tmp_path, {"b/x": "", "b.yaml": "", "a": "", "b/a": ""})
    found = find_files([tmp_path, tmp_path / "b", tmp_path / "a", tmp_path / "b" / ".." / "a"])
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == ["a", "b/a", "b/x", "b.yaml"]


def test_paths_are_shown_as_they_were_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"d/x": ""})
    monkeypatch.chdir(tmp_path)
    assert [str(path) for path in find_files([Path()]).files] == ["d/x"]
    assert [str(path) for path in find_files([Path("d/../d")]).files] == ["d/../d/x"]


def test_ignored_files_are_left_out_with_nested_rules_and_exceptions(tmp_path: Path) -> None:
    repository(tmp_path, {})
    files = {".gitignore": "*.log\nbuild/\n", "a.log": "", "build/x": "", "sub/.gitignore": "!keep.log\n/y\n"}
    write(tmp_path, {**files, "sub/keep.log": "", "sub/b.log": "", "sub/y": "", "sub/z/y": ""})
    assert names(tmp_path) == [".gitignore", "sub/.gitignore", "sub/keep.log", "sub/z/y"]


def test_outside_a_repository_nothing_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "a\n", "a": ""})
    assert names(tmp_path) == [".gitignore", "a"]


def test_ignored_files_are_in_when_that_is_wished(tmp_path: Path) -> None:
    repository(tmp_path, {})
    write(tmp_path, {".gitignore": "a\n", "a": ""})
    assert names(tmp_path, respect_gitignore=False) == [".gitignore", "a"]


def test_rules_above_a_folder_hold_in_it(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {".gitignore": "*.log\n/sub/x\n"})
    write(root, {"sub/a.log": "", "sub/x": "", "sub/b": ""})
    assert names(root / "sub") == ["b"]


def test_rules_above_the_repository_do_not_hold(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*\n"})
    root = repository(tmp_path / "r", {"a": ""})
    assert names(root) == ["a"]


def test_the_repositorys_own_exclude_file_counts(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a": ""})
    write(root, {"secret": "", ".git/info/exclude": "secret\n"})
    assert names(root) == ["a"]


def test_a_second_working_tree_has_the_same_exclude_file(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"a": ""})
    write(root, {".git/info/exclude": "secret\n"})
    git(root, "worktree", "add", "-q", str(tmp_path / "w"))
    write(tmp_path / "w", {"secret": ""})
    assert names(tmp_path / "w") == ["a"]


def test_a_tracked_file_is_in_although_it_is_ignored(tmp_path: Path) -> None:
    root = repository(tmp_path, {".env": "", "build/kept/x": "", ".gitignore": ".env\nbuild/\n"})
    write(root, {"build/y": ""})
    assert names(root) == [".env", ".gitignore", "build/kept/x"]
    assert names(root / "build") == ["kept/x", "y"]
    assert names(root, exclude=["build"]) == [".env", ".gitignore"]


def test_a_tracked_file_that_is_gone_or_a_link_is_not_in(tmp_path: Path) -> None:
    root = repository(tmp_path, {"build/a": "", "build/b": "", ".gitignore": "build/\n"})
    (root / "build/a").unlink()
    (root / "build/b").unlink()
    (root / "build/b").symlink_to("/etc/hostname")
    assert names(root) == [".gitignore"]


def test_without_git_a_note_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path, {".gitignore": "a\n", "a": ""})
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    (note,) = find_files([root]).notes
    assert note == "git is not installed; tracked files that .gitignore names are not scanned"


def test_excluded_patterns_are_those_of_gitignore(tmp_path: Path) -> None:
    write(tmp_path, {"a.lock": "", "d/b.lock": "", "d/c": "", "e/c": ""})
    assert names(tmp_path, exclude=["*.lock", "/e"]) == ["d/c"]


def test_a_named_file_is_in_whatever_would_leave_it_out(tmp_path: Path) -> None:
    root = repository(tmp_path, {})
    write(root, {".gitignore": "a\n", "a": ""})
    assert find_files([root / "a"], exclude=["a"]).files == (root / "a",)


def test_links_are_not_followed_and_said(tmp_path: Path) -> None:
    write(tmp_path, {"out/secret": "", "in/a": ""})
    (tmp_path / "in/loop").symlink_to(".")
    (tmp_path / "in/out").symlink_to("../out")
    (tmp_path / "in/gone").symlink_to("nowhere")
    found = find_files([tmp_path / "in"])
    assert found.files == (tmp_path / "in/a",)
    assert [Path(item.path).name for item in found.skipped] == ["gone", "loop", "out"]
    assert all(item.reason.startswith("a symbolic link") for item in found.skipped)


def test_a_folder_named_by_a_link_is_walked(tmp_path: Path) -> None:
    write(tmp_path, {"real/a": ""})
    (tmp_path / "link").symlink_to("real")
    assert find_files([tmp_path / "link"]).files == (tmp_path / "link/a",)


def test_special_files_are_skipped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        found = find_files([Path()])
    assert [(item.path, item.reason) for item in found.skipped] == [
        ("pipe", "a named pipe"),
        ("socket", "a socket"),
    ]


def test_the_folder_of_git_is_not_walked(tmp_path: Path) -> None:
    assert names(repository(tmp_path, {"a": ""})) == ["a"]


def test_a_path_that_is_not_there_cannot_be_judged(tmp_path: Path) -> None:
    (finding,) = find_files([tmp_path / "gone"]).findings
    assert finding.rule.uncheckable
    assert finding.message.endswith("gone does not exist")


def test_a_folder_that_cannot_be_listed_cannot_be_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a": "", "shut/b": ""})
    scandir = os.scandir

    def refusing(folder: Path) -> object:
        if folder.name == "shut":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find_files([tmp_path])
    assert found.files == (tmp_path / "a",)
    assert [item.rule.id for item in found.findings] == ["pii-unreadable"]
    assert "permission denied" in found.findings[0].message


def test_a_name_that_is_no_text_is_found_and_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("")
    (path,) = find_files([tmp_path]).files
    assert shown_path(path).endswith("caf\\xe9")


def test_an_ignore_file_of_any_bytes_is_read(tmp_path: Path) -> None:
    repository(tmp_path, {})
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfa\r\n\xff\xfe\nb\\\n")
    write(tmp_path, {"a": "", "b": ""})
    assert names(tmp_path) == [".gitignore", "b"]


def test_a_folder_as_ignore_file_ignores_nothing(tmp_path: Path) -> None:
    repository(tmp_path, {})
    write(tmp_path, {".gitignore/x": "", "a": ""})
    assert names(tmp_path) == [".gitignore/x", "a"]


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    files = {"same": "1", "edited": "1", "deleted": "1", "old-name": "a long text\n" * 9, "staged": "1"}
    root = repository(tmp_path / "r", {**files, ".gitignore": "*.log\n"})
    git(root, "checkout", "-q", "-b", "topic")
    write(root, {"edited": "2", "committed": "1"})
    git(root, "mv", "old-name", "new name\n")
    git(root, "rm", "-q", "deleted")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "second")
    write(root, {"staged": "2", "untracked/é": "", "a.log": ""})
    git(root, "add", "staged")
    git(root, "checkout", "-q", "main", "--", ".gitignore")
    return root


def test_only_what_a_branch_changed_is_left(branch: Path) -> None:
    wanted = ["committed", "edited", "new name\n", "staged", "untracked/é"]
    assert names(branch, changed_since="main") == wanted


def test_what_the_other_branch_changed_since_is_not_in(branch: Path) -> None:
    git(branch, "stash", "-q", "-u")
    git(branch, "checkout", "-q", "main")
    write(branch, {"same": "2"})
    git(branch, "commit", "-q", "-a", "-m", "elsewhere")
    git(branch, "checkout", "-q", "topic")
    assert names(branch, changed_since="main") == ["committed", "edited", "new name\n"]


def test_a_named_file_that_did_not_change_is_not_in(branch: Path) -> None:
    found = find_files([branch / "same", branch / "edited"], changed_since="main")
    assert found.files == (branch / "edited",)


@pytest.mark.parametrize("revision", ["", "-x", "--output=/tmp/x", "nothing", "main:same", "a\nb", "HEAD~99"])
def test_a_bad_revision_is_refused(branch: Path, revision: str) -> None:
    with pytest.raises(UsageError):
        find_files([branch], changed_since=revision)


def test_a_revision_is_never_a_command(branch: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        find_files([branch], changed_since=f"main; touch {tmp_path}/ran")
    assert not (tmp_path / "ran").exists()


def test_changes_need_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UncheckableError, match="is not in a git repository"):
        find_files([tmp_path], changed_since="main")


def test_a_broken_repository_is_said(tmp_path: Path) -> None:
    write(tmp_path, {".git": "gitdir: nowhere\n", "a": ""})
    with pytest.raises(UncheckableError, match="not a git repository"):
        find_files([tmp_path], changed_since="main")


_NAMES = ["a", "b", "ab", "foo", "foo.log", "keep", ".x", "a b", "[z]", "z", "A"]
_PATTERNS = """
*|a|/a|a/|/a/|*.log|!keep|!keep/|foo/*|!foo/keep|**/b|a/**|a/**/b|/**/z|?|[ab]|[!a]|[a-z]|\\[z\\]|a b| a|a |
a\\ |#a|\\#a|!|!!a|/|//|a//b|**|**/|*/|*/a|foo*|*oo|f*o*|a**b|foo/**/|!*/|[[:alpha:]]|[[:upper:]]|[|[a|a\\|
*b*|/*|!/foo|/foo/*|\\a|**foo|foo**|a/*/b|[]a]|[^a]|[a/b]|x[/]y|[b-a]
""".replace("\n", "").split("|")


@pytest.mark.parametrize("seed", range(12))
def test_the_walk_ignores_what_git_ignores(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    root = repository(tmp_path, {})
    folders = [root]
    for _ in range(8):
        folders.append(chance.choice(folders) / chance.choice(_NAMES))
    files = {str((chance.choice(folders) / f"{chance.choice(_NAMES)}").relative_to(root)) for _ in range(25)}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(files):
        if not (root / name).exists():
            (root / name).write_text("")
    for folder in chance.sample(folders, 3):
        lines = [chance.choice(_PATTERNS) for _ in range(chance.randint(1, 5))]
        (folder / ".gitignore").write_text("\n".join(lines) + "\n")
    if seed % 3 == 0:
        write(root, {".git/info/exclude": chance.choice(_PATTERNS) + "\n"})
    if seed % 2 == 0:
        git(root, "add", "-f", *chance.sample(sorted(not_ignored(root)) or ["."], 1))
    assert set(names(root)) == not_ignored(root)


def test_links_to_files_are_listed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_text("a", "utf-8")
    (tmp_path / "to-file").symlink_to("folder/file")
    (tmp_path / "to-folder").symlink_to("folder")
    (tmp_path / "to-nothing").symlink_to("gone")
    assert find_files([tmp_path]).links == (tmp_path / "to-file", tmp_path / "to-nothing")


def test_what_a_policy_leaves_out_is_listed_by_its_outermost_folder(tmp_path: Path) -> None:
    for name in ("a/b/c", "a/d", "e"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a", "utf-8")
    tree = find_files([tmp_path / "a"], exclude=["d"], left_out=(tmp_path, ["a/b", "d", "e"]))
    assert tree.left_out == ((tmp_path / "a/b").as_posix(),)
    assert tree.files == ()
