"""Others verify what gatecli signs, and gatecli what they sign: securesystemslib and model-signing."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gatecli.attestation.envelopes import bundle_text, envelope_data
from gatecli.attestation.keys import StatementSigner, read_signing_key
from gatecli.attestation.statements import PAYLOAD_TYPE, statement_bytes
from gatecli.cli.app import main
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.attestation_keys import KeySource, open_signing_key
from gatecli.gates.attested_files import folder_digests
from gatecli.gates.attesting import sign
from gatecli.model.attestation import MODEL_SIGNING
from tests.support.attestations import (
    ed25519_pem,
    p256_pem,
    rules_of,
    statement,
    terms,
    trusted,
    write_keys,
)

PEMS = {"ed25519": ed25519_pem(), "p256": p256_pem()}


@pytest.fixture(params=PEMS, name="pem")
def each_kind(request: pytest.FixtureRequest) -> bytes:
    return PEMS[str(request.param)]


def their_signer(pem: bytes) -> Any:
    securesystemslib = import_module("securesystemslib.signer")
    return securesystemslib.CryptoSigner(load_pem_private_key(pem, None))


def our_signer(pem: bytes) -> StatementSigner:
    return read_signing_key(pem, None, "a key")


class TestSecuresystemslib:
    """DSSE envelopes, as in-toto and TUF have them."""

    def test_it_verifies_our_envelope(self, pem: bytes) -> None:
        Envelope = import_module("securesystemslib.dsse").Envelope  # noqa: N806 - it is a class
        ours = our_signer(pem)
        key = their_signer(pem).public_key
        key.keyid = ours.public.id
        envelope = Envelope.from_dict(envelope_data(sign(statement(), ours)))
        assert list(envelope.verify([key], 1)) == [ours.public.id]

    def test_we_verify_its_envelope(self, pem: bytes) -> None:
        Envelope = import_module("securesystemslib.dsse").Envelope  # noqa: N806 - it is a class
        theirs = Envelope(statement_bytes(statement()), PAYLOAD_TYPE, {})
        theirs.sign(their_signer(pem))
        written = json.dumps(theirs.to_dict(), indent=2).encode()
        assert rules_of(written, terms(trusted(our_signer(pem)))) == set()
        stranger = read_signing_key(ed25519_pem(), None, "a key")
        assert rules_of(written, terms(trusted(stranger))) == {"attestation-unverified"}

    def test_it_counts_one_key_under_two_ids_twice_and_we_do_not(self) -> None:
        Envelope = import_module("securesystemslib.dsse").Envelope  # noqa: N806 - it is a class
        signer = their_signer(PEMS["ed25519"])
        theirs = Envelope(statement_bytes(statement()), PAYLOAD_TYPE, {})
        for name in ("one", "two"):
            signer.public_key.keyid = name
            theirs.sign(signer)
        ours = our_signer(PEMS["ed25519"])
        written = json.dumps(theirs.to_dict()).encode()
        twice = terms(trusted(ours, "one"), trusted(ours, "two"), threshold=2)
        assert rules_of(written, twice) == {"attestation-unverified"}

    def test_a_key_behind_one_of_its_uris_signs(self, pem: bytes, tmp_path: Path) -> None:
        """Services need a network; a file goes the same way."""
        private, public = write_keys(tmp_path, pem)
        signer = open_signing_key(KeySource(f"kms://file2:{private}", str, None, public))
        written = bundle_text(sign(statement(), signer)).encode()
        assert rules_of(written, terms(trusted(signer))) == set()

    def test_what_does_not_hold_by_the_public_key_is_told(self) -> None:
        managed = import_module("gatecli.attestation.managed_keys")
        other = read_signing_key(ed25519_pem(), None, "a key").public
        with pytest.raises(UncheckableError, match="does not hold"):
            managed.ManagedKey(their_signer(PEMS["ed25519"]), other).sign(b"data")

    def test_a_service_that_cannot_be_used_is_told_without_its_uri(self, tmp_path: Path) -> None:
        _, public = write_keys(tmp_path, ed25519_pem())
        with pytest.raises(UsageError, match="cannot be used") as found:
            open_signing_key(KeySource("kms://nosuchkms:secret-name", str, None, public))
        assert "secret-name" not in str(found.value)


@pytest.fixture(name="model")
def small_model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    for name in ("weights.bin", "a-b", "a/b", ".gitignore", "below/.gitignore"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


class TestModelSigning:
    """Sigstore bundles over folders; its own keys are of elliptic curves alone."""

    def test_its_root_is_ours(self, model: Path) -> None:
        hashing = import_module("model_signing.hashing")
        signing = import_module("model_signing._signing.signing")
        payload = signing.Payload(hashing.Config().hash(model))
        assert payload.statement.pb.subject[0].digest["sha256"] == folder_digests(model)[MODEL_SIGNING]

    def test_we_verify_what_it_signed(self, model: Path, tmp_path: Path) -> None:
        model_signing = import_module("model_signing")
        private, public = write_keys(tmp_path, PEMS["p256"])
        signature = model / "model.sig"
        model_signing.signing.Config().use_elliptic_key_signer(private_key=private).set_hashing_config(
            model_signing.hashing.Config().set_ignored_paths(paths=[signature])
        ).sign(model, signature)
        verify = ["verify", str(signature), "--type", "model-signing", "--artifact", str(model)]
        assert main([*verify, "--key", str(public)]) == 0
        assert main(["verify", str(signature), "--artifact", str(model), "--key", str(public)]) == 4
        (tmp_path / "other").mkdir()
        _, other = write_keys(tmp_path / "other", p256_pem())
        assert main([*verify, "--key", str(other)]) == 1
        (model / "weights.bin").write_text("changed")
        assert main([*verify, "--key", str(public)]) == 1

    def test_it_verifies_the_signature_of_our_bundle(self, tmp_path: Path) -> None:
        """Of the envelope; its own predicate is the only one that it goes on to read."""
        keys = import_module("model_signing._signing.sign_ec_key")
        bundles = import_module("model_signing._signing.sign_sigstore_pb")
        _, public = write_keys(tmp_path, PEMS["p256"])
        said = statement()
        file = tmp_path / "a.json"
        file.write_text(bundle_text(sign(said, our_signer(PEMS["p256"]))))
        kind, payload = keys.Verifier(public)._verify_signed_content(bundles.Signature.read(file))
        assert (kind, payload) == (PAYLOAD_TYPE, statement_bytes(said))

    def test_it_refuses_our_bundle_by_another_key(self, tmp_path: Path) -> None:
        keys = import_module("model_signing._signing.sign_ec_key")
        bundles = import_module("model_signing._signing.sign_sigstore_pb")
        _, public = write_keys(tmp_path, p256_pem())
        file = tmp_path / "a.json"
        file.write_text(bundle_text(sign(statement(), our_signer(PEMS["p256"]))))
        with pytest.raises(ValueError, match="Key mismatch"):
            keys.Verifier(public)._verify_signed_content(bundles.Signature.read(file))
