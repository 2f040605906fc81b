"""Closing an engine while tables that it computed are still referred to."""

from __future__ import annotations

from typing import Any


def disconnect(connection: Any) -> None:
    """Close the connection; its temporary tables end with it.

    ibis drops a cached table when the last reference to it goes, which may be after the connection is
    closed, in the traceback of an error for example. ibis has no public way to let go of them.
    """
    for entry in tuple(connection._cache_name_to_entry.values()):  # noqa: SLF001 - no public name, see above
        entry.finalizer.detach()
    connection.disconnect()
