"""The house rules that import contracts cannot state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gatecli", "admission")
CODE = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
ENVIRONMENT_READERS = {
    "admission/settings.py",
    "gatecli/audit/environment.py",  # takes credentials away from a mechanism, and decides nothing
    "gatecli/frontdoor/options.py",
    "gatecli/library/calls.py",
}
# The commands of the webhook, which bring the day; its judgement gets it as a value.
ADMISSION_WIRING = {f"admission/commands/{name}.py" for name in ("doctor", "review", "run", "scan")}
# A call that names no day is about today; a ledger's entry says when it was made.
LIBRARY = {"gatecli/library/calls.py", "gatecli/data/opening.py"}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 70
# Heavy or optional packages that their one home may import inside a function.
LATE = (
    "azure",
    "diffprivlib",
    "dp_accounting",
    "faker",
    "flwr",
    "mlflow",
    "numpy",
    "opendp",
    "pydp",
    "scipy",
    "securesystemslib",
    "sigstore",
    "sigstore_models",
    "yaml",
)
LATE_OF_TABLES = ("ibis", "openpyxl", "pyarrow", "pyreadr", "pyreadstat", "pyspark")
LATE_OF_PII = ("phonenumbers", "presidio_analyzer", "re2", "regex", "spacy", "stdnum", "tldextract")
# Modules of ours that are the one way to a heavy package, imported late in its stead; and what few runs need.
LATE_HOMES = (
    "gatecli.accounting.convolution",
    "gatecli.accounting.domination",
    "gatecli.audit.plugin_audit",
    "gatecli.checks.cloud.registry",
    "gatecli.checks.keys.registry",
    "gatecli.checks.keys.sealed_files",
    "gatecli.checks.serving.registry",
    "gatecli.checks.unsearched",
    "gatecli.checks.waiver",
    "gatecli.dashboard.metrics",
    "gatecli.dashboard.server",
    "gatecli.dashboard.verifying",
    "gatecli.frontdoor.publish",
    "gatecli.gates.allowances",
    "gatecli.gates.charged_releases",
    "gatecli.gates.document_budgets",
    "gatecli.gates.ledger_access",
    "gatecli.gates.ledger_composed",
    "gatecli.gates.ledger_positions",
    "gatecli.gates.model_signatures",
    "gatecli.gates.packed_scan",
    "gatecli.gates.publication_measurement",
    "gatecli.gates.reserving",
    "gatecli.gates.revision_law",
    "gatecli.gates.scan_processes",
    "gatecli.gates.served_budgets",
    "gatecli.gates.served_proofs",
    "gatecli.gates.table_measurement",
    "gatecli.gates.trust_policy",
    "gatecli.pii.custom",
    "gatecli.pii.masking",
    "gatecli.pii.names",
    "gatecli.pii.presidio_registry",
    "gatecli.run_tasks.server",
    "gatecli.serving.server",
    "gatecli.serving.surroundings",
    "gatecli.sources.baseline",
    "gatecli.sources.packed.reading",
    "gatecli.sources.redact",
    "gatecli.sources.sealed_artifact",
    "gatecli.sources.submodules",
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


@pytest.fixture(scope="module", name="trees")
def parsed() -> dict[str, ast.Module]:
    return {name(file): ast.parse(file.read_text("utf-8")) for file in CODE}


@pytest.fixture(scope="module", name="nodes")
def flattened(trees: dict[str, ast.Module]) -> dict[str, list[ast.AST]]:
    """Every node of each file."""
    return {file: list(ast.walk(tree)) for file, tree in trees.items()}


def functions(nodes: list[ast.AST]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def reading(nodes: dict[str, list[ast.AST]], names: set[str]) -> set[str]:
    """Files with an attribute of one of these names."""
    return {
        file
        for file, found in nodes.items()
        if any(isinstance(node, ast.Attribute) and node.attr in names for node in found)
    }


def calling(nodes: dict[str, list[ast.AST]], name: str) -> set[str]:
    """Files that call an attribute of this name."""
    return {
        file
        for file, found in nodes.items()
        if any(isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name for node in found)
    }


def test_there_is_code_to_judge() -> None:
    assert len(CODE) > 30


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name(file): len(file.read_text("utf-8").splitlines()) for file in CODE}
    assert {file: lines for file, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen(nodes: dict[str, list[ast.AST]]) -> None:
    long = [
        f"{file}: {node.name}"
        for file, found in nodes.items()
        for node in functions(found)
        if (node.end_lineno or 0) - node.body[0].lineno >= LONGEST_FUNCTION  # a command's options are a table
    ]
    assert long == []


def imports_inside(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            yield inner.module or ""


def test_only_heavy_or_optional_packages_are_imported_inside_a_function(
    nodes: dict[str, list[ast.AST]],
) -> None:
    allowed = {*LATE, *LATE_OF_PII, *LATE_OF_TABLES, *LATE_STANDARD}
    hidden = {
        (file, module)
        for file, found in nodes.items()
        for node in functions(found)
        for module in imports_inside(node)
        if module not in LATE_HOMES and module.split(".")[0] not in allowed
    }
    assert hidden == set()


def test_only_the_settings_modules_read_the_environment(nodes: dict[str, list[ast.AST]]) -> None:
    assert reading(nodes, {"environ", "getenv", "environb"}) <= ENVIRONMENT_READERS


def test_nothing_but_the_command_line_reads_the_clock(nodes: dict[str, list[ast.AST]]) -> None:
    # A day is handed on as a value by the name of `today`, and only then not called.
    files = reading(nodes, {"now", "utcnow", "time_ns"}) | calling(nodes, "today")
    assert {file for file in files if not file.startswith(("gatecli/cli/", "gatecli/frontdoor/"))} <= {
        *LIBRARY,
        *ADMISSION_WIRING,
    }


def test_no_exception_is_swallowed(nodes: dict[str, list[ast.AST]]) -> None:
    silent = [
        f"{file}:{node.lineno}"
        for file, found in nodes.items()
        for node in found
        if isinstance(node, ast.ExceptHandler) and all(isinstance(part, ast.Pass) for part in node.body)
    ]
    assert silent == []


def test_only_errors_are_called_errors(nodes: dict[str, list[ast.AST]]) -> None:
    wrong = [
        f"{file}: {node.name}"
        for file, found in nodes.items()
        for node in found
        if isinstance(node, ast.ClassDef)
        and node.name.endswith("Error")
        and not any("Error" in ast.unparse(base) or "Exception" in ast.unparse(base) for base in node.bases)
    ]
    assert wrong == []
