"""Verification: attacks on who signed, what about, when, and by which policy."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date, timedelta
from typing import Any

import pytest

from gatecli.attestation.envelopes import Envelope, EnvelopeSignature, bundle_text, envelope_data, read_bundle
from gatecli.attestation.statements import statement_bytes
from gatecli.attestation.strict_json import InvalidBundle, canonical_bytes
from gatecli.checks.attestation import GivenArtifact, TrustTerms
from gatecli.errors import UsageError
from gatecli.gates.attesting import countersign
from gatecli.model.attestation import AttestedSubject, TableAnonymity
from tests.support.attestations import (
    NOW,
    POLICY,
    bundle,
    ed25519,
    p256,
    rules_of,
    statement,
    terms,
    trusted,
)

ONE, OTHER, STRANGER = ed25519(), p256(), ed25519()
TRUST = terms(trusted(ONE))


def envelope_of(*signatures: EnvelopeSignature, payload: bytes | None = None) -> bytes:
    """An envelope alone, which may hold several signatures."""
    return canonical_bytes(envelope_data(Envelope(payload or statement_bytes(statement()), signatures)))


def signature(signer: Any, key_id: str | None = None) -> EnvelopeSignature:
    signed = Envelope(statement_bytes(statement()), ()).signed_bytes
    return EnvelopeSignature(signer.public.id if key_id is None else key_id, signer.sign(signed))


def test_an_honest_attestation_breaks_no_rule() -> None:
    assert rules_of(bundle(ONE), TRUST) == set()
    assert rules_of(bundle(OTHER), terms(trusted(OTHER))) == set()


def test_a_stranger_is_nobody() -> None:
    assert rules_of(bundle(STRANGER), TRUST) == {"attestation-unverified"}


def test_a_signature_under_another_id_is_refused() -> None:
    data = json.loads(bundle(STRANGER))
    data["dsseEnvelope"]["signatures"][0]["keyid"] = ONE.public.id
    data["verificationMaterial"]["publicKey"]["hint"] = ONE.public.id
    assert rules_of(canonical_bytes(data) + b"\n", TRUST) == {"attestation-unverified"}


def test_the_id_of_a_stranger_beside_a_good_signature_is_a_change() -> None:
    data = json.loads(bundle(ONE))
    data["dsseEnvelope"]["signatures"][0]["keyid"] = "x"
    data["verificationMaterial"]["publicKey"]["hint"] = "x"
    assert rules_of(canonical_bytes(data) + b"\n", TRUST) == {"attestation-unverified"}


def test_a_statement_is_not_moved_under_another_signature() -> None:
    data = json.loads(bundle(ONE))
    lower = statement_bytes(statement(datasets=("others",)))
    data["dsseEnvelope"]["payload"] = base64.b64encode(lower).decode()
    assert rules_of(canonical_bytes(data) + b"\n", TRUST) == {"attestation-unverified"}


def test_one_key_under_two_names_is_one_signature() -> None:
    both = terms(trusted(ONE, "a"), trusted(ONE, "b"), threshold=2)
    assert rules_of(bundle(ONE), both) == {"attestation-unverified"}
    twice = envelope_of(signature(ONE), signature(ONE, "other id"))
    assert rules_of(twice, both) == {"attestation-unverified"}


def test_two_keys_in_two_bundles_reach_a_threshold_of_two() -> None:
    both = terms(trusted(ONE, "a"), trusted(OTHER, "b"), threshold=2)
    assert rules_of([bundle(ONE), bundle(OTHER)], both) == set()
    assert rules_of([bundle(ONE), bundle(ONE)], both) == {"attestation-unverified"}


def test_a_bad_signature_of_a_trusted_key_is_refused_beside_a_good_one() -> None:
    bad = EnvelopeSignature(OTHER.public.id, signature(STRANGER).signature)
    assert rules_of(envelope_of(signature(ONE), bad), terms(trusted(ONE), trusted(OTHER))) == {
        "attestation-unverified"
    }


def test_a_signature_of_a_stranger_beside_a_good_one_does_not_count() -> None:
    both = envelope_of(signature(ONE), signature(STRANGER))
    assert rules_of(both, TRUST) == set()
    assert rules_of(both, terms(trusted(ONE), trusted(OTHER), threshold=2)) == {"attestation-unverified"}


def test_bundles_of_two_statements_are_refused() -> None:
    with pytest.raises(InvalidBundle, match="different things"):
        rules_of([bundle(ONE), bundle(ONE, statement(datasets=("others",)))], TRUST)


@pytest.mark.parametrize("demanded", [terms(), terms(trusted(ONE), threshold=0)])
def test_to_trust_nobody_or_ask_for_no_signature_is_an_error(demanded: Any) -> None:
    with pytest.raises(UsageError):
        rules_of(bundle(ONE), demanded)


def test_the_named_artifact_must_be_a_subject() -> None:
    swapped = GivenArtifact("model.safetensors", {"sha256": hashlib.sha256(b"evil").hexdigest()})
    assert rules_of(bundle(ONE), TRUST, swapped) == {"attestation-other-subject"}


def test_every_named_artifact_must_be_a_subject() -> None:
    good = GivenArtifact("a", {"sha256": hashlib.sha256(b"weights").hexdigest()})
    assert rules_of(bundle(ONE), TRUST, good, GivenArtifact("b", {"sha256": "0" * 64})) == {
        "attestation-other-subject"
    }


FOLDER = {"dirHash": "1" * 64, "modelSigningV1": "2" * 64}


def test_a_file_does_not_stand_for_a_folder_of_the_same_digest() -> None:
    about = bundle(ONE, statement(AttestedSubject("m", FOLDER)))
    assert rules_of(about, TRUST, GivenArtifact("m", FOLDER)) == set()
    for digest in FOLDER.values():
        assert rules_of(about, TRUST, GivenArtifact("f", {"sha256": digest})) != set()
    sneaky = bundle(ONE, statement(AttestedSubject("m", {**FOLDER, "sha256": "3" * 64})))
    assert rules_of(sneaky, TRUST, GivenArtifact("f", {"sha256": "3" * 64})) == {"attestation-other-subject"}


@pytest.mark.parametrize("name", FOLDER)
def test_a_folder_must_have_all_its_digests(name: str) -> None:
    about = bundle(ONE, statement(AttestedSubject("m", {**FOLDER, name: "0" * 64})))
    assert rules_of(about, TRUST, GivenArtifact("m", FOLDER)) == {"attestation-other-subject"}


def test_a_verdict_that_did_not_pass_is_refused() -> None:
    assert rules_of(bundle(ONE, statement(verdict="fail")), TRUST) == {"attestation-not-passed"}


def test_an_attestation_of_another_gate_is_refused() -> None:
    about_a_table = rules_of(bundle(ONE), TrustTerms((trusted(ONE),), TableAnonymity))
    assert about_a_table == {"attestation-not-passed"}


def test_an_old_attestation_is_expired() -> None:
    limited = terms(trusted(ONE), valid_days=1)
    assert rules_of(bundle(ONE), limited) == set()
    assert rules_of(bundle(ONE), limited, now=NOW + timedelta(seconds=1)) == {"attestation-expired"}


def test_an_attestation_from_the_future_is_refused() -> None:
    early = NOW - timedelta(days=1, minutes=6)
    assert rules_of(bundle(ONE), TRUST, now=early) == {"attestation-from-the-future"}
    assert rules_of(bundle(ONE), TRUST, now=early + timedelta(minutes=2)) == set()


def test_a_day_that_there_is_not_is_refused() -> None:
    assert rules_of(bundle(ONE, statement(time="2026-02-30T00:00:00Z")), TRUST) == {
        "attestation-from-the-future"
    }


def test_only_accepted_policies_judge() -> None:
    assert rules_of(bundle(ONE), terms(trusted(ONE), policies=frozenset({POLICY}))) == set()
    assert rules_of(bundle(ONE), terms(trusted(ONE), policies=frozenset({"d" * 64}))) == {
        "attestation-other-policy"
    }


def test_a_revoked_statement_is_refused() -> None:
    digest = hashlib.sha256(statement_bytes(statement())).hexdigest()
    assert rules_of(bundle(ONE), terms(trusted(ONE), revoked=frozenset({digest}))) == {"attestation-revoked"}


def test_a_key_speaks_of_its_own_datasets_alone() -> None:
    def scoped(*datasets: str) -> set[str]:
        return rules_of(bundle(ONE), terms(trusted(ONE, datasets=frozenset(datasets))))

    assert scoped("customers", "others") == set()
    assert scoped("others") == {"attestation-unverified"}


def test_a_scoped_key_does_not_speak_of_a_release_that_names_no_dataset() -> None:
    unnamed = bundle(ONE, statement(datasets=()))
    assert rules_of(unnamed, terms(trusted(ONE, datasets=frozenset({"a"})))) == {"attestation-unverified"}


def test_a_key_that_is_named_twice_has_the_narrower_scope() -> None:
    wide, narrow = trusted(ONE), trusted(ONE, datasets=frozenset({"others"}))
    assert rules_of(bundle(ONE), terms(wide, narrow)) == {"attestation-unverified"}


def test_a_key_holds_through_its_last_day() -> None:
    today = NOW.date()
    assert rules_of(bundle(ONE), terms(trusted(ONE, expires=today))) == set()
    past = terms(trusted(ONE, expires=date.fromordinal(today.toordinal() - 1)))
    assert rules_of(bundle(ONE), past) == {"attestation-unverified"}


def test_a_countersignature_is_over_the_same_statement() -> None:
    first = bundle(ONE)
    later = statement(time="2026-11-30T00:00:00Z")
    second = bundle_text(countersign(read_bundle(first), later, OTHER)).encode()
    assert rules_of([first, second], terms(trusted(ONE), trusted(OTHER), threshold=2)) == set()


def test_what_is_not_so_here_is_not_countersigned() -> None:
    with pytest.raises(UsageError, match="something else"):
        countersign(read_bundle(bundle(ONE)), statement(datasets=("others",)), OTHER)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("claim/epsilonMicro", 2_499_999),
        ("claim/epsilonMicro", 2_500_001),
        ("claim/epsilon", "2.50000001"),
        ("claim/epsilon", "-1"),
        ("claim/epsilon", "NaN"),
        ("claim/epsilon", "1e999"),
        ("claim/epsilon", 2),
        ("claim/epsilonMicro", True),
        ("claim/epsilonMicro", "2500000"),
        ("claim/epsilonMicro", 2**53),
        ("claim/delta", "1"),
        ("claim/neighbouring", "whatever"),
        ("claim/unit", None),
        ("claim/unit", "a\nb"),
        ("cost/epsilonUpperMicro", 1),
        ("cost/epsilonLower", "3"),
        ("verdict", "PASS"),
        ("verdict", ["pass"]),
        ("time", "2026-11-29"),
        ("time", "２026-11-29T12:00:00Z"),
        ("policy/sha256", "A" * 64),
        ("release/name", ""),
        ("extra", 1),
        ("findings", {"rule": -1}),
        ("datasets", "customers"),
    ],
)
def test_a_predicate_that_contradicts_itself_is_refused(change: str, value: Any) -> None:
    """Whoever signed it: what cannot be read one way is not judged."""
    data = json.loads(statement_bytes(statement()))
    *way, last = change.split("/")
    at = data["predicate"]
    for key in way:
        at = at[key]
    at[last] = value
    payload = canonical_bytes(data)
    signed = Envelope(payload, ()).signed_bytes
    forged = envelope_of(EnvelopeSignature("", ONE.sign(signed)), payload=payload)
    with pytest.raises(InvalidBundle):
        rules_of(forged, TRUST)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_type", "https://in-toto.io/Statement/v0.1"),
        ("predicateType", "https://gatecli.dev/privacy-release/v2"),
        ("subject", []),
        ("subject", [{"name": "x", "digest": {}}]),
        ("subject", [{"name": "x", "digest": {"sha256": "A" * 64}}]),
        ("subject", [{"name": "x", "digest": {"sha256": "a" * 64}, "uri": "y"}]),
    ],
)
def test_a_statement_of_another_form_is_refused(key: str, value: Any) -> None:
    data = json.loads(statement_bytes(statement())) | {key: value}
    payload = canonical_bytes(data)
    forged = envelope_of(EnvelopeSignature("", ONE.sign(Envelope(payload, ()).signed_bytes)), payload=payload)
    with pytest.raises(InvalidBundle):
        rules_of(forged, TRUST)
