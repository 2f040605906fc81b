"""Digests of folders: by name and content, and as model-signing has it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gatecli.attestation.model_digest import folder_hash, model_root
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.attested_files import folder_digests, read_artifact


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_root_is_over_the_digests_in_the_order_of_path_parts() -> None:
    """`a-b` comes before `a/b` as text, and after it part by part."""
    files = {"a-b": digest("1"), "a/b": digest("2")}
    joined = bytes.fromhex(files["a/b"]) + bytes.fromhex(files["a-b"])
    assert model_root(files) == hashlib.sha256(joined).hexdigest()


def test_the_hash_of_a_folder_is_that_of_its_lines() -> None:
    """As `sha256sum` prints them, in the order of bytes."""
    lines = f"{digest('1')}  a-b\n{digest('2')}  a/b\n"
    assert folder_hash({"a/b": digest("2"), "a-b": digest("1")}) == digest(lines)


def test_a_file_that_is_renamed_changes_the_hash_and_not_the_root() -> None:
    before, after = {"a": digest("1")}, {"b": digest("1")}
    assert model_root(before) == model_root(after)
    assert folder_hash(before) != folder_hash(after)


def test_files_of_git_are_left_out_at_the_top_alone(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("1")
    plain = folder_digests(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("x")
    (tmp_path / ".gitignore").write_text("x")
    assert folder_digests(tmp_path) == plain
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / ".gitignore").write_text("x")
    assert folder_digests(tmp_path) != plain


def test_the_attestation_itself_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("1")
    plain = folder_digests(tmp_path)
    bundle = tmp_path / "a.json"
    bundle.write_text("{}")
    assert folder_digests(tmp_path, [bundle]) == plain
    assert folder_digests(tmp_path) != plain


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UncheckableError, match="symbolic link"):
        folder_digests(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UncheckableError, match="holds no file"):
        folder_digests(tmp_path)


def test_a_name_with_a_line_break_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a\nb").write_text("1")
    with pytest.raises(UncheckableError, match="line break"):
        folder_digests(tmp_path)


@pytest.mark.parametrize("text", ["registry.example/churn@sha256:" + "a" * 64, "sha256:" + "a" * 64])
def test_an_image_is_known_by_its_digest(text: str) -> None:
    assert read_artifact(text).digests == {"sha256": "a" * 64}


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_artifact("registry.example/churn:latest")
