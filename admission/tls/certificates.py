"""The certificates of the webhook: an authority of our own and the leaf that the server shows.

Pure functions of what is given; `cryptography` is at home here. Keys are EC P-256 (FIPS 186-5), signed
with SHA-256, as every API server since Kubernetes 1.7 verifies them. `rotation.py` decides when.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gatecli.errors import ConfigurationError

AUTHORITY_LIFE = timedelta(days=730)
"""Long enough to outlive any stop of the cluster, short enough that its change is a habit."""
LEAF_LIFE = timedelta(days=90)
SKEW = timedelta(hours=1)
"""How far the clocks of a cluster may differ: a certificate holds this much before it is made."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM. The key is not shown."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Pair({fingerprint(self.certificate)})"


@dataclass(frozen=True, slots=True)
class ValidityPeriod:
    """The time in which a certificate holds; both ends aware of their zone."""

    begins: datetime
    ends: datetime


def new_authority(
    now: datetime, *, life: timedelta = AUTHORITY_LIFE, name: str = "gatecli admission"
) -> KeyPair:
    """A certificate that signs leaves and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Two authorities stand in one bundle during a rotation: each has a name of its own.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} CA {secrets.token_hex(4)}")])
    usage = _usage(signs_certificates=True)
    builder = (
        _builder(now, now + life, subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: KeyPair, names: Sequence[str], now: datetime, *, life: timedelta = LEAF_LIFE) -> KeyPair:
    """A server certificate for the DNS names and IP addresses in `names`; never outlives its authority."""
    signer = x509.load_pem_x509_certificate(authority.certificate)
    signing_key = _private(authority.key)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    ends = min(now + life, signer.not_valid_after_utc)
    builder = (
        _builder(now, ends, subject, signer.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    return _pair(builder.sign(signing_key, hashes.SHA256()), key)


def validity(certificate: bytes) -> ValidityPeriod:
    """When the first certificate of a PEM holds. Raises ConfigurationError where there is none."""
    parsed = certificates_of(certificate)[0]
    return ValidityPeriod(parsed.not_valid_before_utc, parsed.not_valid_after_utc)


def needs_renewal(certificate: bytes, now: datetime) -> bool:
    """Whether two thirds of its life are over (or it does not hold yet: a clock was set back)."""
    holds = validity(certificate)
    return now >= holds.begins + (holds.ends - holds.begins) * 2 / 3 or now < holds.begins


def covers(certificate: bytes, names: Sequence[str]) -> bool:
    """Whether it was made for all of these names."""
    parsed = certificates_of(certificate)[0]
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return False
    return set(extension.value) >= {_general(name) for name in names}


def signed_by(certificate: bytes, authority: bytes) -> bool:
    return _is_issued_by(certificates_of(certificate)[0], certificates_of(authority)[0])


def leads_to(chain: bytes, bundle: bytes, now: datetime) -> bool:
    """Whether the first certificate of a PEM is one of `bundle` that still holds, or signed by such a one,
    directly or through the others. Raises ConfigurationError.
    """
    leaf, *others = certificates_of(chain)
    trusted = [each for each in certificates_of(bundle) if each.not_valid_after_utc > now]
    reached = [leaf]
    for signer in reached:
        if any(signer == each or _is_issued_by(signer, each) for each in trusted):
            return True
        reached += [each for each in others if each not in reached and _is_issued_by(signer, each)]
    return False


def _is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def belong_together(pair: KeyPair) -> bool:
    """Whether the key is the certificate's; False for a text that is not a key."""
    public = certificates_of(pair.certificate)[0].public_key()
    try:
        return public == serialization.load_pem_private_key(pair.key, None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the first certificate, hexadecimal: what a log may tell."""
    return certificates_of(certificate)[0].fingerprint(hashes.SHA256()).hex()


def split_bundle(bundle: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM bundle, each once, in order."""
    found = (each.public_bytes(serialization.Encoding.PEM) for each in certificates_of(bundle))
    return tuple(dict.fromkeys(found))


def certificates_of(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM; ConfigurationError where there is none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise ConfigurationError(
            "a certificate is not PEM", advice="give a file that begins with -----BEGIN CERTIFICATE-----"
        ) from error


def _builder(
    now: datetime,
    ends: datetime,
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return builder.not_valid_before(now - SKEW).not_valid_after(ends)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key: PrivateKeyTypes = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigurationError(
            "the authority's key is not an elliptic curve key", advice="delete the Secret; a new one is made"
        )
    return key


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    return KeyPair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
