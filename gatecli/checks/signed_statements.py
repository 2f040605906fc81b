"""Statements whose signatures were looked at, each once: a cluster is asked about the same ones again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from gatecli.attestation.certificates import CertificateTrust
from gatecli.attestation.envelopes import Bundle, read_bundle
from gatecli.attestation.statements import read_statement
from gatecli.attestation.strict_json import InvalidBundle
from gatecli.attestation.verification import Signers, TrustedKey, signers_of
from gatecli.checks.attestation import GivenArtifact, ReadAttestation, TrustTerms, find_attestation_faults
from gatecli.errors import GatecliError
from gatecli.model.attestation import AttestedStatement, PrivacyRelease
from gatecli.model.bounded_memory import BoundedMemory

LARGEST = 2**20
"""Bytes of an attestation; a longer one is not read."""
MOST_SIGNATURES = 16
"""Signatures of one attestation: each is tried with every key while somebody waits."""
_REMEMBERED = 16 * 2**20
"""Bytes of attestations, of which the bundles and the statements are remembered."""


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement, where it stands, the SHA-256 of its text, and who signed it."""

    where: str
    statement: AttestedStatement
    sha256: str
    signers: Signers

    @property
    def datasets(self) -> tuple[str, ...]:
        predicate = self.statement.predicate
        return predicate.datasets if isinstance(predicate, PrivacyRelease) else ()


@dataclass(frozen=True, slots=True)
class ReadStatements:
    """What was read, and what could not be, in words."""

    signed: tuple[SignedStatement, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatementReader:
    """Reads attestations and asks who of `keys` signed them; remembers by their bytes.

    `certificates` gives the trust root where a bundle has a certificate; None where no identity is trusted.
    """

    keys: tuple[TrustedKey, ...]
    certificates: Callable[[], CertificateTrust] | None = None
    _bundles: BoundedMemory[bytes, Bundle | str] = field(
        default_factory=lambda: BoundedMemory(_REMEMBERED), repr=False
    )
    _signed: BoundedMemory[tuple[bytes, ...], tuple[AttestedStatement, str, Signers]] = field(
        default_factory=lambda: BoundedMemory(_REMEMBERED), repr=False
    )

    def statements_of(self, given: Iterable[tuple[str, bytes]]) -> ReadStatements:
        """The statements in attestations; several of one statement are one, signed by all."""
        groups: dict[bytes, list[tuple[str, bytes, Bundle]]] = {}
        problems = []
        for where, content in given:
            digest = hashlib.sha256(content).digest()
            bundle = self._bundle(digest, content)
            if isinstance(bundle, str):
                problems.append(f"{where}: {bundle}")
            else:
                groups.setdefault(bundle.envelope.payload, []).append((where, digest, bundle))
        signed = []
        for group in groups.values():
            found = self._statement(group)
            if isinstance(found, str):
                problems.append(f"{group[0][0]}: {found}")
            else:
                signed.append(SignedStatement(group[0][0], *found))
        return ReadStatements(tuple(signed), tuple(problems))

    def _bundle(self, digest: bytes, content: bytes) -> Bundle | str:
        known = self._bundles.get(digest)
        if known is None:
            known = _read(content)
            self._bundles.put(digest, known, len(content))
        return known

    def _statement(
        self, group: Sequence[tuple[str, bytes, Bundle]]
    ) -> tuple[AttestedStatement, str, Signers] | str:
        key = tuple(sorted({digest for _, digest, _ in group}))
        known = self._signed.get(key)
        if known is None:
            bundles = [bundle for _, _, bundle in group]
            payload = bundles[0].envelope.payload
            try:
                statement, signers = read_statement(payload), self._signers(bundles)
            except GatecliError as error:
                return error.message
            known = (statement, hashlib.sha256(payload).hexdigest(), signers)
            self._signed.put(key, known, len(payload))
        return known

    def _signers(self, bundles: Sequence[Bundle]) -> Signers:
        is_certified = any(each.certified is not None for each in bundles)
        root = self.certificates() if is_certified and self.certificates is not None else None
        return signers_of(bundles, self.keys, root)


def first_fault(
    signed: SignedStatement, trust: TrustTerms, today: date, artifacts: tuple[GivenArtifact, ...] = ()
) -> str | None:
    """What is wrong with a statement, which must be about `artifacts`; None where it holds.

    A day counts whole, at every front door.
    """
    end = datetime.combine(today, time.max, UTC)
    read = ReadAttestation(signed.where, "", signed.sha256, signed.signers, signed.datasets)
    found = next(find_attestation_faults(read, signed.statement, artifacts, trust, end), None)
    return None if found is None else found.message


def _read(content: bytes) -> Bundle | str:
    if len(content) > LARGEST:
        return f"it is longer than {LARGEST} bytes"
    try:
        bundle = read_bundle(content)
    except InvalidBundle as error:
        return error.message
    if len(bundle.envelope.signatures) > MOST_SIGNATURES:
        return f"it has more than {MOST_SIGNATURES} signatures"
    return bundle
