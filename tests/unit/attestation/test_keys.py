"""Keys: from PEM, encrypted or not, of two kinds and no other."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gatecli.attestation.keys import StatementSigner, managed_key, read_signing_key, read_verifying_key
from gatecli.errors import MissingExtraError, UsageError
from gatecli.gates.attestation_keys import KeySource, open_signing_key, public_key_in
from tests.support.attestations import ed25519, ed25519_pem, p256, p256_pem


@pytest.mark.parametrize("make", [ed25519, p256])
def test_what_a_key_signs_holds_by_its_public_half(make: Callable[[], StatementSigner]) -> None:
    signer = make()
    public = read_verifying_key(signer.public.pem.encode(), "a key")
    signature = signer.sign(b"data")
    assert public.holds(signature, b"data")
    assert not public.holds(signature, b"other")
    assert not public.holds(signature[:-1], b"data")
    assert public.id == hashlib.sha256(public.pem.encode()).hexdigest()


def test_a_signature_of_one_algorithm_does_not_hold_by_a_key_of_the_other() -> None:
    one, other = ed25519(), p256()
    assert not other.public.holds(one.sign(b"data"), b"data")
    assert not one.public.holds(other.sign(b"data"), b"data")


def test_an_encrypted_key_needs_its_passphrase() -> None:
    pem = ed25519_pem(b"correct horse")
    assert read_signing_key(pem, b"correct horse", "the key").sign(b"x")
    with pytest.raises(UsageError, match="needs a passphrase"):
        read_signing_key(pem, None, "the key")
    with pytest.raises(UsageError, match="passphrase is another one"):
        read_signing_key(pem, b"battery", "the key")


def test_a_passphrase_for_a_key_without_one_is_refused() -> None:
    with pytest.raises(UsageError, match="not encrypted"):
        read_signing_key(ed25519_pem(), b"correct horse", "the key")


@pytest.mark.parametrize("pem", [b"", b"no key", ed25519().public.pem.encode()])
def test_what_is_no_private_key_is_refused(pem: bytes) -> None:
    with pytest.raises(UsageError, match="no private key"):
        read_signing_key(pem, None, "the key")


def test_a_private_key_is_not_taken_for_a_public_one() -> None:
    with pytest.raises(UsageError, match="no public key"):
        read_verifying_key(ed25519_pem(), "the key")


def test_a_key_over_another_curve_is_refused() -> None:
    key = generate_private_key(SECP384R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(UsageError, match="neither Ed25519 nor ECDSA"):
        read_signing_key(pem, None, "the key")


def test_a_key_is_found_in_a_variable() -> None:
    pem = p256_pem()
    source = KeySource("env:SIGNING", {"SIGNING": pem.decode()}.__getitem__)
    assert open_signing_key(source).public.id == read_signing_key(pem, None, "x").public.id


def test_an_empty_variable_is_told_by_its_name() -> None:
    with pytest.raises(UsageError, match="the variable SIGNING holds no key"):
        open_signing_key(KeySource("env:SIGNING", lambda _: ""))


def test_a_key_of_a_service_needs_its_public_half() -> None:
    with pytest.raises(UsageError, match="needs its public half"):
        open_signing_key(KeySource("kms://awskms:x", str))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        public_key_in(tmp_path / "none.pub")


def absent(_name: str) -> None:
    raise ImportError


def test_a_missing_library_of_keys_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatecli.attestation.keys.module", absent)
    with pytest.raises(MissingExtraError) as found:
        read_signing_key(b"", None, "x")
    assert "gatecli[attest]" in found.value.advice


def test_a_missing_library_of_services_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ed25519().public
    for name in ("securesystemslib", "securesystemslib.signer"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError) as found:
        managed_key("awskms:x", known)
    assert "gatecli[kms]" in found.value.advice
