"""What a collection of the cluster holds, kept current: listed once, then watched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from admission.cluster.client import Client, ClusterError, ExpiredError, MissingError
from admission.logs import LOGGER

Key = tuple[str, str]
"""Namespace ("" where there is none) and name."""


@dataclass(slots=True)
class Mirror:
    """The objects under `path`; `changed` is set with every change. Failures are told, and tried again."""

    client: Client
    path: str
    changed: asyncio.Event
    pause: float = 5.0
    objects: dict[Key, dict[str, Any]] = field(default_factory=dict)
    is_complete: bool = False
    """Whether all was listed at least once."""

    async def follow(self) -> None:
        """Keep it current until cancelled."""
        version, told = "", ""
        while True:
            try:
                version = version or await self._list()
                version = await self._watch(version)
                told = ""
            except ExpiredError:
                version = ""
                await asyncio.sleep(min(self.pause, 1.0))
            except RecursionError:
                LOGGER.error("policies are not watched: an object is nested too deeply")
                await asyncio.sleep(self.pause)
            except ClusterError as error:
                # A definition that was deleted takes its objects along.
                version = "" if isinstance(error, MissingError) else version
                if error.message != told:
                    LOGGER.warning("policies are not watched: %s", error.message)
                told = error.message
                await asyncio.sleep(self.pause)

    async def _list(self) -> str:
        found: dict[Key, dict[str, Any]] = {}
        version = ""
        async for page in self.client.pages(self.path):
            found |= {key_of(item): item for item in page.items}
            version = page.version
        self._put(found)
        return version

    def _put(self, found: dict[Key, dict[str, Any]]) -> None:
        self.objects, self.is_complete = found, True
        self.changed.set()

    async def _watch(self, version: str) -> str:
        """The version to go on from when the server ends the stream."""
        async for event in self.client.watch(self.path, version):
            version = event.version
            if event.kind in {"ADDED", "MODIFIED"}:
                self._put({**self.objects, key_of(event.object): event.object})
            elif event.kind == "DELETED":
                gone = key_of(event.object)
                self._put({key: item for key, item in self.objects.items() if key != gone})
        return version


def key_of(item: dict[str, Any]) -> Key:
    """Namespace and name of an object."""
    return str(item["metadata"].get("namespace") or ""), str(item["metadata"]["name"])
