from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cache import store as module
from gatecli.cache.codec import Codec
from gatecli.cache.store import CacheStore, Shelf, UnusableError, digest_of, open_shelf, open_store


def shelf(folder: Path, *names: str) -> Shelf:
    return open_shelf(open_store(folder), Codec(), *(names or ("work",)))


def filled(folder: Path, *names: str) -> Path:
    """The file of a shelf with one entry."""
    kept = shelf(folder, *names)
    kept.put("key", (1, "two"))
    kept.save()
    (file,) = folder.glob("*.shelf")
    return file


def test_what_was_kept_is_found_in_the_next_run(tmp_path: Path) -> None:
    filled(tmp_path)
    assert shelf(tmp_path).get("key") == (1, "two")
    assert shelf(tmp_path).get("other") is None
    assert shelf(tmp_path, "other work").get("key") is None


def test_without_a_store_nothing_is_kept(tmp_path: Path) -> None:
    nowhere = open_shelf(None, Codec(), "work")
    nowhere.put("key", 1)
    nowhere.save()
    assert not nowhere
    assert nowhere.get("key") is None
    assert list(tmp_path.iterdir()) == []


def test_only_its_user_can_read_any_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    filled(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def flipped(content: bytes) -> bytes:
    return content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]


def reinvented(content: bytes) -> bytes:
    return content.replace(b"two", b"one")


@pytest.mark.parametrize(
    "harm",
    [
        flipped,
        reinvented,
        lambda content: content[:40],
        lambda content: content.partition(b"\n")[2],
        lambda _: b"",
        lambda content: b"0" * 64 + content[64:],
    ],
)
def test_what_was_tampered_with_is_not_there(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    file = filled(tmp_path)
    file.write_bytes(harm(file.read_bytes()))
    assert shelf(tmp_path).get("key") is None


def test_a_shelf_under_another_name_is_not_there(tmp_path: Path) -> None:
    file = filled(tmp_path)
    file.rename(tmp_path / f"{digest_of('other work')}.shelf")
    assert shelf(tmp_path, "other work").get("key") is None


def test_a_shelf_by_another_key_is_not_there(tmp_path: Path) -> None:
    file = filled(tmp_path / "a")
    filled(tmp_path / "b")
    (tmp_path / "b" / file.name).write_bytes(file.read_bytes())
    assert shelf(tmp_path / "b").get("key") is None


def test_an_authentic_entry_of_a_foreign_form_is_not_there(tmp_path: Path) -> None:
    file = filled(tmp_path)
    opened = open_store(tmp_path)
    for data in ({"key": ["Unheard", 1]}, ["key"]):
        content = json.dumps(data).encode()
        file.write_bytes(opened.tag(file.stem, content) + b"\n" + content)
        assert shelf(tmp_path).get("key") is None


def test_a_shelf_that_others_may_write_is_not_there(tmp_path: Path) -> None:
    filled(tmp_path).chmod(0o620)
    assert shelf(tmp_path).get("key") is None


def test_a_link_in_the_place_of_a_shelf_is_not_followed(tmp_path: Path) -> None:
    file = filled(tmp_path / "cache")
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert shelf(tmp_path / "cache").get("key") is None


def writable(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def readable_key(folder: Path) -> None:
    open_store(folder)
    (folder / "key").chmod(0o644)


def broken_key(folder: Path) -> None:
    open_store(folder)
    (folder / "key").write_bytes(b"short")


def linked(folder: Path) -> None:
    (folder.parent / "real").mkdir()
    folder.symlink_to(folder.parent / "real")


def a_file(folder: Path) -> None:
    folder.write_text("", "utf-8")


@pytest.mark.parametrize("harm", [writable, readable_key, broken_key, linked, a_file])
def test_a_folder_that_proves_nothing_is_not_used(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    harm(tmp_path / "cache")
    with pytest.raises(UnusableError):
        open_store(tmp_path / "cache")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the platform has no such users")
def test_another_user_s_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(UnusableError, match="another user"):
        open_store(tmp_path)


def test_a_name_that_no_folder_can_have_is_no_cache() -> None:
    with pytest.raises(UnusableError):
        open_store(Path("a\0b"))


def test_what_was_used_longest_ago_makes_room_in_a_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHELF_BYTES", 120)
    first = shelf(tmp_path)
    for name in "abc":
        first.put(name, "x" * 30)
    first.save()
    second = shelf(tmp_path)
    assert second.get("a")
    second.put("d", "y" * 30)
    second.save()
    third = shelf(tmp_path)
    assert [name for name in "abcd" if third.get(name)] == ["a", "c", "d"]


def test_shelves_used_longest_ago_make_room_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    old = filled(tmp_path, "old")
    os.utime(old, (0, 0))
    monkeypatch.setattr(module, "FOLDER_BYTES", old.stat().st_size + 1)
    new = shelf(tmp_path, "new")
    new.put("key", (1, "two"))
    new.save()
    assert not old.exists()
    assert shelf(tmp_path, "new").get("key")
    assert (tmp_path / "letter.txt").exists()


def test_what_is_used_again_counts_as_new(tmp_path: Path) -> None:
    file = filled(tmp_path)
    os.utime(file, (0, 0))
    again = shelf(tmp_path)
    assert again.get("key")
    again.save()
    assert file.stat().st_mtime > 0


def test_a_failed_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    kept = shelf(tmp_path)
    kept.put("key", 1)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        kept.save()
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_no_two_sequences_of_texts_share_a_key() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("a", "") != digest_of("a")


def test_the_key_is_in_no_text_of_a_store(tmp_path: Path) -> None:
    assert CacheStore(tmp_path, b"secret").__repr__().count("secret") == 0
