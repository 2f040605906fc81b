"""The folder in which a job puts its release together: empty before, judged whole after, or emptied again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gatecli.cloud.jobs import Job
from gatecli.documents.exact_json import exact_json
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.publish import write_together
from gatecli.model.document import Document
from gatecli.model.release import ReleaseSubject
from gatecli.sources.files import ReadError, read_bytes, sha256_of
from gatecli.sources.locations import inside

DECLARATION = "privacy.json"
"""The declaration with what the job made: its artifacts, and the digests of its evidence."""
RECORD = "job.json"
"""What the job was, and from what it was made."""

MOST_EVIDENCE = 16 * 2**20
"""Bytes of a file of evidence in which the job is looked for: what a reader of evidence takes."""


def require_empty(folder: Path, others: Sequence[Path]) -> None:
    """Raise UsageError unless the folder is there and empty, and so are other folders that are kept.

    What stands there already is of another job: its evidence would pass for that of this one.
    """
    for each in (folder, *others):
        if each == folder and not each.is_dir():
            raise UsageError(f"{each}, the folder of --output, is not there", advice="make it before the job")
        if each.is_dir() and any(files_in(each)):
            raise UsageError(
                f"{each} holds files before the job has begun, and what another job left proves nothing of "
                "this one",
                advice="give each job an empty folder",
            )


def files_in(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder, in one stable order. Raises UncheckableError."""

    def stop(error: OSError) -> None:
        raise UncheckableError(
            f"{error.filename} cannot be listed: {error.strerror}", advice="make it readable"
        )

    for at, folders, names in os.walk(folder, onerror=stop):
        folders.sort()
        yield from (Path(at, name) for name in sorted(names))
        yield from (link for name in folders if (link := Path(at, name)).is_symlink())


def empty(folders: Sequence[Path]) -> None:
    """Take away what a run left that did not pass: the platform keeps whatever stands there."""
    for folder in folders:
        for entry in list(folder.iterdir()) if folder.is_dir() else ():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def digests_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file below a folder, by its path. Raises UncheckableError for what is no file."""
    digests = {}
    for file in files_in(folder):
        name = file.relative_to(folder).as_posix()
        try:
            digests[name] = sha256_of(file)
        except ReadError as error:
            raise UncheckableError(f"{name} in {folder} {error.problem}", advice=error.mend) from None
    return digests


def require_own_evidence(folder: Path, subject: ReleaseSubject, job: Job) -> None:
    """Raise UncheckableError for evidence that is not there, or that says it is of another job."""
    for reference in subject.release.claim.recorded if subject.release.claim else ():
        path = folder / reference.path
        try:
            content = read_bytes(path, MOST_EVIDENCE)
        except ReadError as error:
            raise UncheckableError(
                f"the evidence {reference.path} {error.problem}",
                advice="let the command write it into the folder of --output by gatecli.evidence.write",
            ) from None
        stated = _stated_job(content)
        if stated is not None and stated != job.digest:
            raise UncheckableError(
                f"the evidence {reference.path} is of another job than {job.name}",
                advice="write it in this job: gatecli.evidence.write(…, job=os.environ['GATECLI_JOB'])",
            )


def _stated_job(content: bytes) -> object:
    """Which job a file says that it is of; None where it says nothing, as formats that are no JSON object."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return data.get("job") if isinstance(data, dict) else None


def write_declaration(folder: Path, subject: ReleaseSubject, base: Path) -> None:
    """Write the declaration of what the job made: as it was, with the digests of artifacts and evidence.

    What it names beside itself, a schema or a decision, is put beside it. Raises UsageError.
    """
    data = _copy(subject.document)
    named = [each.path for each in subject.release.claim.evidence] if subject.release.claim else []
    beside = _named_beside(subject)
    contents: dict[Path, str | bytes] = {folder / name: _content(base, name) for name in beside}
    write_together(contents)
    digests = digests_of(folder)
    kept = {DECLARATION, RECORD, *named, *beside}
    data["spec"]["artifacts"] = [
        {"path": name, "sha256": digest} for name, digest in digests.items() if name not in kept
    ]
    for entry in data["spec"]["privacy"]["evidence"]:
        entry["sha256"] = digests[Path(entry["path"]).as_posix()]
    write_together({folder / DECLARATION: exact_json(data)})


def _copy(document: Document) -> Any:
    """The data of a document, of which parts may be changed."""

    def copied(value: Any) -> Any:
        match value:
            case Mapping():
                return {key: copied(item) for key, item in value.items()}
            case list() | tuple():
                return [copied(item) for item in value]
            case _:
                return value

    return copied(document.data)


def _named_beside(subject: ReleaseSubject) -> list[str]:
    spec = subject.release.spec
    schemas = [each.table_schema for each in spec.datasets if each.table_schema is not None]
    return [*schemas, *([spec.decision] if spec.decision is not None else [])]


def _content(base: Path, name: str) -> bytes:
    if ".." in Path(name).parts:
        raise UsageError(f"{name} is above the declaration that names it", advice="put it beside")
    try:
        return read_bytes(inside(base, name))
    except ReadError as error:
        raise UsageError(f"{name}, which the declaration names, {error.problem}", advice=error.mend) from None


def write_record(folder: Path, record: Mapping[str, Any]) -> str:
    """Write what the job was; the digest of the file."""
    write_together({folder / RECORD: exact_json(record)})
    return sha256_of(folder / RECORD)
