"""Python code from files: scripts, and the code cells of notebooks. Nothing of it is run."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from pathlib import Path
from typing import Any

from gatecli.model.code import PythonCode
from gatecli.model.document import Document, Place, Position
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.sources.files import ReadError, decode_text, read_bytes, read_text
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

_MAGIC = re.compile(r"(?P<indent>\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$)")
_TIMED = re.compile(r"(\s*)%time\s+(.*)")
_ASSIGNED_MAGIC = re.compile(r"(\s*[\w.,\s]+=\s*)[%!].*")
_PYTHON_CELLS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun"})


def read_code(path: Path) -> PythonCode | Finding | None:
    """The code in a file; a finding where there is no reading it; None for a notebook of another language."""
    name = shown_path(path)
    try:
        if path.suffix != NOTEBOOK:
            return PythonCode(name, _parse(_decode(read_bytes(path)), None))
        (document,) = read_json(name, read_text(path))
        if not _is_of_python(document.data):
            return None
        code, lines = _cells(document)
        return PythonCode(name, _parse(code, lines), lines)
    except ReadError as error:
        return unreadable(name, error)


def unreadable(path: str, error: ReadError) -> Finding:
    """The finding that the code at `path` could not be read."""
    at = error.position
    place = Place(path, at.line if at else None, at.column if at else None)
    return make_finding(
        CODE_UNREADABLE, f"{path} {error.problem}", subject=path, place=place, mend=error.mend
    )


def _decode(content: bytes) -> str:
    """The text of a script in the encoding that it declares (PEP 263), else in UTF-8. Raises `ReadError`."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError:  # of bytes that are not UTF-8, or an encoding that Python does not know
        return decode_text(content)
    if encoding.startswith("utf-8"):
        return decode_text(content)
    try:
        return content.decode(encoding)
    except (LookupError, ValueError):
        raise ReadError(f"is not {encoding} text, which it declares", "save it as UTF-8") from None


def _parse(text: str, lines: tuple[int, ...] | None) -> ast.Module:
    try:
        return _tree(text)
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


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes in a stranger's strings
        return ast.parse(text)


def _is_of_python(notebook: Any) -> bool:
    """Whether a notebook says that its language is Python, or says nothing."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    return not isinstance(language, str) or "python" in language.lower()


def _cells(document: Document) -> tuple[str, tuple[int, ...]]:
    """The code of all cells, and the line of the file that each of its lines stands in."""
    found: list[tuple[str, int]] = []
    for pointer, cell in _code_cells(document.data):
        key = "source" if "source" in cell else "input"
        found += _lines(document, f"{pointer}/{key}", cell.get(key))
    return "\n".join(line for line, _ in found), tuple(at for _, at in found)


def _code_cells(notebook: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every code cell by its pointer: version 4 has one list of them, version 3 worksheets of them."""
    lists: dict[str, Any] = {"/cells": notebook.get("cells")} if isinstance(notebook, dict) else {}
    if lists and isinstance(sheets := notebook.get("worksheets"), list):
        lists = {
            f"/worksheets/{number}/cells": sheet.get("cells") if isinstance(sheet, dict) else None
            for number, sheet in enumerate(sheets)
        }
    if not lists or not all(isinstance(cells, list) for cells in lists.values()):
        raise ReadError("is not a notebook", "save it in the format of Jupyter, version 4")
    return [
        (f"{pointer}/{number}", cell)
        for pointer, cells in lists.items()
        for number, cell in enumerate(cells)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _lines(document: Document, pointer: str, source: Any) -> list[tuple[str, int]]:
    parts = source if isinstance(source, list) else [source]
    places = [pointer] if isinstance(source, str) else [f"{pointer}/{part}" for part in range(len(parts))]
    lines = [
        (line, document.place(place).line or 1)
        for place, text in zip(places, parts, strict=True)
        if isinstance(text, str)
        for line in text.splitlines()
    ]
    python = _python_of([line for line, _ in lines])
    return [(line, at) for line, (_, at) in zip(python, lines, strict=True)] if python else []


def _python_of(lines: list[str]) -> list[str]:
    """The lines of one cell with what is IPython's own doing nothing; none of a cell in another language."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if not lines or not lines[first].startswith("%%"):
        return _without_magics(lines)
    rest = _without_magics(["pass" if number == first else line for number, line in enumerate(lines)])
    is_python = lines[first].split()[0] in _PYTHON_CELLS or _wrong_line(rest) is None
    return rest if is_python else []


def _without_magics(lines: list[str]) -> list[str]:
    """Magics are taken out where the parser stops at them: `%` may also begin a line of an expression."""
    python = list(lines)
    while (wrong := _wrong_line(python)) is not None:
        stop = min(wrong, len(python)) - 1
        if stop < 0 or (plain := _without_magic(python[stop])) == python[stop]:
            break
        is_continued = python[stop].endswith("\\")
        python[stop] = plain
        while is_continued and stop + 1 < len(python):
            stop += 1
            is_continued = python[stop].endswith("\\")
            python[stop] = ""
    return python if wrong is None else [_without_magic(line) for line in python]


def _wrong_line(lines: list[str]) -> int | None:
    """The line in which the parser stops, from 1; None where it reads all of them."""
    try:
        _tree("\n".join(lines))
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError):
        return 0
    return None


def _without_magic(line: str) -> str:
    """A line of IPython's own as one that does nothing; `%time` leaves the statement that it times."""
    if timed := _TIMED.fullmatch(line):
        return timed[1] + timed[2]
    if assigned := _ASSIGNED_MAGIC.fullmatch(line):
        return f"{assigned[1]}None"
    magic = _MAGIC.match(line)
    return f"{magic['indent']}pass" if magic else line
