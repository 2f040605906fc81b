"""Documents of gatecli's own API that this release does not know, in files that nothing else reads.

A declaration of a later release, or one whose kind is misspelt, must not look like a file that says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from gatecli.model.base import API_VERSION
from gatecli.model.document import Document, Position
from gatecli.model.finding import Finding
from gatecli.sources.declaration import problem_finding
from gatecli.sources.documents import KINDS, head_problem, parse_documents
from gatecli.sources.files import ReadError, decode_text, read_bytes

SUFFIXES = frozenset({".yaml", ".yml", ".json", ".toml"})

_GROUP = API_VERSION.partition("/")[0]
_ALIKE = 0.85
"""How like `gatecli.dev` a group is that is a slip of it, where the kind is one of ours."""

_MARK = re.compile(rb"(?i)gatecli\.dev(?!/rules)|" + b"|".join(kind.encode() for kind in KINDS))
_HEAD = re.compile(
    r"""^["']?(apiVersion|kind)["']?[ \t]*:[ \t]*["']?([^\s"'#{}]*)["']?[ \t]*(?:#.*)?$""", re.MULTILINE
)
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def find_unknown(files: Iterable[Path], known: Collection[Path] = ()) -> Iterator[Finding]:
    """A finding for each such document in YAML, JSON and TOML; `known` are files that are read anyway."""
    for file in files:
        if file.suffix.lower() in SUFFIXES and file not in known:
            yield from _find_in(file)


def _find_in(file: Path) -> Iterator[Finding]:
    try:
        content = read_bytes(file)
        if _MARK.search(content.replace(b"\0", b"")) is None:
            return
        text = decode_text(content)
    except ReadError:
        return  # no document of ours is so large, or of bytes; who searches texts says what cannot be read
    for document, data, pointer in _documents(file.as_posix(), text):
        problem = head_problem(replace(document, data=data)) if _is_ours(data) else None
        if problem is not None:
            below = replace(problem, pointer=pointer + problem.pointer)
            yield problem_finding(below, document, document.path)


def _documents(path: str, text: str) -> Iterator[tuple[Document, Any, str]]:
    """Every document, and the items of a list of them, each with where it stands."""
    try:
        documents = parse_documents(path, text)
    except ReadError:
        documents = tuple(_heads(path, text))
    for document in documents:
        yield document, document.data, ""
        data = document.data
        above, items = ("/items", data.get("items")) if isinstance(data, Mapping) else ("", data)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            yield document, item, f"{above}/{number}"


def _heads(path: str, text: str) -> Iterator[Document]:
    """The heads of a text that is no YAML as a whole, such as a template of Helm's."""
    starts = [0, *(match.end() for match in _SEPARATOR.finditer(text))]
    for index, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True)):
        found = list(_HEAD.finditer(text, start, end))
        data = {match[1]: match[2] for match in found}
        if data.keys() == {"apiVersion", "kind"} and all(data.values()):
            values = {f"/{match[1]}": Position(text.count("\n", 0, match.start(2)) + 1, 1) for match in found}
            yield Document(path, data, values, index=index if len(starts) > 1 else None)


def _is_ours(data: Any) -> bool:
    if not isinstance(data, Mapping):
        return False
    versions = [value for key, value in data.items() if str(key).lower() == "apiversion"]
    return any(isinstance(each, str) and _names_us(each, data.get("kind")) for each in versions)


def _names_us(version: str, kind: Any) -> bool:
    group = version.lower().strip().partition("/")[0]
    if _GROUP in version.lower():
        return True
    return kind in KINDS and SequenceMatcher(None, group, _GROUP).ratio() >= _ALIKE
