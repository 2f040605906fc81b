"""Keys of attestations, from files, variables and key management services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gatecli.attestation.certificates import KeylessSigner, keyless_signer
from gatecli.attestation.keys import (
    StatementSigner,
    VerifyingKey,
    managed_key,
    read_signing_key,
    read_verifying_key,
)
from gatecli.attestation.verification import TrustedKey
from gatecli.errors import UsageError
from gatecli.sources.files import ReadError, read_bytes

LARGEST_KEY_FILE = 10_000
MOST_OF_A_ROOT = 2**20
VARIABLE, MANAGED = "env:", "kms://"


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a private key is: `FILE`, `env:NAME` or `kms://URI`; a service needs the public half beside it.

    `variable` gives the value of a variable of the environment by its name.
    """

    named: str
    variable: Callable[[str], str]
    passphrase: bytes | None = field(default=None, repr=False)
    public: Path | None = None


def open_signing_key(source: KeySource) -> StatementSigner:
    """The key that signs. Raises UsageError, MissingExtraError; no message holds anything of the key."""
    if source.named.startswith(MANAGED):
        if source.public is None:
            raise UsageError("a key of a service needs its public half", advice="--public-key FILE")
        return managed_key(source.named.removeprefix(MANAGED), public_key_in(source.public))
    if source.named.startswith(VARIABLE):
        name = source.named.removeprefix(VARIABLE)
        text = source.variable(name)
        if not text:
            raise UsageError(f"the variable {name} holds no key", advice="set it to a private key in PEM")
        return read_signing_key(text.encode(), source.passphrase, f"the variable {name}")
    return read_signing_key(_key_bytes(Path(source.named)), source.passphrase, source.named)


@dataclass(frozen=True, slots=True)
class IdentitySource:
    """Where an identity is: a token in `env:NAME` (None: what the CI service gives), and which instance of
    Sigstore certifies it (None: the public one).
    """

    token: str | None
    variable: Callable[[str], str]
    configuration: Path | None = None


def open_keyless_signer(source: IdentitySource) -> KeylessSigner:
    """What signs without a key. Raises UsageError, MissingExtraError; no message holds a token."""
    token = None
    if source.token is not None:
        name = source.token.removeprefix(VARIABLE)
        token = source.variable(name) if source.token.startswith(VARIABLE) else ""
        if not token:
            raise UsageError(
                "--identity-token names no token", advice="env:NAME, of a variable that holds one"
            )
    configuration = None if source.configuration is None else _key_bytes(source.configuration, MOST_OF_A_ROOT)
    return keyless_signer(token, configuration)


def sign_keyless(payload: bytes, signer: KeylessSigner) -> str:
    """The Sigstore bundle of a statement. Raises UncheckableError."""
    return signer.sign(payload).decode()


def public_key_in(path: Path) -> VerifyingKey:
    """The public key in a file. Raises UsageError, MissingExtraError."""
    return read_verifying_key(_key_bytes(path), path.as_posix())


def trusted_key_in(path: Path) -> TrustedKey:
    """The public key in a file, as one that is trusted about everything."""
    return TrustedKey(path.name, public_key_in(path))


def _key_bytes(path: Path, most: int = LARGEST_KEY_FILE) -> bytes:
    try:
        return read_bytes(path, most)
    except ReadError as error:
        raise UsageError(f"the key {path} {error.problem}", advice=error.mend) from None
