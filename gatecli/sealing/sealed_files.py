"""Seal an artifact, and open it: files in, files out, nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gatecli.errors import UncheckableError, UsageError
from gatecli.model.access import resolve
from gatecli.model.age_recipient import is_weak, key_fingerprint
from gatecli.model.key_policy import KeyPolicy, KeyRecipient, key_policy_digest
from gatecli.model.sealed_artifact import (
    PlainArtifact,
    SealedBytes,
    SealedContents,
    SealedManifest,
    SealState,
    applied_key_policy,
    policy_fault,
    seal_fault,
    sealed_recipients,
)
from gatecli.sealing.age_format import (
    Identity,
    NoMatchingIdentity,
    Readable,
    SealBroken,
    Writable,
    decrypt_stream,
    encrypt_stream,
)
from gatecli.sealing.staging import stage_file, store
from gatecli.sealing.streams import Failures, StreamError, TalliedReader, TalliedWriter
from gatecli.sources.files import MissingFileError, ReadError, open_file, unreadable_argument
from gatecli.sources.sealed_artifact import bytes_of, count_stanzas, manifest_path, read_manifest

ASK_AGAIN = "get the file and its manifest again; gatecli keys seal wrote both"


def seal(artifact: Path, policy: KeyPolicy, output: Path) -> SealedManifest:
    """Encrypt an artifact to the recipients that a policy resolves to now; the manifest beside `output`.

    Raises UsageError and UncheckableError.
    """
    require_apart(output, artifact)
    with _readable(artifact):
        plain = bytes_of(artifact)
        contents = sealed_contents(artifact.name, plain, policy)
        with open_file(artifact) as source:
            return write_sealed(source, contents, resolve_keys(policy), output, artifact)


def open_sealed(
    sealed: Path, identities: Sequence[Identity], output: Path, policy: KeyPolicy | None = None
) -> SealedManifest:
    """Decrypt a sealed file to `output`, which appears only once all of it is authentic; its manifest.

    With `policy`, the file must have been sealed under that one. Raises UsageError and UncheckableError.
    """
    require_apart(output, sealed)
    manifest = manifest_beside(sealed)
    require_as_sealed(sealed, manifest)
    if policy is not None:
        _require_policy(sealed, manifest, policy)
    with _readable(sealed), open_file(sealed) as source, stage_file(output, is_private=True) as target:
        decrypt_whole(sealed, source, target, manifest, identities)
    return manifest


def decrypt_whole(
    sealed: Path, source: Readable, target: Writable, manifest: SealedManifest, identities: Sequence[Identity]
) -> None:
    """Decrypt to `target`. Raises UncheckableError unless each byte is what the manifest says."""
    failures = Failures()
    reader = TalliedReader(source, failures)
    writer = TalliedWriter(target, failures, split=True)
    with explain_failures(sealed, manifest, failures):
        decrypt_stream(reader, writer, identities)
        reader.drain()
    if reader.tally.bytes() != manifest.sealed:
        raise UncheckableError(f"{sealed} is not the file that its manifest describes", advice=ASK_AGAIN)
    if writer.line != manifest.contents.line():
        raise UncheckableError(
            f"{manifest_path(sealed)} is not the manifest that is inside {sealed}", advice=ASK_AGAIN
        )
    if writer.tally.bytes() != _bytes_in(manifest.artifact):
        raise UncheckableError(f"{sealed} holds another artifact than its manifest says", advice=ASK_AGAIN)
    named = {each.key for each in manifest.recipients}
    if named.isdisjoint(key_fingerprint(each.public_key) for each in identities):
        raise UncheckableError(
            f"{sealed} opens with this identity, and its manifest does not name it", advice=ASK_AGAIN
        )


def write_sealed(
    source: Readable, contents: SealedContents, public_keys: Sequence[str], output: Path, named: Path
) -> SealedManifest:
    """Encrypt all of `source` to `output` with its manifest beside it; `named` is what it was read from.

    Raises UncheckableError where `source` is not what `contents` says.
    """
    failures = Failures()
    reader = TalliedReader(source, failures, contents.line())
    with stage_file(output, is_private=False) as target:
        writer = TalliedWriter(target, failures)
        with explain_failures(named, None, failures):
            encrypt_stream(reader, writer, public_keys)
        if reader.tally.bytes() != _bytes_in(contents.artifact):
            raise UncheckableError(f"{named} changed while it was sealed", advice="seal it again")
        store(target)  # no manifest of a file that the disk then does not hold
        given = {name: getattr(contents, name) for name in SealedContents.model_fields}
        manifest = SealedManifest(**given, sealed=writer.tally.bytes())
        with stage_file(manifest_path(output), is_private=False) as beside:
            beside.write(manifest.text().encode())
    return manifest


def sealed_contents(name: str, plain: SealedBytes, policy: KeyPolicy) -> SealedContents:
    """What is said inside a file that is sealed under a policy now. Raises UsageError."""
    _recipients_now(policy)
    applied = applied_key_policy(policy, policy.spec.epoch or 0)
    try:
        artifact = PlainArtifact(name=name, sha256=plain.sha256, size=plain.size)
    except ValueError:
        raise UsageError("the artifact has a name that no manifest can hold", advice="rename it") from None
    return SealedContents(
        schema_="gatecli/sealed/v1",
        artifact=artifact,
        key_policy=applied,
        recipients=sealed_recipients(policy),
    )


def resolve_keys(policy: KeyPolicy) -> tuple[str, ...]:
    """The public keys of whoever a policy resolves to now. Raises UsageError."""
    return tuple(each.public_key for each in _recipients_now(policy))


def _recipients_now(policy: KeyPolicy) -> tuple[KeyRecipient, ...]:
    name, epoch = policy.metadata.name, policy.spec.epoch
    if epoch is None:
        raise UsageError(f"the KeyPolicy {name} states no epoch", advice="add spec.epoch")
    found = resolve(policy.spec, epoch)
    if not found:
        raise UsageError(
            f"the KeyPolicy {name} resolves to nobody in epoch {epoch}", advice="gatecli keys check says why"
        )
    for each in found:
        _require_strong(each)
    return found


def _require_strong(recipient: KeyRecipient) -> None:
    """A waiver may forgive a finding; what it would lead to is refused all the same."""
    try:
        fault = "can be opened by everybody" if is_weak(recipient.public_key) else None
    except ValueError as error:
        fault = str(error)
    if fault:
        raise UsageError(f"the public key of {recipient.name} {fault}", advice="ask its holder for the key")


def manifest_beside(sealed: Path) -> SealedManifest:
    """The manifest of a sealed file. Raises UsageError and UncheckableError."""
    path = manifest_path(sealed)
    try:
        return read_manifest(path)
    except MissingFileError as error:
        if not os.path.lexists(sealed):
            raise unreadable_argument(sealed, error) from None
        raise UsageError(
            f"{sealed} has no manifest beside it ({path.name}), and each sealed file has one",
            advice="name the file that gatecli keys seal wrote, and keep its manifest beside it",
        ) from None
    except ReadError as error:
        raise unreadable_argument(path, error) from None


def require_as_sealed(sealed: Path, manifest: SealedManifest) -> None:
    """Raises UncheckableError where a look at the head of the file shows that it is not the described one.

    It also bounds what a library that reads the head has to hold.
    """
    with _readable(sealed):
        stanzas = count_stanzas(sealed)
    if stanzas != len(manifest.recipients):
        fault = seal_fault(SealState(manifest, manifest.sealed, stanzas))
        raise UncheckableError(f"{sealed} {fault}", advice=ASK_AGAIN)


def _require_policy(sealed: Path, manifest: SealedManifest, policy: KeyPolicy) -> None:
    digest = key_policy_digest(policy)
    if manifest.key_policy.sha256 != digest:
        raise UncheckableError(
            f"{sealed} is sealed under the KeyPolicy {manifest.key_policy.name} "
            f"{manifest.key_policy.sha256[:12]}, not under {policy.metadata.name} {digest[:12]}",
            advice="name the KeyPolicy as it was then, or seal anew: gatecli keys rotate",
        )
    contradiction = policy_fault(manifest, policy)
    if contradiction is not None:
        raise UncheckableError(f"{sealed} {contradiction}", advice="ask for a file that gatecli keys sealed")


def require_apart(output: Path, *read: Path) -> None:
    """Raises UsageError where what is written would replace what is read, or what stands beside that."""
    taken = {os.path.realpath(each) for path in read for each in (path, manifest_path(path))}
    if taken & {os.path.realpath(each) for each in (output, manifest_path(output))}:
        raise UsageError(f"{output} is what is read, or beside it", advice="name another file with --output")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except ReadError as error:
        raise unreadable_argument(path, error) from None


@contextmanager
def explain_failures(path: Path, manifest: SealedManifest | None, failures: Failures) -> Iterator[None]:
    """What a stream or the library raises, as an error with a sentence."""
    try:
        yield
        if failures.first is not None:
            raise failures.first
    except NoMatchingIdentity:
        names = ", ".join(each.name for each in manifest.recipients) if manifest else ""
        raise UsageError(
            f"{path} is sealed for {names}, and no identity is one of theirs",
            advice="name the identity of a recipient with --identity",
        ) from None
    except (SealBroken, OSError, StreamError) as error:
        raise _explain(path, failures.first or error) from None


def _explain(path: Path, error: BaseException) -> BaseException:
    if isinstance(error, StreamError):
        doing, kind = ("written", UsageError) if error.is_writing else ("read", UncheckableError)
        return kind(f"{path}: the data cannot be {doing}: {error.reason}", advice="check disk and folder")
    if isinstance(error, SealBroken):
        return UncheckableError(
            f"{path} cannot be opened: it was changed or cut off after it was sealed", advice=ASK_AGAIN
        )
    return error


def _bytes_in(artifact: PlainArtifact) -> SealedBytes:
    return SealedBytes(sha256=artifact.sha256, size=artifact.size)
