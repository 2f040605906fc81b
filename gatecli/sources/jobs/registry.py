"""Every reader of job definitions, and where definitions stand in a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.job_definition import JobDefinition
from gatecli.sources.documents import parse_documents
from gatecli.sources.files import ReadError, decode_text, read_bytes
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.azureml import AZUREML
from gatecli.sources.jobs.interface import INVALID, UNREADABLE, JobReader
from gatecli.sources.jobs.sagemaker_request import REQUESTS

JOB_READERS: tuple[JobReader, ...] = (REQUESTS, AZUREML)
"""The first that knows a document reads it."""

SUFFIXES = frozenset({".json", ".yaml", ".yml", ".template"})


def find_job_files(files: Iterable[Path]) -> Iterator[Path]:
    """Files that may hold a definition, by their text."""
    return (file for file in files if file.suffix.lower() in SUFFIXES and _is_marked(file))


def _is_marked(file: Path) -> bool:
    """What cannot be read is no definition of ours to report: whoever searches texts says so."""
    try:
        return _has_marks(read_bytes(file))
    except ReadError:
        return False


def _has_marks(content: bytes) -> bool:
    text = content.replace(b"\0", b"").lower()  # UTF-16 without decoding it
    return any(
        all(word.lower() in text for word in words) for reader in JOB_READERS for words in reader.marks
    )


def read_jobs(path: Path) -> Loaded[JobDefinition]:
    """Every job that a file defines; what cannot be read is a finding. A file without any gives nothing."""
    try:
        documents = parse_documents(path.as_posix(), decode_text(read_bytes(path)))
    except ReadError as error:
        return Loaded(findings=(_unread(path, error),))
    return together(map(jobs_of, documents))


def jobs_of(document: Document) -> Loaded[JobDefinition]:
    """The jobs that a document defines, by the first reader that knows it."""
    for reader in JOB_READERS:
        loaded = reader.read(document)
        if loaded is not None:
            return loaded
    return Loaded()


def together(parts: Iterable[Loaded[JobDefinition]]) -> Loaded[JobDefinition]:
    """What was read in several places."""
    read = tuple(parts)
    return Loaded(
        tuple(job for each in read for job in each.values),
        tuple(finding for each in read for finding in each.findings),
    )


def _unread(path: Path, error: ReadError) -> Finding:
    name, at = path.as_posix(), error.position
    place = Place(name, at.line, at.column) if at else Place(name)
    rule = INVALID if error.invalid else UNREADABLE
    return make_finding(rule, f"the file {error.problem}", subject=name, place=place, mend=error.mend)
