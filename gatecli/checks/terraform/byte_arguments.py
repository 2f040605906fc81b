"""The arguments by which a provider reads the bytes that it publishes, and what is known of those bytes.

Nothing else that a resource says counts: a digest beside another file is the digest of nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gatecli.checks.terraform.access_policies import Answer
from gatecli.model.plan import PlannedResource
from gatecli.model.plan_forms import PlanForm, ReadArgument
from gatecli.model.plan_values import Part, keys_of, parts_below, parts_of, values_of

_HEX = re.compile(r"(?:^|/)([0-9a-f]{64})(?=$|[/.])")
_IMAGE = re.compile(r"[^\s@]+@sha256:([0-9a-f]{64})")
_UPWARD = re.compile(r"(?:^|/)\.{1,2}(?:/|$)|%2[ef]", re.IGNORECASE)
_ADDRESS = re.compile(r"(?!oci:|docker:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)
"""What is not read from a registry, which alone keeps a digest true."""
_BEHIND_PATH = re.compile("[?#]")
_HELD = frozenset({"text", "base64"})


@dataclass(frozen=True, slots=True)
class ByteArgument:
    """One such argument: its value, None where only the apply knows it, and the digests stated beside it."""

    read: ReadArgument
    value: str | None = field(repr=False)
    digests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return ".".join(filter(None, (self.read.within, self.read.path)))

    @property
    def first_key(self) -> str:
        return keys_of(self.name)[0]


def byte_arguments(resource: PlannedResource, form: PlanForm) -> tuple[ByteArgument, ...]:
    """The arguments of a resource by which bytes are read; those that are not set are left out."""
    return tuple(argument for read in form.reads for argument in _of_read(resource, read))


def _of_read(resource: PlannedResource, read: ReadArgument) -> Iterator[ByteArgument]:
    if not read.within:
        yield from _of_part(read, lambda path: parts_of(resource, path))
        return
    for part in parts_of(resource, read.within):
        yield from _of_part(read, partial(parts_below, part))


def _of_part(read: ReadArgument, at: Callable[[str], tuple[Part, ...]]) -> Iterator[ByteArgument]:
    """What one part says; `at` gives what stands at a path of it."""
    others = [values_of(at(path)) for path in read.unless]
    if any(each.known or each.later for each in others):
        return
    values = values_of(at(read.path))
    stated = tuple(_hex_digest(str(value)) for path in read.digests for value in values_of(at(path)).known)
    for value in values.known:
        yield ByteArgument(read, str(value), stated)
    if values.later:
        yield ByteArgument(read, None, stated)


def local_files(arguments: Iterable[ByteArgument]) -> Iterator[str]:
    """The paths of local files among them."""
    yield from (each.value for each in arguments if each.read.holds == "file" and each.value)


def own_digests(argument: ByteArgument) -> frozenset[str]:
    """The digests that a value cannot lie about: of the bytes that it holds, or that its address names."""
    value = argument.value or ""
    match argument.read.holds:
        case "text":
            return frozenset({hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()})
        case "base64":
            raw = _from_base64(value)
            return frozenset() if raw is None else frozenset({hashlib.sha256(raw).hexdigest()})
        case "image":
            found = _IMAGE.fullmatch(value)
            return frozenset({found[1]} if found else ())
        case "address":
            named = None if _ADDRESS.match(value) else _IMAGE.fullmatch(value)
            # Whoever serves an address may pass over what stands behind its path.
            path = _BEHIND_PATH.split(value, maxsplit=1)[0]
            return frozenset([named[1]] if named else [] if _UPWARD.search(path) else _HEX.findall(path))
        case _:
            return frozenset()


def holds_bytes(argument: ByteArgument) -> bool:
    """Whether the bytes themselves stand in the plan."""
    return argument.read.holds in _HELD


@dataclass(frozen=True, slots=True)
class JudgedBytes:
    """What was judged: digests, with the paths that a report gives them; and files that are there to hash."""

    names: Mapping[str, AbstractSet[str]]
    files: Mapping[str, str] = field(default_factory=dict)


def are_judged(arguments: Sequence[ByteArgument], judged: JudgedBytes) -> tuple[Answer, str]:
    """Whether all bytes that are read were judged; why not, else."""
    answers = [_is_judged(each, judged) for each in arguments]
    for wanted in ("no", "unknown"):
        for answer, why in answers:
            if answer == wanted:
                return answer, why
    return ("yes", "") if answers else ("unknown", "it does not state the SHA-256 of what it publishes")


def _is_judged(argument: ByteArgument, judged: JudgedBytes) -> tuple[Answer, str]:
    other = f"its {argument.name} is other data than the report behind its tag"
    if argument.value is None:
        return "unknown", f"its {argument.name} is known only after the apply"
    if argument.read.holds == "file":
        return _is_judged_file(argument, argument.value, judged)
    digests = own_digests(argument)
    if digests and digests <= judged.names.keys():
        return "yes", ""
    if digests or holds_bytes(argument):
        return "no", other
    return "unknown", f"its {argument.name} does not state the SHA-256 of what it publishes"


def _is_judged_file(argument: ByteArgument, path: str, judged: JudgedBytes) -> tuple[Answer, str]:
    """By the file's own bytes; without it, by the digest that is stated of a file of the judged path."""
    actual = judged.files.get(path)
    if actual is not None:
        if actual in judged.names:
            return "yes", ""
        return "no", f"its {argument.name} is a file of other data than the report behind its tag"
    stated = set(argument.digests) - {""}
    if not stated:
        return "unknown", "it does not state the SHA-256 of what it publishes"
    if not stated <= judged.names.keys():
        return "no", "it states the digest of other data than the report behind its tag"
    if all(any(is_same_path(path, name) for name in judged.names[each]) for each in stated):
        return "yes", ""
    return (
        "unknown",
        f"it states a digest of another path than its {argument.name}, which is not here to be read",
    )


def is_same_path(one: str, other: str) -> bool:
    """Whether two paths are the same; of a relative one the folder is the configuration's."""
    paths = [posixpath.normpath(each) for each in (one, other)]
    return paths[0] == paths[1]


def lies_in(path: str, folders: Collection[str]) -> bool:
    """Whether a path is one of these, or below one."""
    plain = posixpath.normpath(path)
    return any(plain == each or plain.startswith(f"{each}/") for each in map(posixpath.normpath, folders))


def _hex_digest(value: str) -> str:
    """A digest in hexadecimal digits, however it is written; empty where it is none of SHA-256."""
    if re.fullmatch(r"[0-9a-f]{64}", value):
        return value
    raw = _from_base64(value)
    return raw.hex() if raw is not None and len(raw) == hashlib.sha256().digest_size else ""


def _from_base64(value: Any) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
