"""Python from scripts and notebooks."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.code import PythonCode
from gatecli.model.finding import Finding
from gatecli.sources.python_code import read_code


def written(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return file


def code(path: Path) -> PythonCode:
    read = read_code(path)
    assert isinstance(read, PythonCode)
    return read


def refused(path: Path) -> Finding:
    read = read_code(path)
    assert isinstance(read, Finding)
    assert read.rule.id == "audit-code-unreadable"
    assert read.rule.uncheckable
    return read


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4}, indent=1)


def cell(*lines: str, kind: str = "code") -> dict[str, Any]:
    return {"cell_type": kind, "source": [f"{line}\n" for line in lines]}


def test_a_script(tmp_path: Path) -> None:
    read = code(written(tmp_path, "a.py", "x = 1\ny = f(x)\n"))
    assert ast.unparse(read.tree) == "x = 1\ny = f(x)"
    assert (read.place(read.tree.body[1]).line, read.place(read.tree.body[1]).column) == (2, 1)


def test_the_code_cells_of_a_notebook_are_one_program(tmp_path: Path) -> None:
    text = notebook(cell("# Title", kind="markdown"), cell("x = 1"), cell("y = x", "z = y"))
    read = code(written(tmp_path, "a.ipynb", text))
    assert ast.unparse(read.tree) == "x = 1\ny = x\nz = y"
    lines = text.splitlines()
    for node, line in zip(read.tree.body, ("x = 1", "y = x", "z = y"), strict=True):
        at = read.place(node).line
        assert at is not None
        assert line in lines[at - 1]


def test_lines_of_ipython_do_nothing(tmp_path: Path) -> None:
    cells = cell("%matplotlib inline", "!ls", "if x:", "    %time f()"), cell("%%bash", "rm -r nothing")
    read = code(written(tmp_path, "a.ipynb", notebook(*cells)))
    assert ast.unparse(read.tree) == "pass\npass\nif x:\n    f()"


@pytest.mark.parametrize(
    ("lines", "python"),
    [
        (["%%time", "x = 1"], "pass\nx = 1"),
        (["", "%%capture out", "x = 1"], "pass\nx = 1"),
        (["%%writefile train.py", "x = 1"], "pass\nx = 1"),
        (["%%html", "<p>x</p>"], ""),
        (["%pip install a", "x = 1"], "pass\nx = 1"),
        (["files = !ls", "here = %pwd"], "files = None\nhere = None"),
        (["f?", "np.mean??", "?f"], "pass\npass\npass"),
        (["!pip install a \\", "  b", "x = 1"], "pass\nx = 1"),
        (["!echo 'it", "x = 1"], "pass\nx = 1"),
        (["x = (a", "  % b)"], "x = a % b"),
        (["%matplotlib inline", "x = (a", "  % b)"], "pass\nx = a % b"),
        (["%time x = f()"], "x = f()"),
        (["x = await f()"], "x = await f()"),
    ],
)
def test_what_ipython_adds_to_python(tmp_path: Path, lines: list[str], python: str) -> None:
    read = code(written(tmp_path, "a.ipynb", notebook(cell(*lines))))
    assert ast.unparse(read.tree) == python


def test_a_magic_of_python_before_what_is_not_python_is_refused(tmp_path: Path) -> None:
    refused(written(tmp_path, "a.ipynb", notebook(cell("%%time", "def f(:"))))


def test_a_notebook_of_version_3_has_worksheets(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": ["x = 1\n", "y = x"], "language": "python"}]
    text = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}, indent=1)
    read = code(written(tmp_path, "a.ipynb", text))
    assert ast.unparse(read.tree) == "x = 1\ny = x"
    line = read.place(read.tree.body[1]).line
    assert line is not None
    assert "y = x" in text.splitlines()[line - 1]


@pytest.mark.parametrize(
    "content",
    [
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = 'é'\n".encode("cp1252"),
        "x = 'é'\n".encode("utf-8-sig"),
        "# coding: utf-8\nx = 'é'\n".encode("utf-8-sig"),
        "x = 'é'\r\n\f".encode(),
    ],
)
def test_a_script_is_read_in_the_encoding_that_it_declares(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(content)
    assert ast.unparse(code(file).tree) == "x = 'é'"


@pytest.mark.parametrize(
    "content",
    [
        "x = 'é'\n".encode("latin-1"),
        b"# coding: no-such-encoding\nx = '\xe9'\n",
        b"# coding: zlib\nx = 1\n",
        b"# coding: ascii\nx = '\xe9'\n",
        b"# coding: latin-1\nx = '\0'\n",
        b"x = f'{f\"{f}'\n",
        b"exec 'x' in y\n",
        b"x = 0777\n",
        b"\x80\x81\x82",
    ],
)
def test_what_cannot_be_read_is_a_finding(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(content)
    refused(file)


def test_a_notebook_of_another_language_is_not_read(tmp_path: Path) -> None:
    data = {"cells": [cell("x <- 1")], "metadata": {"kernelspec": {"language": "R"}}}
    assert read_code(written(tmp_path, "a.ipynb", json.dumps(data))) is None


def test_a_source_may_be_one_text(tmp_path: Path) -> None:
    text = notebook({"cell_type": "code", "source": "x = 1\ny = 2"})
    assert ast.unparse(code(written(tmp_path, "a.ipynb", text)).tree) == "x = 1\ny = 2"


def test_an_empty_notebook_is_an_empty_program(tmp_path: Path) -> None:
    assert code(written(tmp_path, "a.ipynb", notebook())).tree.body == []


@pytest.mark.parametrize(
    ("name", "text", "problem", "line"),
    [
        ("a.py", "x = 1\nprint 2\n", "is not Python", 2),
        ("a.py", "x = '\0'", "binary file", None),
        ("a.ipynb", "[]", "is not a notebook", None),
        ("a.ipynb", "{", "JSON", 1),
        ("a.ipynb", notebook(cell("x = 1"), cell("def f(:")), "is not Python", 12),
        ("a.ipynb", notebook(cell("def f(:")), "is not Python", 6),
    ],
)
def test_what_is_not_python_says_where(
    tmp_path: Path, name: str, text: str, problem: str, line: int | None
) -> None:
    finding = refused(written(tmp_path, name, text))
    assert problem in finding.message
    assert finding.place.line == line


def test_a_program_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    refused(written(tmp_path, "a.py", "(" * 5000 + ")" * 5000))


def test_nothing_warns_of_a_stranger_s_escapes(tmp_path: Path) -> None:
    code(written(tmp_path, "a.py", "x = '\\d'\n"))
