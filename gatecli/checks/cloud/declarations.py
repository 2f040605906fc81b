"""The declaration of what a job makes: which of the repository's it is, and whether a job can keep it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.checks.cloud.run_call import RunCall
from gatecli.model.job_files import WRITTEN
from gatecli.model.release import ModelRelease

_USUAL = "privacy.yaml"


def declaration_of(call: RunCall, declared: Sequence[PlacedRelease]) -> PlacedRelease | None:
    """The declaration of the file that a job names, by the last part of its name in the image.

    `declared` are those that stand near the definition, the nearest first. None where no file is called so,
    or where the nearest one holds several.
    """
    named = call.value("--declaration")
    if named is not None and not named.is_known:
        return None
    name = posixpath.basename(named.text if named is not None else _USUAL)
    found = [each for each in declared if posixpath.basename(each.path) == name]
    nearest = [each for each in found if each.path == found[0].path]
    return nearest[0] if len(nearest) == 1 else None


def unkept_promises(release: ModelRelease) -> Iterator[tuple[str, str]]:
    """Why no job can make a release as it is declared, each as the end of a sentence, and how to mend it."""
    claim = release.claim
    evidence = () if claim is None else claim.evidence
    if release.spec.artifacts:
        mend = "leave spec.artifacts out: what the job leaves in the folder of --output is listed then"
        yield "lists artifacts, which the job has yet to make", mend
    if not all(is_kept(each.path) for each in evidence):
        mend = "name a file in the folder of --output, by a path relative to it"
        yield "names evidence where no job can leave it", mend
    if any(each.sha256 for each in evidence):
        yield "states the digest of evidence that the job has yet to write", "leave sha256 out"
    if claim is None or not claim.recorded:
        mend = "name the file that the command writes under spec.privacy.evidence"
        yield "names no evidence, so nothing would show what the job spent", mend
    if claim is None or claim.budget is None:
        yield "declares no ε and δ", "declare spec.privacy.epsilon and delta"


def is_kept(name: str) -> bool:
    """Whether a job can leave a file of evidence by this name in the folder of its release."""
    path = PurePosixPath(name)
    is_inside = not path.is_absolute() and ".." not in path.parts and name.isprintable()
    return is_inside and path.as_posix() not in WRITTEN
