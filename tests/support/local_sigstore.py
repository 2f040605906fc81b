"""An instance of Sigstore on loopback: a certificate authority, a certificate log, and a log of entries.

It answers as Fulcio (API version 2) and Rekor (version 1) do, each with one key. Each entry is
alone in its log.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from gatecli.attestation.strict_json import canonical_bytes
from gatecli.ledger.merkle import leaf_hash

ISSUER = "https://issuer.example"
IDENTITY = "https://ci.example/acme/models/release.yml@refs/heads/main"
_ISSUER_V1, _ISSUER_V2 = "1.3.6.1.4.1.57264.1.1", "1.3.6.1.4.1.57264.1.8"
_LONG_AGO = {"start": "2020-01-01T00:00:00Z"}


def identity_token(identity: str = IDENTITY, audience: str = "sigstore", minutes: int = 10) -> str:
    """A token that nobody signed: Sigstore's clients do not verify it, and neither does this authority."""
    now = int(datetime.now(UTC).timestamp())
    times = {"iat": now - 60, "nbf": now - 60, "exp": now + 60 * minutes}
    claims = {"iss": ISSUER, "sub": identity, "aud": audience, **times}
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    texts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*texts, "c2lnbmF0dXJl"))


def _key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def _der(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _log_id(key: EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_der(key)).digest()


def _sign(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ECDSA(SHA256()))


@dataclass(frozen=True)
class LocalSigstore:
    """The keys of the three services, and the certificate of the authority."""

    authority: EllipticCurvePrivateKey = field(default_factory=_key)
    certificate_log: EllipticCurvePrivateKey = field(default_factory=_key)
    entry_log: EllipticCurvePrivateKey = field(default_factory=_key)

    def root(self) -> x509.Certificate:
        """The certificate of the authority, signed by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of tests")])
        key = self.authority.public_key()
        usage = x509.KeyUsage(**{each: each in {"key_cert_sign", "crl_sign"} for each in _USAGES})
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key)
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .sign(self.authority, SHA256())
        )

    def certify(self, key: EllipticCurvePublicKey, identity: str, now: datetime) -> x509.Certificate:
        """A certificate of ten minutes, with the promise of the certificate log in it."""
        plain = self._certificate(key, identity, now)
        return self._certificate(key, identity, now, self._promise(plain, now), plain.serial_number)

    def _certificate(
        self,
        key: EllipticCurvePublicKey,
        identity: str,
        now: datetime,
        promise: bytes | None = None,
        serial: int | None = None,
    ) -> x509.Certificate:
        issuer = ISSUER.encode()
        usage = x509.KeyUsage(**{each: each == "digital_signature" for each in _USAGES})
        root = self.root()
        skid = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number() if serial is None else serial)
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(skid), critical=False
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True
            )
            .add_extension(_extension(_ISSUER_V1, issuer), critical=False)
            .add_extension(_extension(_ISSUER_V2, bytes([0x0C, len(issuer)]) + issuer), critical=False)
        )
        if promise is not None:
            oid = ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS.dotted_string
            builder = builder.add_extension(_extension(oid, promise), critical=False)
        return builder.sign(self.authority, SHA256())

    def _promise(self, certificate: x509.Certificate, now: datetime) -> bytes:
        """A signed certificate timestamp (RFC 6962, 3.2 and 3.3), as the extension holds it."""
        milliseconds = int(now.timestamp()) * 1000
        body = certificate.tbs_certificate_bytes
        issuer = hashlib.sha256(_der(self.authority)).digest()
        entry = struct.pack("!BBQH", 0, 0, milliseconds, 1) + issuer + _sized(body, 3) + _sized(b"", 2)
        signature = _sign(self.certificate_log, entry)
        stamp = b"\x00" + _log_id(self.certificate_log) + struct.pack("!Q", milliseconds) + _sized(b"", 2)
        stamp += b"\x04\x03" + _sized(signature, 2)
        listed = _sized(_sized(stamp, 2), 2)
        return b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else bytes([0x81, len(listed)])) + listed

    def enter(self, proposed: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The entry of an envelope, alone in the log."""
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        payload = base64.b64decode(envelope["payload"])
        spec = {
            "envelopeHash": _sha256(content["envelope"].encode()),
            "payloadHash": _sha256(payload),
            "signatures": [
                {"signature": envelope["signatures"][0]["sig"], "verifier": content["verifiers"][0]}
            ],
        }
        body = canonical_bytes({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        log_id, at = _log_id(self.entry_log), int(now.timestamp())
        root = leaf_hash(body)
        promised = {"body": _b64(body), "integratedTime": at, "logID": log_id.hex(), "logIndex": 0}
        note = f"log.example\n1\n{_b64(root)}\n"
        signed = _b64(log_id[:4] + _sign(self.entry_log, note.encode()))
        proof = {
            "checkpoint": f"{note}\n\u2014 log.example {signed}\n",
            "hashes": [],
            "logIndex": 0,
            "rootHash": root.hex(),
            "treeSize": 1,
        }
        stamp = _b64(_sign(self.entry_log, canonical_bytes(promised)))
        return {"0": {**promised, "verification": {"inclusionProof": proof, "signedEntryTimestamp": stamp}}}

    def trust_root(self) -> dict[str, Any]:
        """What `--trust-root` names."""
        certificate = {"rawBytes": _b64(self.root().public_bytes(Encoding.DER))}
        authority = {
            "subject": {"organization": "example", "commonName": "an authority of tests"},
            "uri": "https://authority.example",
            "certChain": {"certificates": [certificate]},
            "validFor": _LONG_AGO,
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(self.entry_log, "https://log.example")],
            "certificateAuthorities": [authority],
            "ctlogs": [_log(self.certificate_log, "https://certificates.example")],
            "timestampAuthorities": [],
        }

    def trust_config(self, url: str) -> dict[str, Any]:
        """What `--trust-config` names: the same, and where the services are."""
        service = {"url": url, "majorApiVersion": 1, "validFor": _LONG_AGO, "operator": "example"}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trust_root(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [],
                "rekorTlogUrls": [service],
                "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _extension(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def _sized(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _sha256(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _log(key: EllipticCurvePrivateKey, url: str) -> dict[str, Any]:
    public = {
        "rawBytes": _b64(_der(key)),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": _LONG_AGO,
    }
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": public,
        "logId": {"keyId": _b64(_log_id(key))},
    }


@contextmanager
def serve(sigstore: LocalSigstore) -> Iterator[str]:
    """The address of the services, while they answer."""

    class Services(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            now = datetime.now(UTC).replace(microsecond=0)
            if self.path.endswith("/signingCert"):
                answer = _certified(sigstore, asked, self.headers["Authorization"], now)
            else:
                answer = sigstore.enter(asked, now)
            content = json.dumps(answer).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Services)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certified(
    sigstore: LocalSigstore, asked: Mapping[str, Any], authorization: str, now: datetime
) -> dict[str, Any]:
    request = x509.load_pem_x509_csr(base64.b64decode(asked["certificateSigningRequest"]))
    claims = authorization.split(".")[1]
    identity = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    key = request.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    chain = (sigstore.certify(key, identity, now), sigstore.root())
    certificates = [each.public_bytes(Encoding.PEM).decode() for each in chain]
    return {"signedCertificateEmbeddedSct": {"chain": {"certificates": certificates}}}
