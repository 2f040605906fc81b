"""The folder in which a job puts its release together: empty before, judged whole after, or emptied again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatecli.cloud.jobs import Job, is_folder, real
from gatecli.documents.exact_json import exact_json
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.publish import write_together
from gatecli.gates.concealment import without_values
from gatecli.model.document import Document
from gatecli.model.job_files import RECORD, UNCOMMITTED, WRITTEN
from gatecli.model.release import ReleaseSubject
from gatecli.sources.discovery import find_declarations
from gatecli.sources.files import ReadError, read_bytes, sha256_of
from gatecli.sources.locations import inside

DEEPEST = 256
"""Levels of folders in an input or output."""
_BESIDE_DATABASES = ("-wal", "-shm", "-journal")
MOST_EVIDENCE = 16 * 2**20
"""Bytes of a file of evidence in which the job is looked for: what a reader of evidence takes."""


def require_empty(folder: Path, others: Sequence[Path]) -> None:
    """Raise UsageError unless the folder is there and empty, and so are other folders that are kept.

    What stands there already is of another job: its evidence would pass for that of this one.
    """
    for each in (folder, *others):
        if each == folder and not is_folder(each):
            raise UsageError(f"{each}, the folder of --output, is not there", advice="make it before the job")
        if is_folder(each) and any(files_in(each)):
            raise UsageError(
                f"{each} holds files before the job has begun, and what another job left proves nothing of "
                "this one",
                advice="give each job an empty folder",
            )


def files_in(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder, in one stable order. Raises UncheckableError for a folder that
    cannot be listed, or is too deep.
    """
    waiting = [(folder, 0)]
    while waiting:
        at, depth = waiting.pop()
        if depth > DEEPEST:
            raise UncheckableError(
                f"{folder} holds folders nested deeper than {DEEPEST} levels", advice="flatten it"
            )
        try:
            entries = sorted(os.scandir(at), key=lambda each: each.name)
            folders = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
        except OSError as error:
            raise UncheckableError(
                f"{at} cannot be listed: {error.strerror}", advice="make it readable"
            ) from None
        waiting += [(at / name, depth + 1) for name in reversed(folders)]
        yield from (at / each.name for each in entries if each.name not in folders)


