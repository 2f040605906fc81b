"""The attestation of an endpoint: whether it holds now, until when, and of which bytes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatecli.attestation.envelopes import read_bundle
from gatecli.attestation.statements import read_statement
from gatecli.gates.attested_files import file_digest, folder_digests
from gatecli.gates.served_attestation import (
    NO_ATTESTATION,
    NO_IMAGE_DIGEST,
    NO_KEY,
    AttestationStanding,
    KnownDigests,
    attestation_standing,
    watched_files,
)
from gatecli.model.attestation import AttestedSubject, PersonalDataScan
from tests.support.attestations import bundle, ed25519, predicate, statement
from tests.support.reviews import policy_of
from tests.support.served_endpoints import (
    BUNDLE,
    endpoint,
    trusting_policy,
    write_attestation,
    write_endpoint,
)

KEY, STRANGER = ed25519(), ed25519()
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def standing(folder: Path, at: datetime = NOW, **rules: Any) -> AttestationStanding:
    return attestation_standing(endpoint(), folder, trusting_policy(KEY, **rules), at)


def test_an_attestation_of_the_served_bytes_holds_and_says_what_it_promises(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    seen = standing(tmp_path)
    assert (seen.fault, seen.release, seen.version, seen.is_bound) == (None, "churn", "2.3.1", True)
    assert len(seen.sha256) == 64
    assert seen.claim is not None
    assert (seen.claim.epsilon, seen.claim.delta, seen.claim.unit) == ("0.5", "1e-9", "person")


def test_an_attestation_is_bound_to_nothing_where_the_document_names_no_model(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    seen = attestation_standing(endpoint(model=None), tmp_path, trusting_policy(KEY), NOW)
    assert (seen.fault, seen.is_bound) == (None, False)


@pytest.mark.parametrize("days", [2, 89, 90, 3650])
def test_it_ends_with_the_last_whole_day_of_its_age(tmp_path: Path, days: int) -> None:
    write_endpoint(tmp_path, KEY)
    ends = standing(tmp_path, validDays=days).ends
    assert ends == datetime(2026, 5, 31, tzinfo=UTC) + timedelta(days=days)
    assert standing(tmp_path, ends - timedelta(microseconds=1), validDays=days).fault is None
    assert "days ago" in str(standing(tmp_path, ends, validDays=days).fault)


def test_an_attestation_of_a_day_ago_does_not_hold_for_a_day(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    assert standing(tmp_path, validDays=1).ends is None


def test_it_ends_with_the_last_day_of_its_key(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    keys = [{"name": "team", "publicKey": KEY.public.pem, "expires": "2026-06-03"}]
    seen = standing(tmp_path, keys=keys)
    assert seen.ends == datetime(2026, 6, 4, tzinfo=UTC)


def test_with_two_keys_that_signed_the_longer_one_counts(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    keys = [
        {"name": "gone", "publicKey": STRANGER.public.pem, "expires": "2026-06-03"},
        {"name": "team", "publicKey": KEY.public.pem, "expires": "2026-06-05"},
    ]
    assert standing(tmp_path, keys=keys).ends == datetime(2026, 6, 6, tzinfo=UTC)


def test_nobody_is_trusted_where_the_policy_names_no_key(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    assert attestation_standing(endpoint(), tmp_path, policy_of(), NOW).fault == NO_KEY


def test_an_endpoint_without_an_attestation_has_none_that_holds(tmp_path: Path) -> None:
    spec = endpoint(attestation=None, model=None)
    assert attestation_standing(spec, tmp_path, trusting_policy(KEY), NOW).fault == NO_ATTESTATION


def test_a_strangers_signature_does_not_count(tmp_path: Path) -> None:
    write_endpoint(tmp_path, STRANGER)
    assert "0 of 1 trusted keys signed it" in str(standing(tmp_path).fault)


def test_a_revoked_attestation_does_not_hold(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    revoked = standing(tmp_path).sha256
    assert "revoked" in str(standing(tmp_path, revoked=[revoked]).fault)


def test_other_bytes_than_the_attested_ones_are_a_fault(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY, content=b"other weights")
    assert "it is not about model.bin" in str(standing(tmp_path).fault)


def test_an_attestation_of_another_kind_is_no_release(tmp_path: Path) -> None:
    write_endpoint(tmp_path, KEY)
    head = {
        name: getattr(predicate(), name) for name in PersonalDataScan.__dataclass_fields__ if name != "files"
    }
    said = statement(AttestedSubject("model.bin", {"sha256": "5" * 64}))
    scan = PersonalDataScan(**(head | {"gate": "pii", "files": 1}))
    (tmp_path / BUNDLE).write_bytes(bundle(KEY, type(said)(said.subjects, scan)))
    assert "another kind of attestation" in str(standing(tmp_path).fault)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b'{"mediaType": 1}'])
def test_what_is_no_attestation_is_a_fault(tmp_path: Path, content: bytes) -> None:
    write_endpoint(tmp_path, KEY)
    (tmp_path / BUNDLE).write_bytes(content)
    assert standing(tmp_path).fault


@pytest.mark.parametrize("gone", [BUNDLE, "model.bin"])
def test_a_missing_file_is_a_fault(tmp_path: Path, gone: str) -> None:
    write_endpoint(tmp_path, KEY)
    (tmp_path / gone).unlink()
    fault = str(standing(tmp_path).fault)
    assert gone in fault
    assert "does not exist" in fault


def test_a_folder_is_compared_by_its_names_and_contents(tmp_path: Path) -> None:
    (model := tmp_path / "model").mkdir()
    (model / "a").write_bytes(b"1")
    (model / BUNDLE).write_text("")
    about = AttestedSubject("model", folder_digests(model, (model / BUNDLE,)))
    write_endpoint(tmp_path, KEY)
    said = statement(about)
    whole = type(said)((about,), _predicate_of(tmp_path))
    (model / BUNDLE).write_bytes(bundle(KEY, whole))
    spec = endpoint(model={"path": "model"}, attestation=f"model/{BUNDLE}")
    assert attestation_standing(spec, tmp_path, trusting_policy(KEY), NOW).fault is None
    (model / "b").write_bytes(b"2")
    assert "not about model" in str(attestation_standing(spec, tmp_path, trusting_policy(KEY), NOW).fault)


def _predicate_of(folder: Path) -> Any:
    return read_statement(read_bundle((folder / BUNDLE).read_bytes()).envelope.payload).predicate


def test_an_image_is_compared_by_its_digest(tmp_path: Path) -> None:
    write_attestation(tmp_path, KEY, "7" * 64)
    spec = endpoint(model={"image": f"acme/churn@sha256:{'7' * 64}"})
    seen = attestation_standing(spec, tmp_path, trusting_policy(KEY), NOW)
    assert (seen.fault, seen.is_bound) == (None, True)
    other = endpoint(model={"image": f"acme/churn@sha256:{'8' * 64}"})
    assert "not about acme/churn" in str(
        attestation_standing(other, tmp_path, trusting_policy(KEY), NOW).fault
    )


@pytest.mark.parametrize("image", ["acme/churn:1", "acme/churn@sha256:77", "acme/churn"])
def test_an_image_without_a_digest_is_unknown(tmp_path: Path, image: str) -> None:
    write_endpoint(tmp_path, KEY)
    spec = endpoint(model={"image": image})
    assert attestation_standing(spec, tmp_path, trusting_policy(KEY), NOW).fault == NO_IMAGE_DIGEST


def test_a_file_that_is_called_like_an_image_is_a_file(tmp_path: Path) -> None:
    name = f"churn@sha256:{'7' * 64}"
    write_attestation(tmp_path, KEY, "7" * 64)
    (tmp_path / name).write_bytes(b"anything")
    spec = endpoint(model={"path": name})
    assert "not about churn@sha256" in str(
        attestation_standing(spec, tmp_path, trusting_policy(KEY), NOW).fault
    )


def test_a_file_that_did_not_change_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def digest_of(path: Path) -> str:
        reads.append(path)
        return file_digest(path)

    monkeypatch.setattr("gatecli.gates.served_attestation.file_digest", digest_of)
    file, known = tmp_path / "model.bin", KnownDigests()
    file.write_bytes(b"one")
    first = known.digest_of(file)
    assert known.digest_of(file) == first
    assert len(reads) == 1
    times = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert known.digest_of(file) != first
    assert len(reads) == 2


def test_every_file_of_a_model_is_watched_and_the_folders_too(tmp_path: Path) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "a").write_bytes(b"1")
    found = watched_files(endpoint(model={"path": "model"}), tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in found} == {
        BUNDLE,
        "model",
        "model/deep",
        "model/deep/a",
    }
