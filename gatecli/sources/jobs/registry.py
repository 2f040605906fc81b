"""Every reader of job definitions, and where definitions stand in a tree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.job_definition import JobDefinition
from gatecli.sources.contents import ReadBytes
from gatecli.sources.files import ReadError, decode_text, open_file, read_bytes
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.azureml import AZUREML
from gatecli.sources.jobs.cloudformation import SHORT_FORMS, TEMPLATES
from gatecli.sources.jobs.interface import INVALID, UNREADABLE, JobReader, together
from gatecli.sources.jobs.kubernetes import OBJECTS
from gatecli.sources.jobs.nested import NESTED
from gatecli.sources.jobs.sagemaker_pipeline import PIPELINES
from gatecli.sources.jobs.sagemaker_request import REQUESTS
from gatecli.sources.jobs.step_functions import STATE_MACHINES
from gatecli.sources.json_text import read_json
from gatecli.sources.yaml_text import read_yaml

JOB_READERS: tuple[JobReader, ...] = (
    REQUESTS,
    STATE_MACHINES,
    PIPELINES,
    TEMPLATES,
    OBJECTS,
    AZUREML,
)
"""Each that knows a document reads it; one that none knows may hold definitions somewhere inside."""

SUFFIXES = frozenset({".json", ".yaml", ".yml", ".template"})


_MARKS = tuple(
    tuple(word.lower() for word in words) for reader in (*JOB_READERS, NESTED) for words in reader.marks
)


def find_job_files(files: Iterable[Path], read: ReadBytes = read_bytes) -> Iterator[Path]:
    """Files that may hold a definition, by their text."""
    return (file for file in files if file.suffix.lower() in SUFFIXES and _is_marked(file, read))


_HEAD = 4096
_OF_A_PLAN = (b'"terraform_version"', b'"planned_values"', b'"resource_changes"', b'"prior_state"')
_ESCAPED = re.compile(rb"\\(?:u00|x)([2-7][0-9a-fA-F])")
"""A letter of ASCII as JSON or YAML may write it."""


def _unescape(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


_PIECE = 2**22
_CERTAIN = tuple(
    words for words in _MARKS if words not in {tuple(map(bytes.lower, each)) for each in AZUREML.marks[1:]}
)
"""Marks that texts of another kind hardly have, however long they are."""


def _is_marked(file: Path, read: ReadBytes) -> bool:
    """A file that cannot be read is not reported here: whoever searches texts says so."""
    try:
        return _has_marks(read(file))
    except ReadError:
        return _may_hold_more(file)


def _may_hold_more(file: Path) -> bool:
    """Whether a file that is too large to read holds the marks of a definition: its reader then says so."""
    words = {word for each in _CERTAIN for word in each}
    found: set[bytes] = set()
    before = b""
    try:
        with open_file(file) as opened:
            while piece := opened.read(_PIECE):
                text = before + piece.replace(b"\0", b"").lower()
                found |= {word for word in words if word in text}
                before = text[-64:]
    except ReadError:
        return False
    return any(found.issuperset(each) for each in _CERTAIN)


def _has_marks(content: bytes) -> bool:
    head = content[:_HEAD].replace(b"\0", b"")  # UTF-16 without decoding it
    if b'"format_version"' in head and any(key in head for key in _OF_A_PLAN):
        return False  # a plan of Terraform, whose jobs another gate judges
    text = content.replace(b"\0", b"")
    if b"\\" in text:
        text = _ESCAPED.sub(_unescape, text)
    text = text.lower()
    return any(all(word in text for word in words) for words in _MARKS)


def read_jobs(path: Path) -> Loaded[JobDefinition]:
    """Every job that a file defines; what cannot be read is a finding. A file without any gives nothing."""
    try:
        content = read_bytes(path)
        documents = _parse(path, decode_text(content))
    except ReadError as error:
        return Loaded(findings=(_unread(path, error),))
    digest = hashlib.sha256(content).hexdigest()
    return together(jobs_of(replace(document, sha256=digest)) for document in documents)


def _parse(path: Path, text: str) -> tuple[Document, ...]:
    """The documents of a file; templates of CloudFormation in YAML have functions as tags."""
    name = path.as_posix()
    if path.suffix.lower() == ".json" or text.lstrip()[:1] == "{":
        documents = read_json(name, text)
    else:
        documents = read_yaml(name, text, functions=SHORT_FORMS if "AWS::" in text else {})
    return tuple(document for document in documents if document.data is not None)


def jobs_of(document: Document) -> Loaded[JobDefinition]:
    """The jobs that a document defines, by every reader that knows it."""
    read = (reader.read(document) for reader in JOB_READERS)
    known = [loaded for loaded in read if loaded is not None]
    return together(known) if known else NESTED.read(document) or Loaded()


def _unread(path: Path, error: ReadError) -> Finding:
    name, at = path.as_posix(), error.position
    place = Place(name, at.line, at.column) if at else Place(name)
    rule = INVALID if error.invalid else UNREADABLE
    return make_finding(rule, f"the file {error.problem}", subject=name, place=place, mend=error.mend)
