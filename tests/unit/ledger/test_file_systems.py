"""Which file systems lie on another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.ledger.file_systems import network_file_system

MOUNTS = r"""
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/export /srv/nfs nfs4 rw,vers=4.2 0 0
/dev/sdb1 /srv/nfs/local xfs rw 0 0
//server/share /mnt/a\040share cifs rw 0 0
user@host:/home /mnt/ssh fuse.sshfs rw 0 0
portal /run/user/1000/doc fuse.portal rw 0 0
/dev/sdc1 /mnt/windows fuseblk rw 0 0
gocryptfs /mnt/sealed fuse.gocryptfs rw 0 0
C: /mnt/c 9p rw 0 0
tmpfs /twice tmpfs rw 0 0
server:/export /twice nfs rw 0 0
"""
PLACES = {
    "/home/me": "",
    "/srv/nfs": "nfs4",
    "/srv/nfs/team": "nfs4",
    "/srv/nfs/local/team": "",
    "/srv/nfs-like": "",
    "/mnt/a share/x": "cifs",
    "/mnt/ssh": "fuse.sshfs",
    "/mnt/windows": "",
    "/mnt/sealed": "",
    "/mnt/c/Users": "9p",
    "/twice": "nfs",
}


@pytest.fixture(name="mounts")
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.platform", "linux")
    file = tmp_path / "mounts"
    file.write_text(MOUNTS.lstrip(), "utf-8")
    return file


@pytest.mark.parametrize("place", PLACES)
def test_the_innermost_mount_says_where_a_file_lies(mounts: Path, place: str) -> None:
    assert network_file_system(Path(place), mounts) == PLACES[place]


def test_a_link_is_followed(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/srv/nfs/team")
    assert network_file_system(tmp_path / "link", mounts) == "nfs4"


def test_without_a_table_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert not network_file_system(tmp_path, tmp_path / "none")


def test_a_folder_of_this_machine_is_local(tmp_path: Path) -> None:
    assert not network_file_system(tmp_path)
