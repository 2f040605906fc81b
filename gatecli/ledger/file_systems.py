"""Whether a file lies on this machine. SQLite's locks and its write-ahead log do not hold across a network:
two machines would spend one budget twice (sqlite.org/wal.html, sqlite.org/useovernet.html).
"""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")

NETWORK_TYPES = frozenset(
    """
    9p acfs afs afpfs beegfs ceph cifs coda davfs gfs gfs2 glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs
    prl_fs pvfs2 smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
NETWORK_PROGRAMS = frozenset(
    """
    blobfuse blobfuse2 ceph-fuse cephfs curlftpfs dav davfs gcsfuse glusterfs goofys gvfsd-fuse httpfs juicefs
    mount-s3 mountpoint-s3 portal rclone s3fs smbnetfs sshfs vmhgfs-fuse
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""What follows `fuse.` in the type of a file system that a program brings."""

_ESCAPE = re.compile(r"\\(\d{3})")
_MNT_LOCAL = 0x1000


def network_file_system(path: Path, mounts: Path | None = None) -> str:
    """The type of the network file system that a file or folder lies on; "" where it is none, or unknown."""
    if sys.platform == "darwin":
        return _darwin_type(path)
    try:
        lines = (mounts or MOUNTS).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    kind = _type_at(path.resolve(), lines)
    program = kind.removeprefix("fuse.")
    return kind if kind in NETWORK_TYPES or (program != kind and program in NETWORK_PROGRAMS) else ""


def _type_at(path: Path, lines: list[str]) -> str:
    """The type of the innermost mount; of two at one place the later one covers the earlier."""
    found, depth = "", -1
    for line in lines:
        _, place, kind, *_ = (*line.split(" "), "", "", "")
        mount = Path(_ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), place))
        if path.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = kind, len(mount.parts)
    return found


def _darwin_type(path: Path) -> str:
    """`statfs` (2) says whether a file system is local, and its type: flags at byte 64, type at 72."""
    buffer = ctypes.create_string_buffer(4096)
    libc = ctypes.CDLL(None)
    statfs = getattr(libc, "statfs$INODE64", None) or libc.statfs
    if statfs(bytes(path.resolve()), buffer) != 0:
        return ""
    flags = int.from_bytes(buffer.raw[64:68], sys.byteorder)
    kind = buffer.raw[72:88].split(b"\0")[0].decode("ascii", "replace")
    return "" if flags & _MNT_LOCAL else kind
