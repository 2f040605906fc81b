"""What a collection of the cluster holds, as of the last look: kopf says when to look, a list what is there.

A list cannot miss anything. kopf's watch can: what is deleted while the API server is away, and is not in
the list that kopf begins anew with, is never told (ADR 14).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from admission.cluster.client import Client, ClusterError
from admission.logs import LOGGER

Key = tuple[str, str]
"""Namespace ("" where there is none) and name."""
Objects = Mapping[Key, Mapping[str, Any]]


@dataclass(slots=True)
class Mirror:
    """The objects under `path`; None until all were listed once."""

    client: Client
    path: str
    objects: Objects | None = field(default=None, repr=False)
    _told: str = ""

    async def look(self) -> bool:
        """List all, and say whether anything changed. A failure is logged once, and changes nothing."""
        try:
            found = await list_objects(self.client, self.path)
        except (ClusterError, RecursionError) as error:
            self._tell(error.message if isinstance(error, ClusterError) else "an object is nested too deeply")
            return False
        is_new = _versions(found) != _versions(self.objects)
        self.objects, self._told = found, ""
        return is_new

    def _tell(self, problem: str) -> None:
        if problem != self._told:
            LOGGER.warning("policies are not read: %s", problem)
        self._told = problem


async def list_objects(client: Client, path: str) -> dict[Key, dict[str, Any]]:
    """All objects under `path`. Raises ClusterError."""
    return {key_of(item): item async for page in client.pages(path) for item in page.items}


def key_of(item: Mapping[str, Any]) -> Key:
    """Namespace and name of an object."""
    return str(item["metadata"].get("namespace") or ""), str(item["metadata"]["name"])


def _versions(objects: Objects | None) -> dict[Key, object] | None:
    if objects is None:
        return None
    return {key: item["metadata"].get("resourceVersion") for key, item in objects.items()}
