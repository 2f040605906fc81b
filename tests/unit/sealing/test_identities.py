"""Private keys stay private: in their files, in errors, in what is shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.sealing.age_format import Identity
from gatecli.sealing.identities import MOST_IDENTITIES, read_identities, write_identity


def secret_in(file: Path) -> str:
    return next(line for line in file.read_text().splitlines() if line.startswith("AGE-SECRET-KEY-"))


def private(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_a_new_key_is_for_its_owner_alone_and_is_read_again(tmp_path: Path) -> None:
    public = write_identity(tmp_path / "a.key")
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert [each.public_key for each in read_identities(tmp_path / "a.key")] == [public]


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    write_identity(tmp_path / "a.key")
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(UsageError, match="there already"):
        write_identity(tmp_path / "a.key")
    assert (tmp_path / "a.key").read_bytes() == before


def test_a_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        write_identity(tmp_path / "a.key")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    write_identity(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(mode)
    with pytest.raises(UsageError, match="by others") as refused:
        read_identities(tmp_path / "a.key")
    assert refused.value.advice.startswith("chmod 600")


def test_several_keys_of_age_keygen_are_read(tmp_path: Path) -> None:
    secrets = []
    for name in "ab":
        write_identity(tmp_path / name)
        secrets.append(secret_in(tmp_path / name))
    both = private(tmp_path / "c", "# created: 2026-11-30\n\n" + "\n# x\n".join(secrets) + "\n")
    assert len(read_identities(both)) == 2


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "AGE-SECRET-KEY-1QQQQ", "hello", "age1qqq", "\n".join("a" * 30), "x" * 70_000]
)
def test_a_file_without_a_key_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(UncheckableError) as refused:
        read_identities(private(tmp_path / "a", text))
    assert "QQQQ" not in f"{refused.value.message}{refused.value.advice}"


def test_more_keys_than_anybody_has_are_refused(tmp_path: Path) -> None:
    write_identity(tmp_path / "a")
    many = private(tmp_path / "b", f"{secret_in(tmp_path / 'a')}\n" * (MOST_IDENTITIES + 1))
    with pytest.raises(UncheckableError, match="identities"):
        read_identities(many)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(GatecliError):
            read_identities(path)


def test_what_is_shown_of_a_key_is_its_public_half(tmp_path: Path) -> None:
    public = write_identity(tmp_path / "a")
    secret = secret_in(tmp_path / "a")
    shown = f"{Identity(secret)!r} {Identity(secret)!s}"
    assert public in shown
    assert secret not in shown
