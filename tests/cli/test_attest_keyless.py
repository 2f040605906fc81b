"""`gatecli attest --keyless` and `gatecli verify --identity`, with an instance of Sigstore on loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.cli.test_attest import LAPLACE
from tests.support.attestations import ed25519_pem, write_keys
from tests.support.local_sigstore import IDENTITY, ISSUER, LocalSigstore, identity_token, serve

Run = Callable[..., int]


@pytest.fixture(scope="module", name="sigstore")
def local_sigstore() -> LocalSigstore:
    return LocalSigstore()


@pytest.fixture(scope="module", name="place")
def attested(tmp_path_factory: pytest.TempPathFactory, sigstore: LocalSigstore) -> Iterator[Path]:
    """A folder with a model, the files of the instance, and an attestation without a key."""
    folder = tmp_path_factory.mktemp("keyless")
    (folder / "m").mkdir()
    (folder / "m" / "privacy.yaml").write_text(LAPLACE)
    (folder / "root.json").write_text(json.dumps(sigstore.trust_root()))
    with serve(sigstore) as url, pytest.MonkeyPatch.context() as patch:
        (folder / "config.json").write_text(json.dumps(sigstore.trust_config(url)))
        patch.setenv("TOKEN", identity_token())
        patch.chdir(folder)
        assert attest("-o", "a.json") == 0
        yield folder


def attest(*more: str) -> int:
    config = ("--identity-token", "env:TOKEN", "--trust-config", "config.json")
    return main(["attest", "m", "--keyless", *config, *more])


@pytest.fixture(name="verify")
def verifier(place: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(place)

    def run(*more: str, bundle: str = "a.json", identity: str = IDENTITY, root: str = "root.json") -> int:
        trust = ("--identity", identity, "--issuer", ISSUER, "--trust-root", root)
        return main(["verify", bundle, "--artifact", "m", *trust, *more])

    return run


def test_what_an_identity_signed_is_verified_offline(verify: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify() == 0
    said = capsys.readouterr().out
    assert f"signed by {IDENTITY} · certified by the trust root root.json · " in said


def test_another_identity_another_issuer_or_another_instance_is_refused(verify: Run, place: Path) -> None:
    (place / "other.json").write_text(json.dumps(LocalSigstore().trust_root()))
    assert verify(identity=IDENTITY.replace("main", "pull/7")) == 1
    assert verify("--issuer", "https://other.example") == 1
    assert verify(root="other.json") == 1


def test_sigstores_own_root_does_not_trust_this_instance(
    verify: Run, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("HOME", str(place))
    trust = ("--identity", IDENTITY, "--issuer", ISSUER)
    assert main(["verify", "a.json", "--artifact", "m", *trust]) == 1


def changed(data: Any, path: str, change: Callable[[str], str]) -> Any:
    *above, last = path.split("/")
    inner = data
    for key in above:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    inner[last] = change(inner[last])
    return data


def flip(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return base64.b64encode(data).decode()


ENTRY = "verificationMaterial/tlogEntries/0"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("dsseEnvelope/payload", flip),
        ("dsseEnvelope/payload", lambda text: base64.b64encode(b" " + base64.b64decode(text)).decode()),
        ("verificationMaterial/certificate/rawBytes", flip),
        (f"{ENTRY}/integratedTime", lambda text: str(int(text) - 3600)),
        (f"{ENTRY}/inclusionPromise/signedEntryTimestamp", flip),
        (f"{ENTRY}/inclusionProof/rootHash", flip),
        (f"{ENTRY}/inclusionProof/checkpoint/envelope", lambda text: text.replace("1\n", "2\n", 1)),
        (f"{ENTRY}/canonicalizedBody", flip),
        (f"{ENTRY}/logId/keyId", flip),
    ],
)
def test_what_was_changed_is_refused(
    path: str, change: Callable[[str], str], verify: Run, place: Path
) -> None:
    data = changed(json.loads((place / "a.json").read_text()), path, change)
    (place / "changed.json").write_text(json.dumps(data))
    assert verify(bundle="changed.json") in {1, 4}


def test_a_policy_trusts_an_identity_for_its_datasets(
    place: Path, verify: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_policy(**more: Any) -> int:
        identity = {"name": "release workflow", "issuer": ISSUER, "identity": IDENTITY, **more}
        spec = {"extends": "default", "attestation": {"identities": [identity]}}
        head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": {"name": "acme"}}
        (place / "policy.yaml").write_text(json.dumps({**head, "spec": spec}))
        digest = json.loads(
            base64.b64decode(json.loads((place / "a.json").read_text())["dsseEnvelope"]["payload"])
        )["predicate"]["policy"]["sha256"]
        trust = ("--policy", "policy.yaml", "--trust-root", "root.json", "--accept-policy", digest)
        return main(["verify", "a.json", "--artifact", "m", *trust])

    del verify
    assert by_policy() == 0
    assert by_policy(datasets=["customers"]) == 0
    assert by_policy(datasets=["others"]) == 1
    assert by_policy(expires="2020-01-01") == 1


def test_a_key_and_an_identity_are_two(place: Path, verify: Run) -> None:
    write_keys(place, ed25519_pem())
    assert main(["attest", "m", "--key", "key.pem", "--countersign", "a.json", "-o", "b.json"]) == 0
    both = ("b.json", "--key", "key.pem.pub", "--threshold")
    assert verify(*both, "2") == 0
    assert verify(*both, "3") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["attest", "m"],
        ["attest", "m", "--keyless", "--key", "key.pem"],
        ["attest", "m", "--keyless", "--identity-token", "env:NONE"],
        ["attest", "m", "--keyless", "--identity-token", "a token"],
        ["attest", "m", "--keyless", "--identity-token", "env:TOKEN", "--trust-config", "root.json"],
        ["verify", "a.json", "--artifact", "m", "--identity", "x"],
        ["verify", "a.json", "--artifact", "m", "--issuer", "x"],
        [
            "verify",
            "a.json",
            "--artifact",
            "m",
            "--identity",
            "x",
            "--issuer",
            "y",
            "--trust-root",
            "config.json",
        ],
    ],
)
def test_what_names_no_signer_or_no_instance_is_a_usage_error(
    wrong: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TOKEN", identity_token())
    assert main(wrong) == 2


@pytest.mark.parametrize("token", ["x", identity_token(audience="other"), identity_token(minutes=-30)])
def test_a_token_for_something_else_is_refused_and_never_shown(
    token: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TOKEN", token)
    assert attest() == 2
    assert len(token) < 9 or token not in "".join(capsys.readouterr())


def test_where_nobody_answers_nothing_is_signed(
    place: Path, sigstore: LocalSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TOKEN", identity_token())
    (place / "config.json").write_text(json.dumps(sigstore.trust_config("http://127.0.0.1:9")))
    assert attest("-o", "never.json") == 4
    assert not (place / "never.json").exists()
