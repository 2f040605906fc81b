"""Attestations of a workload that do not stand in it: in a ConfigMap, or in a registry beside its image."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from admission.cluster.client import Client, ClusterError, MissingError, ResourceKind
from admission.cluster.registries import Registries, RegistryError, read_credentials
from admission.logs import LOGGER
from admission.settings import WebhookSettings
from gatecli.checks.served_models import AttestationSource, GivenAttestations, bundle_bytes

CONFIG_MAPS = ResourceKind("", "v1", "configmaps")
MOST = 16
"""Places that are looked at for one workload; what more it names is not read."""

MOST_TEXTS = 32
"""Texts of a ConfigMap that are read, by the order of their names."""


@dataclass(frozen=True, slots=True)
class AttestationReader:
    """Reads attestations, all within `seconds`: a review waits for it."""

    client: Client
    registries: Registries
    seconds: float

    async def __call__(self, sources: Sequence[AttestationSource], namespace: str) -> GivenAttestations:
        """What is there, and which places could not be read, which is logged without their names."""
        looked = sources[:MOST]
        read = [known for each in looked if (known := self._recall(each)) is not None]
        if len(read) < len(looked):
            read = await asyncio.gather(*(self._read(source, namespace) for source in looked))
        unread = [why for given in read for why in given.unread]
        if len(sources) > MOST:
            unread.append(f"it names more than {MOST} places of attestations")
        found = tuple(each for given in read for each in given.found)
        return GivenAttestations(found, tuple(unread), tuple(why for given in read for why in given.empty))

    def _recall(self, source: AttestationSource) -> GivenAttestations | None:
        """What a registry said a while ago, without a task that would wait for it."""
        if source.kind != "registry":
            return None
        found = self.registries.recall(source.registry, source.name, source.digest)
        return None if found is None else GivenAttestations(tuple((str(source), each) for each in found))

    async def _read(self, source: AttestationSource, namespace: str) -> GivenAttestations:
        try:
            async with asyncio.timeout(self.seconds):
                contents = await self._contents(source, namespace)
        except (ClusterError, RegistryError, TimeoutError) as error:
            why = str(error) if isinstance(error, RegistryError) else type(error).__name__
            LOGGER.warning("attestations could not be read from %s: %s", source, why)
            return GivenAttestations(unread=(f"{source} could not be read",))
        found = tuple((str(source), each) for each in contents or ())
        is_registry = source.kind == "registry"
        return GivenAttestations(found, empty=() if found or is_registry else (_why_empty(source, contents),))

    async def _contents(self, source: AttestationSource, namespace: str) -> Sequence[bytes] | None:
        """What is there; None where the ConfigMap is not."""
        if source.kind == "registry":
            return await self.registries.attestations_of(source.registry, source.name, source.digest)
        if not namespace:
            return None
        try:
            found = await self.client.get(CONFIG_MAPS.path(namespace, source.name))
        except MissingError:
            return None
        return tuple(_texts(found.get("data")))


def _why_empty(source: AttestationSource, contents: Sequence[bytes] | None) -> str:
    return f"{source} is not there" if contents is None else f"{source} is empty"


SHARE = 3
"""A third of the time for an answer, at most, is spent on waiting for attestations."""


@asynccontextmanager
async def attestations_of(settings: WebhookSettings, client: Client) -> AsyncIterator[AttestationReader]:
    """The reader of an installation. Raises ConfigurationError for credentials that cannot be read."""
    config = settings.registry_config
    registries = Registries(time.monotonic, credentials=read_credentials(config) if config else {})
    try:
        yield AttestationReader(client, registries, settings.request_seconds / SHARE)
    finally:
        await registries.close()


def _texts(data: object) -> Iterator[bytes]:
    named = sorted(data.items()) if isinstance(data, dict) else []
    for _, text in named[:MOST_TEXTS]:
        if isinstance(text, str):
            yield bundle_bytes(text)
