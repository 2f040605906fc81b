"""Whether the attestation of a `PrivateEndpoint` holds at a moment, until when, and of which bytes."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from gatecli.checks.attestation import GivenArtifact, TrustTerms
from gatecli.checks.signed_statements import SignedStatement, first_fault
from gatecli.errors import GatecliError
from gatecli.gates.attested_files import file_digest, folder_digests, image_artifact
from gatecli.gates.trust_policy import reader_by, trust_by_policy
from gatecli.gates.verification_requests import StatementKind, VerifierDemands, read_bundle_file
from gatecli.model.attestation import Claim, PrivacyRelease
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpointSpec, ServedModel

NO_ATTESTATION = "the endpoint names no attestation"
NO_KEY = "the policy trusts no key and no identity, so nobody's attestation counts (spec.attestation.keys)"
NO_IMAGE_DIGEST = "the image is not named by its digest (NAME@sha256:…), so nobody knows what it is"


@dataclass(frozen=True, slots=True)
class AttestationStanding:
    """Whether an attestation holds: `fault` says in one sentence why not, and is None where it does.

    `sha256` is that of the statement, as `gatecli verify` names it and a policy revokes it. From `ends` on it
    holds no longer, by its age or by its keys; None where it does not hold now. `is_bound` says that it is
    about the very bytes that `spec.model` names.
    """

    fault: str | None
    sha256: str = ""
    release: str = ""
    version: str = ""
    claim: Claim | None = None
    ends: datetime | None = None
    is_bound: bool = False


@dataclass(slots=True)
class KnownDigests:
    """SHA-256 of files that were read before: one whose size, times and inode are the same is not read again.

    For one reader at a time.
    """

    _known: dict[Path, tuple[FileState, str]] = field(default_factory=dict)

    def digest_of(self, path: Path) -> str:
        """The SHA-256 of a file. Raises UncheckableError."""
        before = file_state(path)
        known = self._known.get(path)
        if known is not None and before is not None and known[0] == before:
            return known[1]
        digest = file_digest(path)
        if before is not None and file_state(path) == before:
            self._known[path] = before, digest
        else:
            self._known.pop(path, None)
        return digest


FileState = tuple[int, int, int, int, int]
"""Device, inode, size and times of change: what differs once somebody has written to a file."""


def file_state(path: Path) -> FileState | None:
    """The state of a file; None where there is none, or it cannot be looked at."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def watched_files(spec: PrivateEndpointSpec, folder: Path) -> tuple[Path, ...]:
    """The files on which the standing depends beside the policy: the attestation, and what the model is."""
    found = [] if spec.attestation is None else [folder / spec.attestation]
    if spec.model is not None and spec.model.path is not None:
        found += _files_below(folder / spec.model.path)
    return tuple(found)


def _files_below(path: Path) -> list[Path]:
    """A file, or a folder with all that is in it: whoever adds or removes one changes the folder."""
    below = ((Path(base), names) for base, _, names in os.walk(path))
    return [path, *(each for base, names in below for each in (base, *(base / name for name in names)))]


def attestation_standing(
    spec: PrivateEndpointSpec,
    folder: Path,
    policy: PrivacyPolicy,
    at: datetime,
    known: KnownDigests | None = None,
) -> AttestationStanding:
    """Whether the attestation that a document in `folder` names holds at a moment.

    Only a release's does (`privacy-release/v1`): what trained privately, and not what was scanned. A day
    counts whole, at every front door. What cannot be read, or is not as it must be, is a fault: nothing is
    raised.
    """
    if spec.attestation is None:
        return AttestationStanding(NO_ATTESTATION)
    bundle = folder / spec.attestation
    try:
        trust = trust_by_policy(policy, VerifierDemands(StatementKind.RELEASE, ()))
        if not trust.keys:
            return AttestationStanding(NO_KEY)
        read = reader_by(trust).statements_of([(spec.attestation, read_bundle_file(bundle))])
        if read.problems:
            return AttestationStanding(read.problems[0])
        artifacts = _artifacts_of(spec.model, folder, bundle, known or KnownDigests())
    except (GatecliError, OSError) as error:
        problem = error.message if isinstance(error, GatecliError) else error.strerror
        return AttestationStanding(problem or "a file cannot be read")
    if isinstance(artifacts, str):
        return AttestationStanding(artifacts)
    return _standing_of(read.signed[0], trust, at.astimezone(UTC).date(), artifacts)


def _artifacts_of(
    model: ServedModel | None, folder: Path, bundle: Path, known: KnownDigests
) -> tuple[GivenArtifact, ...] | str:
    """What is served, by its digests; a text says why nobody knows. Raises UncheckableError, OSError.

    A path is never taken for an image, whatever it is called.
    """
    if model is None:
        return ()
    if model.path is not None:
        path = folder / model.path
        if path.is_dir():
            digests = folder_digests(path, (bundle,), known.digest_of)
        else:
            digests = {"sha256": known.digest_of(path)}
        return (GivenArtifact(model.path, digests),)
    image = image_artifact(str(model.image))
    return NO_IMAGE_DIGEST if image is None else (image,)


def _standing_of(
    signed: SignedStatement, trust: TrustTerms, today: date, artifacts: tuple[GivenArtifact, ...]
) -> AttestationStanding:
    fault = first_fault(signed, trust, today, artifacts)
    release = signed.statement.predicate
    if fault is not None or not isinstance(release, PrivacyRelease):
        return AttestationStanding(fault or "it is not of a release", signed.sha256)
    return AttestationStanding(
        None,
        signed.sha256,
        release.release.name,
        release.release.version,
        release.claim,
        _first_day_without(signed, trust, today, artifacts),
        is_bound=bool(artifacts),
    )


def _first_day_without(
    signed: SignedStatement, trust: TrustTerms, today: date, artifacts: Sequence[GivenArtifact]
) -> datetime:
    """When the first day begins on which it holds no longer: the very check is asked, of days to come.

    Beside its age and its keys nothing changes with the days, so that it never holds again afterwards.
    """
    days = range(1, (trust.valid_days or 0) + 2)

    def is_over(ahead: int) -> int:
        day = today + timedelta(days=ahead)
        return int(first_fault(signed, trust, day, tuple(artifacts)) is not None)

    first = days[bisect_left(days, 1, key=is_over)]
    return datetime.combine(today + timedelta(days=first), time.min, UTC)
