"""A webhook in this process, on a free loopback port with real TLS, and whom to ask it."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from admission.cluster.access import load_pair
from admission.review.admission_review import Object
from admission.review.owner_references import OwnerReference
from admission.review.rulebook import Rulebook, rulebook_of, warm
from admission.server.health import Health
from admission.server.http_handler import BodyBounds, HttpHandler
from admission.server.metrics import Metrics, new_metrics
from admission.server.review_service import ReviewService
from admission.server.workers import Workers
from admission.tls.certificates import KeyPair, issue, new_authority
from admission.tls.endpoint import Endpoint, ServingCertificate, listen, new_context
from gatecli.checks.served_models import AttestationSource, GivenAttestations
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy

RESIDENT_ID = "440308199901101512"
TODAY = date(2026, 11, 21)


@cache
def rulebook() -> Rulebook:
    """The shipped policy, warm."""
    made = rulebook_of(default_policy(), {}, key=b"k" * 32)
    warm(made)
    return made


def rulebook_with(**admission: object) -> Rulebook:
    """The shipped policy with other rules of admission; camelCase keys."""
    data = default_policy().model_dump(mode="json", by_alias=True)
    data["spec"]["admission"] = {**data["spec"]["admission"], **admission}
    return rulebook_of(PrivacyPolicy.model_validate(data), {}, key=b"k" * 32)


def review(
    note: str = "nothing", *, uid: str = "u-1", operation: str = "CREATE", old: str = "before", **request: Any
) -> Object:
    """An AdmissionReview of a ConfigMap that holds `note`."""
    content = {
        "uid": uid,
        "operation": operation,
        "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
        "resource": {"group": "", "version": "v1", "resource": "configmaps"},
        "namespace": "shop",
        "name": "notes",
        "userInfo": {"username": "somebody"},
        "object": config_map(note, uid),
        "oldObject": config_map(old, uid) if operation == "UPDATE" else None,
        **request,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": content}


def config_map(note: str, uid: str = "u-1") -> Object:
    metadata = {"name": "notes", "namespace": "shop", "uid": uid}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"note": note}}


@cache
def authority() -> KeyPair:
    return new_authority(datetime.now(UTC))


@cache
def leaf() -> KeyPair:
    return issue(authority(), ["127.0.0.1", "localhost"], datetime.now(UTC))


def client_pair(signer: KeyPair, name: str) -> KeyPair:
    """A client certificate, such as an API server shows."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    above = x509.load_pem_x509_certificate(signer.certificate)
    signing_key = serialization.load_pem_private_key(signer.key, None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    made = (
        x509.CertificateBuilder(
            above.subject,
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            key.public_key(),
            x509.random_serial_number(),
            now - timedelta(hours=1),
            now + timedelta(hours=1),
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    return KeyPair(
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


async def no_owner(reference: OwnerReference, namespace: str) -> Object | None:
    """No owner is ever there."""


async def no_attestations(sources: Sequence[AttestationSource], namespace: str) -> GivenAttestations:
    """Nowhere is one."""
    return GivenAttestations()


async def no_secret(_: Object) -> None:
    """Nothing is kept."""


@dataclass(slots=True)
class Webhook:
    """What a test holds of a running webhook."""

    endpoint: Endpoint
    http_handler: HttpHandler
    health: Health
    metrics: Metrics
    shown: ServingCertificate
    session: aiohttp.ClientSession
    rulebooks: list[Rulebook | None] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.endpoint.port}{path}"

    async def ask(self, content: object, path: str = "/validate") -> tuple[int, Any]:
        """Post JSON; the status, and the response inside an AdmissionReview (or the text)."""
        return await self.post(json.dumps(content).encode(), path)

    async def post(
        self, body: Any, path: str = "/validate", kind: str = "application/json", **headers: str
    ) -> tuple[int, Any]:
        sent = {"Content-Type": kind, **{key.replace("_", "-"): text for key, text in headers.items()}}
        data = BytesIO(body) if isinstance(body, bytes) else body  # aiohttp warns of large bytes
        async with self.session.post(self.url(path), data=data, headers=sent) as answer:
            if answer.status != 200:
                return answer.status, await answer.text()
            return 200, (await answer.json())["response"]

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url(path)) as answer:
            return answer.status, await answer.text()


BOUNDS = BodyBounds(body_bytes=7 * 1024 * 1024, read_seconds=5.0)


@asynccontextmanager
async def webhook(
    *,
    bounds: BodyBounds = BOUNDS,
    client_ca: Path | None = None,
    client: KeyPair | None = None,
    rules: Rulebook | None = None,
    **fields: Any,
) -> AsyncIterator[Webhook]:
    """A webhook whose reviews go to the service directly; `fields` changes its fields."""
    metrics, health = new_metrics(), Health(time.monotonic, lambda: datetime.now(UTC))
    workers = Workers(2, time.monotonic)
    held: list[Rulebook | None] = [rules or rulebook()]
    judge = ReviewService(
        rulebook=lambda: held[0],
        workers=workers,
        metrics=metrics,
        day=lambda: TODAY,
        clock=time.monotonic,
        keep=no_secret,
        read_owner=no_owner,
        read_attestations=no_attestations,
        inline_bytes=64 * 1024,
        seconds=30.0,
    )
    judge = replace(judge, **fields)
    http_handler = HttpHandler(judge, health, metrics, bounds, hear=judge.rule)
    shown = ServingCertificate(health, metrics, new_context(client_ca))
    shown.show(leaf())
    health.has_rulebook = health.is_warm = health.is_attached = True
    endpoint = await listen(http_handler.receive, "127.0.0.1", 0, shown.context, seconds=2.0)
    connector = aiohttp.TCPConnector(ssl=trusting(client), limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Webhook(endpoint, http_handler, health, metrics, shown, session, held)
    finally:
        await endpoint.close()
        workers.close()


def trusting(client: KeyPair | None = None) -> ssl.SSLContext:
    """TLS that trusts the tests' authority."""
    context = ssl.create_default_context(cadata=authority().certificate.decode())
    if client is not None:
        load_pair(context, client.certificate, client.key)
    return context
