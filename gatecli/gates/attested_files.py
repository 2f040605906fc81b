"""What an attestation is about, as it stands here: files, folders and images by their digests."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gatecli.attestation.model_digest import GIT_FILES, folder_hash, model_root
from gatecli.checks.attestation import GivenArtifact
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.attestation import FOLDER, MODEL_SIGNING, AttestedSubject
from gatecli.sources.files import ReadError, sha256_of

_IMAGE = re.compile(r"(?:(?P<name>[^\s@]+)@)?sha256:(?P<digest>[0-9a-f]{64})", re.ASCII)
_ADVICE = "attest a folder of plain files"


def read_artifact(text: str, ignored: Sequence[Path] = ()) -> GivenArtifact:
    """A file, a folder, or an image (`NAME@sha256:…`) with the digests that stand for it.

    `ignored` are files that a folder's digest leaves out: attestations that lie in it. Raises UsageError for
    what is not there, UncheckableError for what cannot be read.
    """
    image = image_artifact(text)
    if image is not None:
        return image
    path = Path(text)
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    if path.is_dir():
        return GivenArtifact(path.as_posix(), folder_digests(path, ignored))
    return GivenArtifact(path.as_posix(), {"sha256": file_digest(path)})


def image_artifact(text: str) -> GivenArtifact | None:
    """An image by the digest in its name (`NAME@sha256:…`); None for any other text."""
    image = _IMAGE.fullmatch(text)
    return None if image is None else GivenArtifact(image["name"] or text, {"sha256": image["digest"]})


def as_subject(artifact: GivenArtifact, name: str) -> AttestedSubject:
    """An artifact as a statement names it."""
    return AttestedSubject(name, dict(artifact.digests))


def file_digest(path: Path) -> str:
    """The SHA-256 of a file. Raises UncheckableError."""
    try:
        return sha256_of(path)
    except ReadError as error:
        raise UncheckableError(f"{path} {error.problem}", advice=error.mend) from None


Digest = Callable[[Path], str]
"""The SHA-256 of a file, read now or remembered."""


def folder_digests(
    folder: Path, ignored: Sequence[Path] = (), digest: Digest = file_digest
) -> dict[str, str]:
    """The digests of a folder, by name and content, and by content as model-signing has it."""
    digests = files_of(folder, ignored, digest)
    if not digests:
        raise UncheckableError(f"the folder {folder} holds no file", advice=_ADVICE)
    try:
        return {FOLDER: folder_hash(digests), MODEL_SIGNING: model_root(digests)}
    except ValueError as error:
        raise UncheckableError(f"the folder {folder} cannot be attested: {error}", advice=_ADVICE) from None


def files_of(folder: Path, ignored: Sequence[Path] = (), digest: Digest = file_digest) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path with slashes; without those of git at its top.

    Raises UncheckableError for a link and for what is no file, as model-signing does.
    """
    left_out = {os.path.realpath(each) for each in ignored}
    return {
        path.relative_to(folder).as_posix(): digest(path)
        for path in _walk(folder)
        if os.path.realpath(path) not in left_out
    }


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name not in GIT_FILES:
            yield from _below(path)


def _below(path: Path) -> Iterator[Path]:
    if path.is_symlink():
        raise UncheckableError(
            f"{path} is a symbolic link", advice="replace the link by the file, or leave it out"
        )
    if not path.is_dir():
        yield path
        return
    for each in sorted(path.iterdir()):
        yield from _below(each)