def digests_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a release by its path. Raises UncheckableError for what cannot be part of
    one: links, whose target the platform may keep, or not; names that are not text.
    """
    if folder.is_symlink():
        raise UncheckableError(
            f"the command put a link in the place of {folder}", advice="write into that folder"
        )
    return _digests(files_in(folder), folder, _refuse_link, _refuse_name)


def input_digests(folder: Path, without: Sequence[Path] = ()) -> dict[str, str]:
    """The SHA-256 of each file of an input by its path; of a link to a folder, or to nothing, that of where
    it leads to. Raises UncheckableError where something else than a file stands there.

    Left out are the files of `without`, and what SQLite keeps beside each.
    """
    left_out = {f"{real(file)}{ending}" for file in without for ending in ("", *_BESIDE_DATABASES)}

    def leave(link: Path) -> str | None:
        leads = not link.is_dir() and link.exists()
        return None if leads else hashlib.sha256(b"link:" + os.fsencode(link.readlink())).hexdigest()

    def plain(name: str) -> str:
        return name if name.isprintable() else os.fsencode(name).hex()

    return _digests(
        (each for each in files_in(folder) if str(real(each)) not in left_out), folder, leave, plain
    )


def _digests(
    files: Iterable[Path],
    folder: Path,
    of_link: Callable[[Path], str | None],
    written: Callable[[str], str],
) -> dict[str, str]:
    digests = {}
    for file in files:
        name = written(file.relative_to(folder).as_posix())
        try:
            linked = of_link(file) if file.is_symlink() else None
            digests[name] = sha256_of(file) if linked is None else linked
        except ReadError as error:
            raise UncheckableError(f"{name} in {folder} {error.problem}", advice=error.mend) from None
        except OSError as error:
            raise UncheckableError(
                f"{name} in {folder} cannot be read: {error.strerror}", advice="keep it as it is"
            ) from None
    return digests


def _refuse_link(link: Path) -> str | None:
    raise UncheckableError(
        f"{link.name} in {link.parent} is a link, which the platform does not keep as it is",
        advice="write the file itself",
    )


def _refuse_name(name: str) -> str:
    if not name.isprintable():
        raise UncheckableError(
            "the command left a file whose name is not printable text", advice="name it in plain UTF-8"
        )
    if without_values(name) != name:
        raise UncheckableError(
            "the command left a file whose name holds personal data or a secret",
            advice="name files without them: a release is listed by its files in declarations and ledgers",
        )
    return name


def require_own_evidence(folder: Path, subject: ReleaseSubject, job: Job) -> None:
    """Raise UncheckableError for evidence that is not there, or that says it is of another job."""
    for reference in subject.release.claim.evidence if subject.release.claim else ():
        try:
            content = read_bytes(folder / reference.path, MOST_EVIDENCE)
        except ReadError as error:
            raise UncheckableError(
                f"the evidence {reference.path} {error.problem}",
                advice="let the command write it into the folder of --output by gatecli.evidence.write",
            ) from None
        if any(stated != job.digest for stated in _stated_jobs(content)):
            raise UncheckableError(
                f"the evidence {reference.path} is of another job than {job.name}",
                advice="write it in this job: gatecli.evidence.write(…, job=os.environ['GATECLI_JOB'])",
            )


def _stated_jobs(content: bytes) -> Iterator[object]:
    """Which jobs a file says that it is of, in any object of its JSON or of its lines of JSON; a key that is
    said twice counts twice. Formats other than JSON say nothing.
    """
    found: list[object] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(value for key, value in pairs if key == "job")
        return {}

    for text in (content, *content.splitlines()):
        with suppress(ValueError, RecursionError):
            json.loads(text, object_pairs_hook=look)
            if text is content:
                break
    return iter(found)


def evidence_names(subject: ReleaseSubject) -> tuple[str, ...]:
    """The files of evidence that a release names, each as a path in its own folder."""
    claim = subject.release.claim
    return tuple(Path(each.path).as_posix() for each in (claim.evidence if claim else ()))


def refuse_own_names(folder: Path) -> None:
    """Raise UncheckableError where the command wrote what is written here, or declared a release; or where
    its folders are too deep to be searched.
    """
    list(files_in(folder))  # raises where it is too deep
    taken = next((name for name in sorted(WRITTEN) if os.path.lexists(folder / name)), None)
    declared = next(iter(find_declarations([folder])), None)
    if taken is not None or declared is not None:
        why = "is the name of a file that is written for it" if taken else "declares a release"
        raise UncheckableError(
            f"the command left {taken or declared}, which {why}",
            advice="let it write artifacts and evidence alone",
        )


def write_declaration(folder: Path, subject: ReleaseSubject, base: Path) -> Path:
    """Write the declaration of what the job made, not yet by its own name: as it was, with the digests of
    artifacts and evidence.

    What it names beside itself, a schema or a decision, is put beside it. Raises UsageError.
    """
    data = _copy(subject.document)
    beside = _named_beside(subject)
    taken = next((name for name in beside if os.path.lexists(folder / name)), None)
    if taken is not None:
        raise UncheckableError(
            f"the command left {taken}, which the declaration names as its own", advice="name it otherwise"
        )
    for name in beside:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_together({folder / name: _content(base, name) for name in beside})
    digests = digests_of(folder)
    kept = {*evidence_names(subject), *(Path(name).as_posix() for name in beside)}
    data["spec"]["artifacts"] = [
        {"path": name, "sha256": digest} for name, digest in digests.items() if name not in kept
    ]
    for entry in data["spec"]["privacy"]["evidence"]:
        entry["sha256"] = digests[Path(entry["path"]).as_posix()]
    write_together({folder / UNCOMMITTED: exact_json(data)})
    return folder / UNCOMMITTED


def _copy(document: Document) -> Any:
    """The data of a document, of which parts may be changed."""

    def plain_copy(value: Any) -> Any:
        match value:
            case Mapping():
                return {key: plain_copy(item) for key, item in value.items()}
            case list() | tuple():
                return [plain_copy(item) for item in value]
            case _:
                return value

    return plain_copy(document.data)


def _named_beside(subject: ReleaseSubject) -> list[str]:
    spec = subject.release.spec
    schemas = [each.table_schema for each in spec.datasets if each.table_schema is not None]
    return list(dict.fromkeys([*schemas, *([spec.decision] if spec.decision is not None else [])]))


def _content(base: Path, name: str) -> bytes:
    if ".." in Path(name).parts:
        raise UsageError(f"{name} is above the declaration that names it", advice="put it beside")
    try:
        return read_bytes(inside(base, name))
    except ReadError as error:
        raise UsageError(f"{name}, which the declaration names, {error.problem}", advice=error.mend) from None


def read_beside(subject: ReleaseSubject, base: Path) -> None:
    """Raise UsageError, before anything is spent, where a file that the declaration names cannot be read."""
    for name in _named_beside(subject):
        _content(base, name)


def write_record(folder: Path, record: Mapping[str, Any]) -> str:
    """Write what the job was; the digest of the file."""
    write_together({folder / RECORD: exact_json(record)})
    return sha256_of(folder / RECORD)
