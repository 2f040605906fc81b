"""Which reader reads which file, and what every document of gatecli.dev has at its head."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatecli import package
from gatecli.model.base import API_VERSION
from gatecli.model.document import Document
from gatecli.sources.files import ON_DISK, Files, decode_text
from gatecli.sources.positioned_tree import printable
from gatecli.sources.problems import Problem, suggestion

KINDS = (
    "ModelRelease",
    "PrivacyPolicy",
    "PrivacyWaiver",
    "TableQuestions",
    "PrivateEndpoint",
    "KeyPolicy",
    "ColumnClassification",
)

Reader = Callable[[str, str], tuple[Document, ...]]

YAML = "yaml_text:read_yaml"
READERS: Mapping[str, str] = {
    ".json": "json_text:read_json",
    ".toml": "toml_text:read_toml",
    ".md": "markdown_text:read_card",
    ".markdown": "markdown_text:read_card",
}
"""Where the reader of a suffix is; imported when a file of it is read."""


def read_documents(path: Path, files: Files = ON_DISK) -> tuple[Document, ...]:
    """The documents of a file that hold anything, by its suffix; YAML where that says nothing.

    Raises `ReadError`.
    """
    content = files.read(path)
    digest = hashlib.sha256(content).hexdigest()
    documents = parse_documents(path.as_posix(), decode_text(content))
    return tuple(replace(document, sha256=digest) for document in documents)


def parse_documents(path: str, text: str) -> tuple[Document, ...]:
    """The documents of a text that hold anything. Raises `ReadError`."""
    reader: Reader = package.member(f"sources.{READERS.get(Path(path).suffix.lower(), YAML)}")
    return tuple(document for document in reader(path, text) if document.data is not None)


def head_problem(document: Document) -> Problem | None:
    """What is wrong with the head of a document; None where it is sound or of another API."""
    data = document.data
    if not isinstance(data, Mapping):
        found = "plain text" if isinstance(data, str) else printable(data)  # which may be somebody's table
        message = f"the document is {found}, not a block of keys"
        return Problem("document", message, f"begin with apiVersion: {API_VERSION}", "")
    for key in ("apiVersion", "kind"):
        if key not in data:
            names = [name for name in data if name.lower() == key.lower()]
            mend = f"rename {names[0]} to {key}" if names else f"add {key} ({_EXAMPLE[key]})"
            return Problem("missing", f"the document has no {key}", mend, f"/{key}")
    return _api_problem(data["apiVersion"], data["kind"])


_EXAMPLE = {"apiVersion": API_VERSION, "kind": ", ".join(KINDS)}


def _api_problem(version: Any, kind: Any) -> Problem | None:
    group = API_VERSION.partition("/")[0]
    if not isinstance(version, str) or not isinstance(kind, str):
        return Problem("head", "apiVersion or kind is not text", f"write apiVersion: {API_VERSION}", "")
    if version == API_VERSION:
        mend = suggestion(kind, KINDS, "use one of")
        return None if kind in KINDS else Problem("head", f"unknown kind {printable(kind)}", mend, "/kind")
    if group in version.lower() or kind in KINDS:
        message = f"apiVersion is {printable(version)}, which this gatecli does not know"
        return Problem("head", message, f"write apiVersion: {API_VERSION}", "/apiVersion")
    return None
