"""From one epoch to the next: decrypted by one thread, encrypted by another, and never written in between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from gatecli.errors import GatecliError, UsageError
from gatecli.model.key_policy import KeyPolicy
from gatecli.model.sealed_artifact import SealedBytes, SealedManifest
from gatecli.sealing.age_format import Identity
from gatecli.sealing.sealed_files import (
    decrypt_whole,
    manifest_beside,
    require_apart,
    require_as_sealed,
    resolve_keys,
    sealed_contents,
    write_sealed,
)
from gatecli.sealing.streams import Pipe
from gatecli.sources.files import ReadError, open_file, unreadable_argument


def rotate(sealed: Path, policy: KeyPolicy, identities: Sequence[Identity], output: Path) -> SealedManifest:
    """Encrypt what a sealed file holds with a new file key, to whoever `policy` resolves to now.

    The policy is the one that it was sealed under, in a later epoch. Whoever has the old file can open that
    still. Raises UsageError and UncheckableError.
    """
    require_apart(output, sealed)
    before = manifest_beside(sealed)
    require_as_sealed(sealed, before)
    _require_later(before, policy)
    plain = SealedBytes(sha256=before.artifact.sha256, size=before.artifact.size)
    contents = sealed_contents(before.artifact.name, plain, policy)
    flow = _Decryption(sealed, before, identities)
    flow.start()
    try:
        return write_sealed(flow.pipe, contents, resolve_keys(policy), output, sealed)
    except GatecliError as error:
        raise flow.failed_first or error from None
    finally:
        flow.finish()


def _require_later(before: SealedManifest, policy: KeyPolicy) -> None:
    old, name, epoch = before.key_policy, policy.metadata.name, policy.spec.epoch
    if old.name != name:
        raise UsageError(
            f"the file is sealed under the KeyPolicy {old.name}, not under {name}",
            advice="open it and seal it, if it is to move to another policy",
        )
    if epoch is None or epoch <= old.epoch:
        raise UsageError(
            f"the file is sealed for epoch {old.epoch}, and the KeyPolicy {name} stands at {epoch or 'none'}",
            advice=f"raise spec.epoch above {old.epoch}; who is shut out is revoked from there",
        )


class _Decryption:
    """The thread that decrypts into a pipe."""

    def __init__(self, sealed: Path, manifest: SealedManifest, identities: Sequence[Identity]) -> None:
        self.pipe = Pipe()
        self.failed_first: Exception | None = None
        self._sealed = sealed
        self._manifest = manifest
        self._identities = identities
        self._thread = Thread(target=self._run, name="decryption", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        try:
            with open_file(self._sealed) as source:
                decrypt_whole(self._sealed, source, self.pipe, self._manifest, self._identities)
        except ReadError as error:
            self.failed_first = unreadable_argument(self._sealed, error)
        except Exception as error:  # noqa: BLE001 - told by the thread that waits for it
            self.failed_first = error
        self.pipe.end(is_whole=self.failed_first is None)

    def finish(self) -> None:
        """No more is needed; wait until nothing runs."""
        self.pipe.stop()
        self._thread.join()
