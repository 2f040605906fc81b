"""Keys in files: who may read them, and what is not one."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gatecli.errors import MissingExtraError, UncheckableError, UsageError
from gatecli.ledger.ed25519 import key_from_seed
from gatecli.ledger.signing_keys import new_key, public_key_of, read_key, signature_holds
from gatecli.model.strict_base64 import strict_base64

# RFC 8032, section 7.1, test 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_key_of_rfc_8032_signs_as_it_says() -> None:
    key = key_from_seed(SEED)
    assert key.public == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert signature_holds(PUBLIC, SIGNATURE, b"\x72")


@pytest.mark.parametrize(
    "given",
    [(PUBLIC, SIGNATURE, b"\x73"), (PUBLIC, SIGNATURE[:-1], b"\x72"), (PUBLIC[:-1], SIGNATURE, b"\x72")],
)
def test_a_signature_of_something_else_does_not_hold(given: tuple[bytes, bytes, bytes]) -> None:
    assert not signature_holds(*given)


def test_a_key_is_read_as_it_was_made_and_by_its_owner_alone(tmp_path: Path) -> None:
    made = new_key(tmp_path / "key.pem")
    assert read_key(tmp_path / "key.pem").public == made.public
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_the_text_of_a_key_shows_nothing_of_it(tmp_path: Path) -> None:
    key = new_key(tmp_path / "key.pem")
    secret = (tmp_path / "key.pem").read_text().splitlines()[1]
    assert secret not in repr(key)


def test_nothing_is_overwritten_by_a_new_key(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("mine")
    with pytest.raises(UsageError, match="something is there already"):
        new_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_text() == "mine"


def test_a_key_does_not_follow_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(UsageError, match="something is there already"):
        new_key(tmp_path / "key.pem")
    assert not (tmp_path / "elsewhere.pem").exists()


def test_a_key_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        new_key(tmp_path / "missing" / "key.pem")


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the key"):
        read_key(tmp_path / "key.pem")


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_not_a_key_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(UsageError, match="no unencrypted private key"):
        read_key(tmp_path / "key.pem")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = x25519.X25519PrivateKey.generate()
    text = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(text)
    with pytest.raises(UsageError, match="not of Ed25519"):
        read_key(tmp_path / "key.pem")


def test_an_encrypted_key_is_refused(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "key.pem").write_bytes(text)
    with pytest.raises(UsageError, match="no unencrypted private key"):
        read_key(tmp_path / "key.pem")


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 43, "é" * 44, "A" * 44])
def test_a_public_key_is_the_base64_of_32_bytes(text: str) -> None:
    with pytest.raises(UncheckableError, match="none of Ed25519"):
        public_key_of(text)


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", " QQ==", "QQ==\n", "Q-=="])
def test_one_text_stands_for_bytes_and_no_other(text: str) -> None:
    assert strict_base64("QQ==") == b"A"
    assert strict_base64(text) is None


def test_without_cryptography_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.delitem(sys.modules, "gatecli.ledger.ed25519", raising=False)
    with pytest.raises(MissingExtraError) as caught:
        signature_holds(PUBLIC, SIGNATURE, b"\x72")
    assert caught.value.advice == "pip install 'gatecli[ledger]'"
