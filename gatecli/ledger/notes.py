"""Signed notes (https://c2sp.org/signed-note) and checkpoints (https://c2sp.org/tlog-checkpoint).

A note is a text, an empty line, and lines that each hold a signature of the text:

    text of one line or more
    <empty>
    — name base64(key id ‖ signature)

A reader takes what a writer writes and nothing else: what is not understood whole is not a note.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.merkle import EMPTY_ROOT
from gatecli.ledger.signing_keys import PUBLIC_KEY_BYTES, Signs, signature_holds
from gatecli.model.strict_base64 import strict_base64

ED25519 = b"\x01"
KEY_ID_BYTES = 4
LONGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_NAME = re.compile(r"[^\s+]+")
_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>\S+)")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>\S+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class InvalidNote(UncheckableError):
    """A text is not a signed note, or nobody who is trusted signed it."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key of Ed25519 by its name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """What signatures name the key by, with its name."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    def as_text(self) -> str:
        """`name+id+key`, as `read_note_key` reads it."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature in a note, by whoever it names; nothing is verified."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures; what it says counts once `verified_text` gave it."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose it is, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def as_text(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def is_key_name(name: str) -> bool:
    """Whether a name can stand in a signature: not empty, no space, no plus, no control character."""
    return name.isprintable() and bool(_KEY_NAME.fullmatch(name))


def read_note_key(text: str) -> NoteKey:
    """The key of `name+id+key`. Raises InvalidNote where it is none, or not of Ed25519."""
    found = _KEY.fullmatch(text)
    data = strict_base64(found["key"]) if found else None
    if not found or not data or len(data) != 1 + PUBLIC_KEY_BYTES or data[:1] != ED25519:
        raise InvalidNote(
            "the key is not name+id+key with a key of Ed25519",
            advice="gatecli ledger key show prints a ledger's",
        )
    key = NoteKey(found["name"], data[1:])
    if key.id.hex() != found["id"] or not is_key_name(key.name):
        raise InvalidNote(
            "the id in the key is not that of the key", advice="copy the whole key from its owner"
        )
    return key


def sign_note(text: str, name: str, key: Signs) -> str:
    """The note over a text that ends with a newline. Raises UsageError for a name that no key can have."""
    if not is_key_name(name):
        raise UsageError(
            f"a ledger named {name!r} cannot sign",
            advice="name it like example.com/ledger: no space, no plus",
        )
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("the text of a note ends with a newline and has no control character")
    line = base64.b64encode(NoteKey(name, key.public).id + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {line}\n"


def read_note(written: str) -> Note:
    """A note, not verified. Raises InvalidNote where it is none."""
    if len(written) > LONGEST_NOTE:
        raise _invalid(f"it has more than {LONGEST_NOTE} characters")
    if _CONTROL.search(written):
        raise _invalid("it holds a control character")
    text, blank, below = written.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise _invalid("no lines of signatures follow an empty line")
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _invalid(f"it has more than {MOST_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_read_signature(line) for line in lines))


def verified_text(note: Note, key: NoteKey) -> str:
    """The text of a note that a key signed. Raises InvalidNote where it did not, or not this text."""
    own = [each for each in note.signatures if (each.name, each.key_id) == (key.name, key.id)]
    if not own:
        raise InvalidNote(f"nothing in the note is signed by {key.as_text()}", advice="ask who sent it")
    data = note.text.encode()
    if not all(signature_holds(key.public, each.signature, data) for each in own):
        raise InvalidNote(f"the signature of {key.name} is not over this text", advice="ask who sent it")
    return note.text


def read_checkpoint(text: str) -> Checkpoint:
    """The head that the text of a note states. Raises InvalidNote where it states none."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise _no_checkpoint("it is not three lines and more that all hold something")
    origin, size, written_root = lines[:3]
    root = strict_base64(written_root)
    if not _SIZE.fullmatch(size):
        raise _no_checkpoint("its second line is not a number of entries")
    if root is None or len(root) != len(EMPTY_ROOT):
        raise _no_checkpoint("its third line is not the base64 of a root")
    return Checkpoint(origin, int(size), root)


def is_signed(written: str) -> bool:
    """Whether a checkpoint is a note; a ledger without a key writes the text alone."""
    return "\n\n" in written


def read_head(written: str, key: NoteKey | None) -> Checkpoint:
    """The head in a checkpoint, which `key` must have signed; without a key, signatures are not looked at.

    Raises InvalidNote.
    """
    if key is not None:
        return read_checkpoint(verified_text(read_note(written), key))
    if _CONTROL.search(written) or len(written) > LONGEST_NOTE:
        raise _no_checkpoint("it is too long, or holds a control character")
    return read_checkpoint(read_note(written).text if is_signed(written) else written)


def _read_signature(line: str) -> NoteSignature:
    found = _SIGNATURE.fullmatch(line)
    data = strict_base64(found["signature"]) if found else None
    if not found or data is None or len(data) <= KEY_ID_BYTES:
        raise _invalid("a line below its text is not a signature")
    return NoteSignature(found["name"], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _invalid(why: str) -> InvalidNote:
    return InvalidNote(f"this is not a signed note: {why}", advice="ask for the file again")


def _no_checkpoint(why: str) -> InvalidNote:
    return InvalidNote(
        f"this is not a checkpoint: {why}", advice="give a file that `ledger checkpoint` wrote"
    )
