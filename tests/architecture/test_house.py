"""The house rules that import contracts cannot state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gatecli", "admission")
CODE = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
ENVIRONMENT_READERS = {"gatecli/cli/options.py", "gatecli/library/calls.py", "admission/settings.py"}
# The commands of the webhook, which bring the day; its judgement gets it as a value.
ADMISSION_WIRING = {f"admission/{name}.py" for name in ("doctor", "reviewing", "running", "scanning")}
# A call that names no day is about today.
LIBRARY = "gatecli/library/calls.py"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 70
# Heavy or optional packages that their one home may import inside a function.
LATE = ("dp_accounting", "numpy", "opendp", "scipy", "yaml")
LATE_OF_TABLES = ("ibis", "openpyxl", "pyarrow", "pyspark")
LATE_OF_PII = ("phonenumbers", "presidio_analyzer", "re2", "spacy", "stdnum", "tldextract")
# Modules of ours that are the one way to a heavy package, imported late in its stead; and what few runs need.
LATE_HOMES = (
    "gatecli.accounting.convolution",
    "gatecli.checks.waiver",
    "gatecli.gates.scan_processes",
    "gatecli.gates.table_measurement",
    "gatecli.pii.custom",
    "gatecli.pii.masking",
    "gatecli.pii.recognizers",
    "gatecli.run_tasks.serving",
    "gatecli.sources.baseline",
    "gatecli.sources.redact",
)
LATE_STANDARD = (
    "bz2",
    "concurrent",
    "gzip",
    "lzma",
    "multiprocessing",
    "pickletools",
    "sqlite3",
    "xml",
    "zipfile",
    "zlib",
)


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.fixture(params=CODE, ids=name, name="tree")
def tree_of(request: pytest.FixtureRequest) -> tuple[str, ast.Module]:
    file: Path = request.param
    return name(file), ast.parse(file.read_text("utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_is_code_to_judge() -> None:
    assert len(CODE) > 30


@pytest.mark.parametrize("file", CODE, ids=name)
def test_no_module_is_longer_than_a_reader_can_hold(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= LONGEST_MODULE


def test_no_function_is_longer_than_a_screen(tree: tuple[str, ast.Module]) -> None:
    long = [
        node.name
        for node in functions(tree[1])
        if (node.end_lineno or 0) - node.body[0].lineno >= LONGEST_FUNCTION  # a command's options are a table
    ]
    assert long == []


def imports_inside(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            yield inner.module or ""


def test_only_heavy_or_optional_packages_are_imported_inside_a_function(tree: tuple[str, ast.Module]) -> None:
    hidden = {module for node in functions(tree[1]) for module in imports_inside(node)} - set(LATE_HOMES)
    assert {module.split(".")[0] for module in hidden} - {
        *LATE,
        *LATE_OF_PII,
        *LATE_OF_TABLES,
        *LATE_STANDARD,
    } == set()


def test_only_the_settings_modules_read_the_environment(tree: tuple[str, ast.Module]) -> None:
    file, module = tree
    reads = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    ]
    assert not reads or file in ENVIRONMENT_READERS


def test_nothing_but_the_command_line_reads_the_clock(tree: tuple[str, ast.Module]) -> None:
    file, module = tree
    called = {node.func for node in ast.walk(module) if isinstance(node, ast.Call)}
    reads = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        # A day is handed on as a value by the name of `today`, and only then not called.
        and (node.attr in {"now", "utcnow", "time_ns"} or (node.attr == "today" and node in called))
    ]
    assert not reads or file.startswith("gatecli/cli/") or file in {LIBRARY, *ADMISSION_WIRING}


def test_no_exception_is_swallowed(tree: tuple[str, ast.Module]) -> None:
    silent = [
        node.lineno
        for node in ast.walk(tree[1])
        if isinstance(node, ast.ExceptHandler) and all(isinstance(part, ast.Pass) for part in node.body)
    ]
    assert silent == []


def test_only_errors_are_called_errors(tree: tuple[str, ast.Module]) -> None:
    wrong = [
        node.name
        for node in ast.walk(tree[1])
        if isinstance(node, ast.ClassDef)
        and node.name.endswith("Error")
        and not any("Error" in ast.unparse(base) or "Exception" in ast.unparse(base) for base in node.bases)
    ]
    assert wrong == []
