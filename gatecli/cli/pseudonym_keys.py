"""Where the key of pseudonyms comes from. Neither a key nor what was typed for one is ever shown."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from gatecli.anonymity.pseudonyms import SHORTEST_KEY
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.options import whole_environment
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.plan.processes import TimedOut, run

SECONDS = 60
"""That a program may take to tell the key."""

MAKE_ONE = "make a key (openssl rand -hex 32 > FILE), and keep it apart from the table"


def read_pseudonym_key(source: str) -> bytes:
    """The key that `FILE`, `env:NAME` or `command:PROGRAM ARGUMENT …` names, without white space around it.

    The program is started without a shell, and its standard output is the key. Raises UsageError for a key
    that is not there or short, UncheckableError for a program that fails. What was typed is not repeated: it
    may be the key itself.
    """
    kind, colon, rest = source.partition(":")
    read = _SOURCES.get(kind) if colon else None
    key = (_of_file(source) if read is None else read(rest)).strip()
    if len(key) < SHORTEST_KEY:
        raise UsageError(f"the key of --key is shorter than {SHORTEST_KEY} bytes", advice=MAKE_ONE)
    return key


def key_file_of(source: str) -> str | None:
    """The file that the key is in, where it is in one."""
    kind, colon, _ = source.partition(":")
    return None if colon and kind in _SOURCES else source


def _of_file(name: str) -> bytes:
    try:
        return read_bytes(Path(name))
    except (ReadError, ValueError, OSError):
        raise UsageError(
            "the file of --key cannot be read",
            advice=f"{MAKE_ONE}; --key takes its file, env:NAME or command:PROGRAM, never the key itself",
        ) from None


def _of_variable(name: str) -> bytes:
    found = whole_environment().get(name)
    if found is None:
        raise UsageError("the variable that --key env:NAME names is not set", advice="check its name")
    return found.encode(errors="surrogateescape")


def _of_program(line: str) -> bytes:
    try:
        command = shlex.split(line)
    except ValueError:
        command = []
    if not command:
        raise UsageError(
            "--key command: names no program, or has a quote that is not closed",
            advice="for example --key 'command:vault kv get -field=key secret/pseudonyms'",
        )
    try:
        ended = run(command, Path(), whole_environment(), SECONDS)
    except (OSError, ValueError):
        raise UncheckableError(
            "the program of --key command: cannot be started", advice="check its name and that it may be run"
        ) from None
    if isinstance(ended, TimedOut):
        raise UncheckableError(
            f"the program of --key command: did not end within {SECONDS} seconds",
            advice="run it by hand: it must not wait for anything",
        )
    if ended.code != 0:
        raise UncheckableError(
            f"the program of --key command: ended with {ended.code}", advice="run it by hand to see why"
        )
    return ended.out


_SOURCES: Mapping[str, Callable[[str], bytes]] = MappingProxyType(
    {"env": _of_variable, "command": _of_program}
)
