"""The age format by pyrage (bindings of rage): the one place where anything is encrypted.

Source: C2SP age.md. Streams are read and written in pieces of 64 KiB, so memory does not grow with a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pyrage import DecryptError, EncryptError, IdentityError, decrypt_io, encrypt_io, x25519


class Readable(Protocol):
    """What is read in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class Writable(Protocol):
    """What is written in pieces."""

    def write(self, content: bytes, /) -> int:
        """Take all of `content`."""
        ...

    def flush(self) -> None:
        """Hand on what is held back."""
        ...


class SealBroken(Exception):
    """What was read is not a file of the age format that was left as it was encrypted."""


class NoMatchingIdentity(Exception):
    """None of the identities is a recipient's."""


class Identity:
    """A private key. It is never shown."""

    __slots__ = ("_key",)

    def __init__(self, text: str) -> None:
        """Raises ValueError, which does not repeat the text."""
        try:
            self._key = x25519.Identity.from_str(text)
        except IdentityError:
            raise ValueError("it is not an X25519 identity of age") from None

    @property
    def public_key(self) -> str:
        """The recipient, `age1…`."""
        return str(self._key.to_public())

    @property
    def key(self) -> Any:
        """For `decrypt_stream` alone."""
        return self._key

    def __repr__(self) -> str:
        return f"Identity({self.public_key})"


def new_identity() -> tuple[str, str]:
    """A new private key in age's text, and its recipient."""
    key = x25519.Identity.generate()
    return str(key), str(key.to_public())


def encrypt_stream(source: Readable, target: Writable, public_keys: Sequence[str]) -> None:
    """Encrypt all of `source` to the recipients with a new file key. What a stream raises is raised."""
    recipients = [x25519.Recipient.from_str(each) for each in public_keys]
    _guard(lambda: encrypt_io(source, target, recipients))


def decrypt_stream(source: Readable, target: Writable, identities: Sequence[Identity]) -> None:
    """Decrypt all of `source`; what was written counts only once this has returned.

    Raises NoMatchingIdentity and SealBroken.
    """
    keys = [each.key for each in identities]
    _guard(lambda: decrypt_io(source, target, keys))


def _guard(work: Callable[[], object]) -> None:
    try:
        work()
    except (DecryptError, EncryptError, OSError) as error:
        if "KeyboardInterrupt" in str(error):  # it came while a stream was asked
            raise KeyboardInterrupt from None
        if "No matching keys" in str(error):
            raise NoMatchingIdentity from None
        raise SealBroken(str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how a bug of a Rust library arrives
            raise
        raise SealBroken("it is not what any program of age writes") from None
