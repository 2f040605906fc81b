"""What a folder holds and is not searched: links, special files, submodules, pointers of Git LFS."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.gates.file_scan import scan_file
from gatecli.model.policy import PiiRules
from gatecli.sources.tree import find_files

SEARCH = search_of(PiiRules())
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"


def skipped(folder: Path, **options: object) -> dict[str, str]:
    tree = find_files([folder], **options)  # type: ignore[arg-type]  # options by their names
    return {os.path.relpath(each.path, folder): each.reason for each in tree.skipped}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def modules(folder: Path, *paths: str) -> None:
    folder.mkdir(exist_ok=True)
    lines = (f'[submodule "{path}"]\n\tpath = {path}\n\turl = ../{path}\n' for path in paths)
    (folder / ".gitmodules").write_text("".join(lines))


@pytest.fixture(name="repository")
def new_repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def test_a_link_says_where_it_leads_but_not_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "jane@corporation.io").write_text("x")
    (folder / "file").write_text("x")
    (folder / "inside").symlink_to("file")
    (folder / "outside").symlink_to("../jane@corporation.io")
    (folder / "nowhere").symlink_to("gone")
    (folder / "loop").symlink_to("loop")
    (folder / "folder").symlink_to("..")
    found = skipped(folder)
    assert found == {
        "inside": "a symbolic link; its target is searched at its own path, if the scan covers it",
        "outside": "a symbolic link that leads out of what is scanned",
        "nowhere": "a symbolic link that leads nowhere",
        "loop": "a loop of symbolic links",
        "folder": "a symbolic link that leads out of what is scanned",
    }


def test_a_pipe_and_a_socket_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is bounded
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        assert skipped(Path()) == {"pipe": "a named pipe", "socket": "a socket"}


@pytest.mark.parametrize("is_there", [True, False])
def test_a_submodule_that_is_not_checked_out_is_said(repository: Path, *, is_there: bool) -> None:
    modules(repository, "vendor/lib", "full")
    (repository / "full").mkdir()
    (repository / "full/file").write_text("x")
    if is_there:
        (repository / "vendor/lib").mkdir(parents=True)
    assert skipped(repository) == {
        "vendor/lib": "a submodule that is not checked out: its files are not here"
    }
    assert skipped(repository / "full") == {}
    assert skipped(repository, exclude=["vendor/"]) == {}


def test_a_submodule_below_the_folder_that_is_scanned_is_said(repository: Path) -> None:
    modules(repository, "a/lib", "b/lib")
    (repository / "a/lib").mkdir(parents=True)
    assert list(skipped(repository / "a")) == ["lib"]


def test_a_submodule_in_a_submodule_is_said(repository: Path) -> None:
    modules(repository, "lib")
    modules(repository / "lib", "deeper")
    assert list(skipped(repository)) == ["lib/deeper"]


@pytest.mark.parametrize("path", ["..", "../x", "/etc/none", "."])
def test_a_path_that_leaves_the_repository_is_no_submodule(repository: Path, path: str) -> None:
    modules(repository, path)
    assert skipped(repository) == {}


@pytest.mark.parametrize("name", ["model.bin", "people.csv", "model.safetensors", "a.json"])
def test_a_pointer_of_git_lfs_is_said_and_is_no_pass(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(POINTER)
    scan = scan_file(tmp_path / name, SEARCH)
    (finding,) = scan.findings
    assert (finding.rule.id, finding.remediation) == ("pii-not-searched", "git lfs pull, and scan again")
    assert scan.checked is None


def test_what_stands_behind_a_pointer_is_searched_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{POINTER}ssn: 536-90-4399\n")
    assert "pii-us-ssn" in {finding.rule.id for finding in scan_file(tmp_path / "a.txt", SEARCH).findings}


def test_a_text_about_git_lfs_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"A pointer begins so:\n{POINTER}")
    assert scan_file(tmp_path / "a.md", SEARCH).findings == ()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0", "a PNG image"),
        ("a.avro", b"Obj\x01\x04\x16avro.schema\0", "an Avro table"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
        ("a.npy", b"\x93NUMPY\x01\0", "an array of numpy"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0", "a 7z archive"),
        ("a.rar", b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        ("a.pdf", b"%PDF-1.7\n\xe2\xe3\0", "a PDF document"),
        ("a.safetensors", b"\x40\0\0\0\0\0\0\0{}", "a NUL byte"),
    ],
)
def test_a_binary_is_one_note_that_says_what_it_is(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(content)
    scan = scan_file(tmp_path / name, SEARCH)
    (finding,) = scan.findings
    assert finding.rule.id == "pii-not-searched"
    assert what in finding.message
    assert scan.checked is None
