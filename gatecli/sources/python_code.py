"""Python code from files: scripts, and the code cells of notebooks. Nothing of it is run."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from typing import Any

from gatecli.model.code import PythonCode
from gatecli.model.document import Document, Place, Position
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.json_text import read_json
from gatecli.sources.tree import shown_path

CODE_UNREADABLE = Rule(
    "audit-code-unreadable",
    Severity.ERROR,
    "A file that was to be searched for wrong patterns is not readable Python",
    uncheckable=True,
)

RULES: tuple[Rule, ...] = (CODE_UNREADABLE,)

NOTEBOOK = ".ipynb"
SUFFIXES = frozenset({".py", NOTEBOOK})

_MAGIC = re.compile(r"\s*[%!?]")
_INDENT = re.compile(r"\s*")


def read_code(path: Path) -> PythonCode | Finding | None:
    """The code in a file; a finding where there is no reading it; None for a notebook of another language."""
    name = shown_path(path)
    try:
        text = read_text(path)
        if path.suffix == NOTEBOOK:
            (document,) = read_json(name, text)
            if not _is_of_python(document.data):
                return None
            code, lines = _cells(document)
            return PythonCode(name, _parse(code, lines), lines)
        return PythonCode(name, _parse(text, None))
    except ReadError as error:
        return unreadable(name, error)


def unreadable(path: str, error: ReadError) -> Finding:
    """The finding that the code at `path` could not be read."""
    at = error.position
    place = Place(path, at.line if at else None, at.column if at else None)
    return make_finding(
        CODE_UNREADABLE, f"{path} {error.problem}", subject=path, place=place, mend=error.mend
    )


def _parse(text: str, lines: tuple[int, ...] | None) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes in a stranger's strings
            return ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        shown = line if lines is None else lines[min(line, len(lines)) - 1] if lines else 1
        raise ReadError(
            f"is not Python: {error.msg}",
            "mend its syntax, or leave it out by --exclude",
            position=Position(shown, max(1, error.offset or 1)),
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ReadError("is not Python that can be parsed", "leave it out by --exclude") from None


def _is_of_python(notebook: Any) -> bool:
    """Whether a notebook says that its language is Python, or says nothing."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    return not isinstance(language, str) or "python" in language.lower()


def _cells(document: Document) -> tuple[str, tuple[int, ...]]:
    """The code of all cells, and the line of the file that each of its lines stands in."""
    cells = document.data.get("cells") if isinstance(document.data, dict) else None
    if not isinstance(cells, list):
        raise ReadError("is not a notebook", "save it in the format of Jupyter, version 4")
    found: list[tuple[str, int]] = []
    for number, cell in enumerate(cells):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            found += _lines(document, number, cell.get("source"))
    return "\n".join(line for line, _ in found), tuple(at for _, at in found)


def _lines(document: Document, number: int, source: Any) -> list[tuple[str, int]]:
    parts = source if isinstance(source, list) else [source]
    lines = [
        (line, document.place(f"/cells/{number}/source/{part}").line or 1)
        for part, text in enumerate(parts)
        if isinstance(text, str)
        for line in text.splitlines()
    ]
    if lines and lines[0][0].startswith("%%"):
        return []
    return [(_without_magic(line), at) for line, at in lines]


def _without_magic(line: str) -> str:
    """A line of IPython's own as one that does nothing."""
    if not _MAGIC.match(line):
        return line
    indent = _INDENT.match(line)
    return f"{indent.group() if indent else ''}pass"
