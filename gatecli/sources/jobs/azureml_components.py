"""What a step is made of: a definition in the step itself, in a file beside it, or kept elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gatecli.errors import GatecliError
from gatecli.model.column_classification import ColumnClassification
from gatecli.model.document import Document
from gatecli.model.job_definition import HOLE, JobText
from gatecli.sources.documents import parse_documents
from gatecli.sources.files import ReadError, decode_text, read_bytes
from gatecli.sources.jobs.parts import JobPart
from gatecli.sources.single_document import read_single

_ELSEWHERE = ("azureml:", "azureml://")
_FILES = ("file:",)


@dataclass(frozen=True, slots=True)
class Definition:
    """Where the command, the environment and the inputs of a step are defined.

    `part` is None where it is kept in a workspace or a registry; `reference` is then its name there. In a
    file beside, pointers of the parts are of that file; `at` is where the step names it. `problem` says why
    a file cannot be read.
    """

    part: JobPart | None
    at: str
    reference: JobText | None = None
    folder: Path | None = None
    problem: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it stands in another document than the step."""
        return self.folder is not None


def definition_of(step: JobPart, folder: Path, key: str = "component") -> Definition:
    """The definition of a step, or of the trial of a sweep."""
    named = step.member(key)
    if named is None:
        return Definition(step, step.pointer)
    text = named.text()
    if text is None:
        return Definition(named, named.pointer)
    if text.text.startswith(_ELSEWHERE) or not text.is_known:
        return Definition(None, named.pointer, text)
    return _in_file(text, folder)


def _in_file(text: JobText, folder: Path) -> Definition:
    name = text.text
    for prefix in _FILES:
        name = name.removeprefix(prefix)
    path = Path(os.path.normpath(folder / name))
    if Path(name).is_absolute():
        return Definition(None, text.pointer, text, problem="is named by an absolute path")
    data, problem = read_mapping(path)
    if problem:
        return Definition(None, text.pointer, text, problem=problem)
    return Definition(JobPart.of(data, ""), text.pointer, folder=path.parent)


def read_mapping(path: Path) -> tuple[Mapping[str, Any], str]:
    """The one block of keys that a file holds; or why there is none."""
    try:
        documents = _parsed_documents(path.as_posix(), read_bytes(path))
    except ReadError as error:
        return {}, f"names a file that {error.problem}"
    if len(documents) != 1 or not isinstance(documents[0].data, Mapping):
        return {}, "names a file that is not one block of keys"
    return documents[0].data, ""


@lru_cache(maxsize=16)
def _parsed_documents(name: str, content: bytes) -> tuple[Document, ...]:
    """A component is parsed once, however many steps use it. Raises ReadError."""
    return tuple(parse_documents(name, decode_text(content)))


def read_classification(name: str, folder: Path) -> tuple[ColumnClassification | None, str]:
    """The classification of columns that a file of the repository holds; else why it cannot be read.

    Neither for a file of anything else, and for none.
    """
    path = Path(os.path.normpath(folder / name.removeprefix("file:")))
    if "://" in name or name.startswith("azureml:") or Path(name).is_absolute() or HOLE in name:
        return None, ""
    if path.suffix.lower() not in {".yaml", ".yml", ".json"} or not os.path.isfile(path):  # noqa: PTH113 - never raises
        return None, ""
    data, problem = read_mapping(path)
    if not problem and data.get("kind") != ColumnClassification.__name__:
        return None, ""
    try:
        return read_single(path, ColumnClassification)[0], ""
    except GatecliError as error:
        return None, error.message


@dataclass(frozen=True, slots=True)
class Environment:
    """The image of a step, and why what runs is not what its digest says."""

    image: JobText | None = None
    unpinned: str = ""


def environment_of(part: JobPart | None, folder: Path, at: str | None = None) -> Environment:
    """The environment of a step: by reference, inline, or in a file beside. `at` is where it is told."""
    if part is None:
        return Environment()
    where = at or part.pointer
    text = part.text()
    if text is not None and not text.text.startswith(_ELSEWHERE) and text.is_known:
        data, problem = read_mapping(Path(os.path.normpath(folder / text.text.removeprefix("file:"))))
        return (
            Environment(unpinned=f"its environment {problem}")
            if problem
            else _inline(JobPart.of(data, ""), where)
        )
    if text is not None:
        return Environment(JobText(text.text, where))
    return _inline(part, where)


_ADDED = {
    "conda_file": "its environment adds packages to the image (conda_file), which no digest pins",
    "build": "its environment is built when the job is submitted, so no digest pins it",
}


def _inline(part: JobPart, at: str) -> Environment:
    image = part.member("image")
    text = None if image is None else image.text()
    added = next((why for key, why in _ADDED.items() if part.member(key) is not None), "")
    return Environment(None if text is None else JobText(text.text, at), added)
