"""Certificates of Sigstore: a bundle that its staging instance signed, and what is not one."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pytest

from gatecli.attestation.certificates import CertifiedIdentity, CertifiedSignature, read_trust_root
from gatecli.attestation.envelopes import read_bundle
from gatecli.attestation.verification import signers_of
from gatecli.errors import MissingExtraError, UsageError
from gatecli.gates.trusted_signers import KEPT_ROOT
from tests.support.attestations import bundle, ed25519, trusted

SIGNED = (Path(__file__).parent / "sigstore-staging.sigstore.json").read_bytes()
"""Of the tests of github.com/sigstore/sigstore-python: test/assets/a.dsse.staging-rekor-v2.txt."""
STAGING = "https%3A%2F%2Ftuf-repo-cdn.sigstage.dev"
GITHUB = "https://token.actions.githubusercontent.com"
BEACON = CertifiedIdentity(
    GITHUB,
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main",
)
STRANGER = CertifiedIdentity(GITHUB, "https://github.com/acme/models/.github/workflows/a.yml@refs/heads/main")


def signature(content: bytes, *wanted: CertifiedIdentity, root: bytes | None) -> CertifiedSignature:
    payload = read_bundle(content).envelope.payload
    return read_trust_root(root, "a root").signature_of(content, payload, wanted)


def staging_root() -> bytes:
    return (files("sigstore") / "_store" / STAGING / "trusted_root.json").read_bytes()


def test_a_bundle_of_sigstores_staging_instance_holds_by_its_root() -> None:
    assert signature(SIGNED, STRANGER, BEACON, root=staging_root()) == CertifiedSignature(BEACON)
    assert signature(SIGNED, STRANGER, root=staging_root()) == CertifiedSignature(None)


def test_it_does_not_hold_by_the_root_of_the_public_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert signature(SIGNED, BEACON, root=None).problem


def test_a_payload_that_somebody_else_read_is_not_what_was_signed() -> None:
    trust = read_trust_root(staging_root(), "a root")
    assert trust.signature_of(SIGNED, b"another", [BEACON]).problem == "it signs something else"


def test_a_bundle_of_a_key_has_no_certificate() -> None:
    content = bundle(ed25519())
    assert signature(content, BEACON, root=staging_root()).owner is None


def test_who_signed_is_nobody_where_no_certificate_counts() -> None:
    read = read_bundle(SIGNED)
    assert read.certified == SIGNED
    assert signers_of([read], [trusted(ed25519())]).signed == ()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"mediaType": "x"}'])
def test_what_is_not_a_trust_root_is_a_usage_error(content: bytes) -> None:
    with pytest.raises(UsageError, match="a root is not a trust root"):
        read_trust_root(content, "a root")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gatecli.attestation.keyless", raising=False)
    monkeypatch.setitem(sys.modules, "sigstore.models", None)
    with pytest.raises(MissingExtraError) as caught:
        read_trust_root(None, KEPT_ROOT)
    assert caught.value.advice == "pip install 'gatecli[sigstore]'"
