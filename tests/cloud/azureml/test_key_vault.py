"""Secrets by reference: the real SDK, a vault on loopback, and one sentence for each way that it fails."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.data.isolation.key_vault import fetch_secret
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.secret_reference import SecretReference, parse_reference
from tests.support.key_vault import CLEARED, OLDER, VAULT, VERSION, LocalVault, local_vault

KEY = "5f" * 31 + "a7"


@pytest.fixture(name="vault", scope="module")
def one_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalVault]:
    with local_vault(tmp_path_factory.mktemp("vault")) as vault:
        vault.secrets = {"pseudonyms": {OLDER: "old-" + KEY, VERSION: KEY}, "denied": {VERSION: KEY}}
        vault.secrets |= {"off": {VERSION: KEY}, "empty": {VERSION: ""}}
        vault.denied, vault.disabled = {"denied"}, {"off"}
        yield vault


@pytest.fixture(name="asking", autouse=True)
def ask_it(vault: LocalVault, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    for name, value in vault.environment.items():
        monkeypatch.setenv(name, value)


def test_the_newest_version_is_fetched_and_named() -> None:
    secret = fetch_secret(SecretReference(VAULT, "pseudonyms"))
    assert (secret.value, secret.version) == (KEY, VERSION)
    assert KEY not in repr(secret)


def test_a_version_that_is_asked_for_is_fetched() -> None:
    secret = fetch_secret(SecretReference(VAULT, "pseudonyms", OLDER))
    assert (secret.value, secret.version) == ("old-" + KEY, OLDER)


@pytest.mark.parametrize(
    ("name", "version", "kind", "sentence"),
    [
        ("gone", None, UsageError, f"Key Vault has no secret {VAULT}/secrets/gone"),
        (
            "pseudonyms",
            "f" * 32,
            UsageError,
            f"Key Vault has no secret {VAULT}/secrets/pseudonyms/{'f' * 32}",
        ),
        ("denied", None, UncheckableError, f"Key Vault does not let this job read {VAULT}/secrets/denied"),
        ("off", None, UncheckableError, f"the secret {VAULT}/secrets/off is disabled"),
        ("empty", None, UncheckableError, f"Key Vault gives no value of {VAULT}/secrets/empty"),
    ],
)
def test_a_secret_that_cannot_be_had_is_refused(
    name: str, version: str | None, kind: type[GatecliError], sentence: str
) -> None:
    with pytest.raises(kind) as raised:
        fetch_secret(SecretReference(VAULT, name, version))
    assert raised.value.message == sentence
    assert raised.value.advice
    assert KEY not in repr(raised.value.__dict__)


def test_a_job_without_an_identity_is_refused(vault: LocalVault) -> None:
    vault.has_identity = False
    try:
        with pytest.raises(UncheckableError, match="no identity of this job may ask"):
            fetch_secret(SecretReference(VAULT, "pseudonyms"))
    finally:
        vault.has_identity = True


def test_a_vault_that_does_not_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed}")
    monkeypatch.setattr("gatecli.data.isolation.key_vault.RETRIES", 0)
    with pytest.raises(UncheckableError, match=f"Key Vault does not answer at {VAULT}"):
        fetch_secret(SecretReference(VAULT, "pseudonyms"))


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        "env:KEY",
        "command:cat key",
        "key.txt",
        "",
        "http://hospital-keys.vault.azure.net/secrets/pseudonyms",
        "https://hospital-keys.vault.azure.net/keys/pseudonyms",
        "https://hospital-keys.vault.azure.net/secrets/",
        "https://hospital-keys.vault.azure.net.evil.example/secrets/pseudonyms",
        "https://evil.example/secrets/pseudonyms",
        "https://user:secret@hospital-keys.vault.azure.net/secrets/pseudonyms",
        "https://hospital-keys.vault.azure.net:8443/secrets/pseudonyms",
        "https://hospital-keys.vault.azure.net/secrets/pseudonyms?x=1",
        "https://hospital-keys.vault.azure.net/secrets/pseudonyms/short",
        "https://hospital-keys.vault.azure.net/secrets/../keys/k",
        "https://hospital-keys.vault.azure.net/secrets/pseudonyms\n",
    ],
)
def test_what_is_not_a_reference_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_reference(text)
    assert not text or text not in raised.value.message + raised.value.advice


@given(
    st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{2,23}", fullmatch=True),
    st.sampled_from(["vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"]),
    st.from_regex(r"[a-zA-Z0-9-]{1,127}", fullmatch=True),
    st.none() | st.from_regex(r"[a-f0-9]{32}", fullmatch=True),
)
def test_a_reference_is_read_back(vault_name: str, suffix: str, name: str, version: str | None) -> None:
    written = f"https://{vault_name}.{suffix}/secrets/{name}"
    read = parse_reference(written if version is None else f"{written}/{version}")
    assert (read.name, read.version) == (name, version)
    assert read.address.lower() == written.lower()
