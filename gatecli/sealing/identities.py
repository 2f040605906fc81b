"""Files of private keys: made for their owner alone, and read only where they still are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gatecli.errors import UncheckableError, UsageError
from gatecli.sealing.age_format import Identity, new_identity
from gatecli.sealing.staging import PRIVATE, unwritable
from gatecli.sources.files import ReadError, decode_text, open_file, unreadable_argument

MOST_BYTES = 2**16
MOST_IDENTITIES = 20
MAKE_ONE = "gatecli keys new makes one; age-keygen's files are read, too"


def write_identity(path: Path) -> str:
    """Make a private key and write it to a new file; its public key. Raises UsageError."""
    secret, public = new_identity()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise UsageError(
            f"{path} is there already", advice="a key that is replaced is lost; name another file"
        ) from None
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"# public key: {public}\n{secret}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise unwritable(path, error) from None
    return public


def read_identities(path: Path) -> tuple[Identity, ...]:
    """The private keys in a file of age. Raises UsageError and UncheckableError, which repeat none of it."""
    lines = [line.strip() for line in _private_text(path).splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys or len(keys) > MOST_IDENTITIES:
        raise UncheckableError(
            f"{path} holds {len(keys)} identities, not 1 to {MOST_IDENTITIES}", advice=MAKE_ONE
        )
    try:
        return tuple(Identity(key) for key in keys)
    except ValueError as error:
        raise UncheckableError(
            f"{path} holds an identity that cannot be used: {error}", advice=MAKE_ONE
        ) from None


def _private_text(path: Path) -> str:
    try:
        with open_file(path) as file:
            _require_private(path, os.fstat(file.fileno()))
            return _decode_small(file.read(MOST_BYTES + 1))
    except ReadError as error:
        raise unreadable_argument(path, error) from None


def _require_private(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise UsageError(
            f"{path} may be read or changed by others (mode {mode:04o})", advice=f"chmod 600 {path}"
        )


def _decode_small(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise ReadError("is larger than 64 KiB", "name a file of identities alone")
    return decode_text(content)
