"""Who is who in the cluster of the tests: certificates, tokens, and the files that hold them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from admission.tls.certificates import KeyPair, issue, new_authority

WEBHOOK_NAMESPACE, WEBHOOK_ACCOUNT = "gatecli-system", "gatecli-admission"
USERS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "admin": ("admin", ("system:masters",)),
        "editor": ("editor", ()),
        "webhook": (
            f"system:serviceaccount:{WEBHOOK_NAMESPACE}:{WEBHOOK_ACCOUNT}",
            ("system:serviceaccounts", f"system:serviceaccounts:{WEBHOOK_NAMESPACE}"),
        ),
        "controllers": ("system:kube-controller-manager", ()),
    }
)
"""Each kubeconfig with its user name and groups. `admin` may do anything, `controllers` what the controller
manager may; the others nothing before a role is bound to them."""
API_SERVER = "kube-apiserver"
"""The common name in the certificate that the API server shows to webhooks."""


def write_identities(folder: Path, url: str, tokens: Mapping[str, str], authority: KeyPair) -> None:
    """The files that the control plane's programs are pointed at, and `USER.kubeconfig` for each user."""
    now = datetime.now(UTC)
    server = issue(authority, ("127.0.0.1", "localhost", "kubernetes.default.svc"), now)
    accounts = new_authority(now)
    files = {
        "ca.crt": authority.certificate,
        "server.crt": server.certificate,
        "server.key": server.key,
        "accounts.key": accounts.key,
        "accounts.pub": _public(accounts),
        "tokens.csv": "".join(_token_line(user, tokens[user]) for user in USERS).encode(),
        "webhooks.kubeconfig": _kubeconfig(url, authority, "*", _shown(_client_pair(authority, now))),
        "admission.json": _admission(folder / "webhooks.kubeconfig"),
        **{
            f"{user}.kubeconfig": _kubeconfig(url, authority, user, {"token": tokens[user]}) for user in USERS
        },
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _token_line(user: str, token: str) -> str:
    name, groups = USERS[user]
    return f'{token},{name},{user},"{",".join(groups)}"\n'


def _kubeconfig(url: str, authority: KeyPair, user: str, credentials: Mapping[str, str]) -> bytes:
    cluster = {"server": url, "certificate-authority-data": _base64(authority.certificate)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "e2e", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": user}}],
        "current-context": "e2e",
    }
    return json.dumps(content).encode()


def _admission(kubeconfig: Path) -> bytes:
    """The API server's file that makes it show its certificate to every webhook."""
    version = "apiserver.config.k8s.io/v1"
    configuration: dict[str, Any] = {
        "apiVersion": version,
        "kind": "WebhookAdmissionConfiguration",
        "kubeConfigFile": str(kubeconfig),
    }
    plugins = [
        {"name": f"{kind}AdmissionWebhook", "configuration": configuration}
        for kind in ("Mutating", "Validating")
    ]
    content = {"apiVersion": version, "kind": "AdmissionConfiguration", "plugins": plugins}
    return json.dumps(content).encode()


def _client_pair(authority: KeyPair, now: datetime) -> KeyPair:
    signer = x509.load_pem_x509_certificate(authority.certificate)
    signing_key = serialization.load_pem_private_key(authority.key, None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, API_SERVER)])
    builder = x509.CertificateBuilder(signer.subject, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM), private)


def _shown(pair: KeyPair) -> dict[str, str]:
    return {"client-certificate-data": _base64(pair.certificate), "client-key-data": _base64(pair.key)}


def _public(pair: KeyPair) -> bytes:
    key = serialization.load_pem_private_key(pair.key, None).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
