"""Azure Key Vault and a machine's managed identity on loopback, spoken to by the real SDK under real names.

It is a proxy (`HTTPS_PROXY`): whoever asks for a tunnel to `NAME.vault.azure.net` reaches a server with a
certificate of that name, whose authority the SDK is told to trust (`REQUESTS_CA_BUNDLE`). Tokens come from
the address that Azure ML gives to a job (`MSI_ENDPOINT`). Source: Key Vault's REST API, Get Secret;
azure-identity's own credential for Azure ML.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

VAULT = "https://hospital-keys.vault.azure.net"
TOKEN = "a-token-of-tests"  # noqa: S105 - nobody's
TENANT = "11111111-2222-3333-4444-555555555555"
VERSION, OLDER = "0" * 31 + "2", "0" * 31 + "1"
CLEARED = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT", "IMDS_ENDPOINT")
_START, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def lacking() -> str | None:
    """Why the SDK cannot be asked here; None where it can."""
    with suppress(ModuleNotFoundError):
        if find_spec("azure.keyvault.secrets") and find_spec("azure.identity"):
            return None
    return "not installed: azure-identity, azure-keyvault-secrets"


@dataclass
class LocalVault:
    """What the vault holds: versions of secrets by name, the newest last. `denied` are refused."""

    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    has_identity: bool = True
    asked: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str, token: str | None) -> tuple[int, Mapping[str, Any]]:
        """The status and the body of `GET path`."""
        if token != f"Bearer {TOKEN}":
            return 401, _error("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
        self.asked.append(path)
        match = re.fullmatch(r"/secrets/([^/]+)/?([^/]*)", path)
        name, version = match.groups() if match else ("", "")
        if name in self.denied:
            return 403, _error("Forbidden", "The user does not have secrets get permission")
        versions = self.secrets.get(name, {})
        version = version or next(reversed(versions), "")
        if version not in versions:
            return 404, _error("SecretNotFound", f"A secret with {name} was not found")
        attributes = {"enabled": name not in self.disabled, "created": 1, "updated": 1}
        address = f"{VAULT}/secrets/{name}/{version}"
        return 200, {"value": versions[version], "id": address, "attributes": attributes}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


class _Handler(BaseHTTPRequestHandler):
    vault: LocalVault
    context: ssl.SSLContext
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        """Answer behind the tunnel in place of whoever was asked for."""
        self.send_response(200)
        self.end_headers()
        with suppress(OSError), self.context.wrap_socket(self.connection, server_side=True) as inner:
            type(self)(inner, self.client_address, self.server)
        self.close_connection = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/msi/token":
            self._send(*self._token())
        else:
            self._send(*self.vault.answer(path, self.headers.get("Authorization")))

    def _token(self) -> tuple[int, Mapping[str, Any]]:
        if not self.vault.has_identity or self.headers.get("secret") != "of-this-machine":
            return 400, {"error": "no identity"}
        expires = int(time.time()) + 3600
        return 200, {
            "access_token": TOKEN,
            "expires_on": str(expires),
            "token_type": "Bearer",
            "resource": "https://vault.azure.net",
        }

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        if status == 401:
            authority = f"https://login.microsoftonline.com/{TENANT}"
            challenge = f'Bearer authorization="{authority}", resource="https://vault.azure.net"'
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def local_vault(folder: Path) -> Iterator[LocalVault]:
    """A vault while it serves; its `environment` leads the SDK there."""
    vault = LocalVault()
    authority, chain = _certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    own = type("Own", (_Handler,), {"vault": vault, "context": context})
    server = ThreadingHTTPServer(("127.0.0.1", 0), own)
    server.daemon_threads = True
    port = server.server_address[1]
    vault.environment = {
        "HTTPS_PROXY": f"http://127.0.0.1:{port}",
        "NO_PROXY": "127.0.0.1",
        "REQUESTS_CA_BUNDLE": str(authority),
        "MSI_ENDPOINT": f"http://127.0.0.1:{port}/msi/token",
        "MSI_SECRET": "of-this-machine",
    }
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield vault
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificates(folder: Path) -> tuple[Path, Path]:
    """The authority's certificate, and the server's chain with its key."""
    root_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root = _certificate("an authority of tests", root_key, None, root_key)
    leaf = _certificate("a vault of tests", key, root, root_key)
    authority, chain = folder / "authority.pem", folder / "vault.pem"
    authority.write_bytes(root.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain.write_bytes(leaf.public_bytes(Encoding.PEM) + private)
    return authority, chain


def _certificate(
    name: str, key: EllipticCurvePrivateKey, issuer: x509.Certificate | None, signer: EllipticCurvePrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName("*.vault.azure.net"), x509.DNSName("login.microsoftonline.com")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_END)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, SHA256())
