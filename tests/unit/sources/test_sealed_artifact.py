"""Sealed files and manifests, as anybody reads them who has no key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from pyrage import encrypt, passphrase, x25519

from gatecli.model.sealed_artifact import seal_fault
from gatecli.sources.files import MissingFileError, ReadError
from gatecli.sources.release import read_releases
from gatecli.sources.sealed_artifact import (
    MOST_MANIFEST_BYTES,
    count_stanzas,
    find_manifests,
    read_manifest,
    seal_state,
)
from tests.support.key_policies import SealedModel, sealed_model


@pytest.fixture
def model(tmp_path: Path) -> SealedModel:
    return sealed_model(tmp_path)


def write(folder: Path, content: bytes, name: str = "a.age") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("count", [1, 2, 20])
def test_the_keys_of_a_sealed_file_are_counted(tmp_path: Path, count: int) -> None:
    for _ in range(10):  # the library adds a stanza of noise by chance
        keys = [x25519.Identity.generate().to_public() for _ in range(count)]
        assert count_stanzas(write(tmp_path, encrypt(b"x", keys))) == count


def test_what_is_not_for_keys_of_ours_is_not_a_sealed_file(tmp_path: Path) -> None:
    key = x25519.Identity.generate().to_public()
    good = encrypt(b"x", [key])
    for content in (
        b"",
        b"model",
        b"age-encryption.org/v1\n",
        b"age-encryption.org/v2\n" + good[22:],
        encrypt(b"x", [key], armored=True),
        passphrase.encrypt(b"x", "long enough"),
        good[: good.index(b"--- ")],
        good.replace(b"-> X25519 ", b"-> ssh-rsa ", 1),
        good.replace(b"\n--- ", b"\n-> X25519 " + b"A" * 43 + b" more\n\n--- ", 1),
        good.replace(b"\n--- ", b"\n-> X25519 short\n\n--- ", 1),
        b"age-encryption.org/v1\n-> X25519 " + b"A" * 2**20,
    ):
        assert count_stanzas(write(tmp_path, content)) is None


PLAIN = {
    "text": b"name,diagnosis\nAda,J45\n" * 40,
    "short text": b"a secret of some forty characters, or so " * 2,
    "weights": pack("<4096f", *(number / 4096 for number in range(4096))),
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_a_plain_text_below_the_head_of_a_sealed_file_is_not_sealed(tmp_path: Path, name: str) -> None:
    sealed = encrypt(b"x", [x25519.Identity.generate().to_public()])
    head = sealed[: sealed.index(b"\n", sealed.index(b"\n--- ") + 1) + 1]
    assert count_stanzas(write(tmp_path, head + PLAIN[name])) is None


@pytest.mark.parametrize("size", [0, 100, 2**16, 2**21])
def test_whatever_is_encrypted_is_sealed(tmp_path: Path, size: int) -> None:
    key = x25519.Identity.generate().to_public()
    assert count_stanzas(write(tmp_path, encrypt(bytes(size), [key]))) == 1


def test_a_manifest_is_read_again(model: SealedModel) -> None:
    assert read_manifest(model.manifest).text() == model.manifest.read_text()


def changed(model: SealedModel, **parts: Any) -> str:
    data = json.loads(model.manifest.read_text())
    return json.dumps(data | parts, indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize(
    "parts",
    [
        {"schema": "gatecli/sealed/v2"},
        {"recipients": []},
        {"more": 1},
        {"artifact": None},
        {"artifact": {"name": "../../model", "sha256": "0" * 64, "size": 1}},
        {"artifact": {"name": "model", "sha256": "0" * 64, "size": -1}},
        {"artifact": {"name": "model", "sha256": "0" * 64, "size": 1.5}},
        {"artifact": {"name": "model", "sha256": "0" * 64, "size": 10**400}},
        {"artifact": {"name": "mo\u0000del", "sha256": "0" * 64, "size": 1}},
        {"artifact": {"name": "model", "sha256": "A" * 64, "size": 1}},
        {"keyPolicy": {"name": "a", "sha256": "0" * 64, "epoch": 0}},
    ],
)
def test_what_is_not_a_manifest_is_told_in_one_sentence(model: SealedModel, parts: dict[str, Any]) -> None:
    model.manifest.write_text(changed(model, **parts))
    with pytest.raises(ReadError) as refused:
        read_manifest(model.manifest)
    assert "\n" not in refused.value.problem
    assert refused.value.mend


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 5000, b"{}" + b" " * MOST_MANIFEST_BYTES]
)
def test_what_is_not_json_is_not_a_manifest(model: SealedModel, content: bytes) -> None:
    model.manifest.write_bytes(content)
    with pytest.raises(ReadError):
        read_manifest(model.manifest)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text + "\n",
        lambda text: text.replace("  ", "\t"),
        lambda text: text.replace("{", '{"schema": "gatecli/sealed/v1",', 1),
        lambda text: text.replace("south", "\\u0073outh"),
    ],
)
def test_a_manifest_has_one_text(model: SealedModel, edit: Any) -> None:
    model.manifest.write_text(edit(model.manifest.read_text()))
    with pytest.raises(ReadError, match="not as gatecli keys seal wrote it"):
        read_manifest(model.manifest)


def test_a_sound_file_has_no_fault(model: SealedModel) -> None:
    assert seal_fault(seal_state(model.sealed)) is None


def test_a_plain_file_with_a_fitting_manifest_is_not_sealed(model: SealedModel) -> None:
    """Whoever wants to pass a plain model may write any manifest."""
    plain = b"a plain model"
    model.sealed.write_bytes(plain)
    found = seal_state(model.sealed).found
    assert found is not None
    model.manifest.write_text(changed(model, sealed=found.model_dump()))
    assert "not encrypted in the age format" in str(seal_fault(seal_state(model.sealed)))


def test_a_manifest_with_fewer_names_than_keys_is_a_fault(model: SealedModel) -> None:
    recipients = json.loads(model.manifest.read_text())["recipients"]
    model.manifest.write_text(changed(model, recipients=recipients[:1]))
    assert "2 keys" in str(seal_fault(seal_state(model.sealed)))


def test_what_is_missing_is_told(model: SealedModel) -> None:
    model.manifest.unlink()
    assert seal_fault(seal_state(model.sealed)) == "has no manifest"
    with pytest.raises(MissingFileError):
        read_manifest(model.manifest)


def test_a_manifest_without_its_file_is_told(model: SealedModel) -> None:
    model.sealed.unlink()
    assert seal_fault(seal_state(model.sealed)) == "is not there"


def test_manifests_are_found_by_name_and_text(model: SealedModel) -> None:
    other = write(model.folder, b'{"name": "app"}', "web.manifest.json")
    broken = write(model.folder, b"?", "b.age.manifest.json")
    renamed = write(model.folder, model.manifest.read_bytes(), "c.manifest.json")
    files = [model.manifest, other, broken, renamed, model.sealed]
    assert list(find_manifests(files)) == [model.manifest, broken, renamed]


def test_a_named_pipe_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.age")
    with pytest.raises(ReadError):
        count_stanzas(tmp_path / "a.age")


@pytest.mark.parametrize("name", ["x" * 250, "x" * 300, "a/../b"])
def test_an_artifact_of_any_name_is_looked_for_beside_its_manifest(tmp_path: Path, name: str) -> None:
    declaration = tmp_path / "privacy.yaml"
    declaration.write_text(
        "apiVersion: gatecli.dev/v1\nkind: ModelRelease\nmetadata: {name: a, version: '1'}\n"
        f"spec: {{artifacts: [{{path: {name}, sha256: {'0' * 64}}}]}}\n"
    )
    read = read_releases([declaration])
    states = [state for each in read.values for state in each.artifacts]
    assert [state.sha256 for state in states] == [None] * len(states)
    assert states or read.findings
