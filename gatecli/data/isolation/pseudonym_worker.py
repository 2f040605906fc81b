"""The process that holds the key: `python -P -m gatecli.data.isolation.pseudonym_worker FD`.

It gets a reference, fetches the key, answers with pseudonyms, and ends. The key is in the memory of this
process and nowhere else: no argument, variable, file or message holds it.
"""

from __future__ import annotations

import ctypes
import resource
import socket
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any

from gatecli.anonymity.pseudonyms import SHORTEST_KEY, context_key, pseudonym
from gatecli.data.isolation.key_vault import Secret, fetch_secret
from gatecli.data.isolation.messages import error_data, read_message, write_message
from gatecli.errors import GatecliError, UncheckableError
from gatecli.model.secret_reference import SecretReference

_SET_DUMPABLE = 4
"""An option of prctl (2)."""


def serve(stream: IO[str], fetch: Callable[[SecretReference], Secret] = fetch_secret) -> None:
    """Fetch the key that the first message names, and answer the others until there are no more."""
    request = read_message(stream)
    if request is None:
        return
    keys: list[bytes] = []
    write_message(stream, _reply(lambda: _open(request, keys, fetch)))
    for key in keys:
        while (message := read_message(stream)) is not None:
            values = message["pseudonymise"]
            write_message(stream, _reply(lambda: [pseudonym(value, key) for value in values]))  # noqa: B023 - called at once


def _open(
    request: Mapping[str, Any], keys: list[bytes], fetch: Callable[[SecretReference], Secret]
) -> dict[str, Any]:
    """Keep the key; what is told of it is its version."""
    reference = SecretReference(**request["secret"])
    secret = fetch(reference)
    key = secret.value.strip().encode()
    if len(key) < SHORTEST_KEY:
        raise UncheckableError(
            f"the secret {reference.address} is shorter than {SHORTEST_KEY} bytes",
            advice="make a new version of it: openssl rand -hex 32",
        )
    context = request["context"]
    keys.append(key if context is None else context_key(key, context))
    return {"version": secret.version}


def _reply(work: Callable[[], Any]) -> dict[str, Any]:
    """What some work gives. An error that is none of ours may hold a value: its class alone is told."""
    try:
        return {"value": work()}
    except GatecliError as error:
        return {"error": error_data(error)}
    except Exception as error:  # noqa: BLE001 - as above
        name = type(error).__name__
        failed = UncheckableError(f"no pseudonyms were made ({name})", advice="try again")
        return {"error": error_data(failed)}


def forbid_dumps() -> None:
    """No core file is written, and on Linux no process of the same user reads this one's memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    forbid_dumps()
    with socket.socket(fileno=int(sys.argv[1])) as _ours, _ours.makefile("rw", encoding="utf-8") as _stream:
        serve(_stream)
