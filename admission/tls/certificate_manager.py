"""Keeps certificates current: the leader writes the Secret and the bundles, every replica serves them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from admission.cluster.client import (
    JSON_PATCH,
    Client,
    ConflictError,
    MissingError,
    ResourceKind,
)
from admission.cluster.leader_election import Candidate
from admission.logs import LOGGER
from admission.review.rulebook_sources import digest_of
from admission.server.health import Clock
from admission.server.metrics import Metrics
from admission.tls.certificates import KeyPair
from admission.tls.endpoint import ServingCertificate
from admission.tls.rotation import (
    Keyring,
    advance,
    begin,
    bundle_change,
    bundle_text,
    from_data,
    leaf_of,
    to_data,
)
from gatecli.errors import ConfigurationError, GatecliError

SECRETS = ResourceKind("", "v1", "secrets")
CONFIGURATIONS = tuple(
    ResourceKind("admissionregistration.k8s.io", "v1", plural)
    for plural in ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
)


@dataclass(slots=True)
class CertificateManager:
    """One replica's care for the certificates of all. Times of `clock` are seconds that only grow."""

    client: Client
    namespace: str
    secret: str
    configuration: str
    """The name of the validating and of the mutating webhook configuration."""
    names: Sequence[str]
    shown: ServingCertificate
    settle: timedelta
    clock: Clock
    utc: Callable[[], datetime]
    _keyring: Keyring | None = field(default=None, repr=False)
    _published: tuple[str, float] | None = None
    """The bundle that stands in every configuration, and since when."""

    async def tick(self, *, leads: bool) -> None:
        """Look once, and do what is due; only a leader writes. Raises ClusterError, ConfigurationError."""
        secret = await self._read()
        readable = self._remember(secret)
        if leads:
            secret = await self._complete_secret(secret, readable=readable)
        if secret is not None:
            self.shown.show(leaf_of(secret.get("data") or {}))

    def _remember(self, secret: dict[str, Any] | None) -> bool:
        """Whether the Secret is there and sound; every replica remembers it, for when it leads."""
        if secret is None:
            return False
        try:
            self._keyring = from_data(secret.get("data") or {})
        except ConfigurationError as error:
            LOGGER.error("%s", error.message)
            return False
        return True

    async def _complete_secret(self, secret: dict[str, Any] | None, *, readable: bool) -> dict[str, Any]:
        """The Secret as it should be; its bundle goes into the configurations with every look."""
        known = self._keyring
        settled = timedelta(seconds=self._published_for(known))
        wanted = advance(known, self.names, self.utc(), published=settled, settle=self.settle)
        if secret is None and known is not None and wanted.successor is None:
            # Somebody deleted it: new keys are wanted, and come in the order that breaks nothing.
            wanted = begin(wanted, self.utc())
        if secret is None or not readable or wanted != known:
            secret = await self._write(secret, wanted)
        self._keyring = wanted
        await self._publish(wanted)
        return secret

    def _published_for(self, keyring: Keyring | None) -> float:
        if keyring is None or self._published is None or self._published[0] != bundle_text(keyring.bundle):
            return -1.0
        return self.clock() - self._published[1]

    async def _publish(self, keyring: Keyring) -> None:
        """Put the bundle into every configuration there is; notes since when it stands in all."""
        bundle = bundle_text(keyring.bundle)
        changed = [await self._publish_to(resource, bundle) for resource in CONFIGURATIONS]
        stands = any(each is not None for each in changed)
        if not stands:
            LOGGER.warning("there is no webhook configuration by the name %s", self.configuration)
            self._published = None
        elif self._published is None or self._published[0] != bundle or any(changed):
            self._published = (bundle, self.clock())

    async def _publish_to(self, resource: ResourceKind, bundle: str) -> bool | None:
        """Whether anything had to be changed; None where there is no such configuration."""
        path = resource.path(name=self.configuration)
        try:
            found = await self.client.get(path)
        except MissingError:
            return None
        change = bundle_change(found, bundle)
        if change:
            await self.client.patch(path, change, JSON_PATCH)
            LOGGER.info("the bundle was published", extra={"fields": {"configuration": path}})
        return bool(change)

    async def _read(self) -> dict[str, Any] | None:
        try:
            return await self.client.get(SECRETS.path(self.namespace, self.secret))
        except MissingError:
            return None

    async def _write(self, old: dict[str, Any] | None, keyring: Keyring) -> dict[str, Any]:
        metadata: dict[str, Any] = {"name": self.secret, "namespace": self.namespace}
        # The type cannot be changed: a Secret that was there keeps its own.
        kind = cast("str", (old or {}).get("type") or "kubernetes.io/tls")
        body = {"apiVersion": "v1", "kind": "Secret", "type": kind, "data": to_data(keyring)}
        if old is None:
            return await self.client.create(SECRETS.path(self.namespace), {**body, "metadata": metadata})
        return await self.client.replace(
            SECRETS.path(self.namespace, self.secret), {**body, "metadata": old["metadata"]}
        )


async def keep(manager: CertificateManager, candidate: Candidate, metrics: Metrics, seconds: float) -> None:
    """Stand for election at the lease's pace, and look every `seconds`, until cancelled."""
    due = float("-inf")
    told = ""
    while True:
        problem = ""
        try:
            leads = await candidate.tick()
            if manager.clock() >= due:
                due = manager.clock() + seconds
                await manager.tick(leads=leads)
        except ConflictError:
            LOGGER.info("another replica wrote first")
        except GatecliError as error:
            problem = error.message
        if problem and problem != told:
            LOGGER.warning("certificates were not checked: %s", problem)
        told = problem
        metrics.leader.set(int(candidate.leads))
        await asyncio.sleep(min(seconds, candidate.terms.retry))


async def stand(candidate: Candidate, metrics: Metrics) -> None:
    """Stand for election alone, where the certificates are another's care, until cancelled."""
    told = ""
    while True:
        problem = ""
        try:
            await candidate.tick()
        except GatecliError as error:
            problem = error.message
        if problem and problem != told:
            LOGGER.warning("no leader was elected: %s", problem)
        told = problem
        metrics.leader.set(int(candidate.leads))
        await asyncio.sleep(candidate.terms.retry)


async def keep_files(folder: Path, shown: ServingCertificate, seconds: float) -> None:
    """Show the pair in `folder` (tls.crt, tls.key), again whenever it changes, until cancelled."""
    files = (folder / "tls.crt", folder / "tls.key")
    seen = ""
    while True:
        now = await asyncio.to_thread(digest_of, files)
        if now != seen:
            seen = now
            try:
                shown.show(await asyncio.to_thread(read_pair, files))
            except GatecliError as error:
                LOGGER.error("the certificate cannot be used: %s", error.message)
        await asyncio.sleep(seconds)


def read_pair(files: Sequence[Path]) -> KeyPair:
    """A certificate and its key from two files. Raises ConfigurationError."""
    try:
        certificate, key = (file.read_bytes() for file in files)
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename} is not readable", advice="mount the Secret of the certificate"
        ) from error
    return KeyPair(certificate, key)
