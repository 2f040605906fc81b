"""Modules that are imported by name: there is one way to do so, and every name leads somewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gatecli import package
from gatecli.gates import ALL, GATES, Gate
from gatecli.model.finding import is_of_families
from gatecli.pii import entities
from gatecli.reports.registry import ReportFormat, report
from gatecli.sources import documents
from gatecli.sources.string_fields import formats

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(file for package in ("gatecli", "admission") for file in (ROOT / package).rglob("*.py"))
IMPORT_BY_NAME = {
    "gatecli/audit/calling.py",
    "gatecli/package.py",
    "gatecli/cli/app.py",
    "gatecli/pii/validation.py",
    "admission/cli.py",
}
"""`package`; the commands; the number libraries, by the names of their numbers; what a user names."""


def calls_importlib(file: Path) -> bool:
    tree = ast.parse(file.read_text("utf-8"))
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "import_module")
        or (isinstance(node, ast.Name) and node.id == "import_module")
        for node in ast.walk(tree)
    )


def test_modules_are_imported_by_name_in_one_place() -> None:
    found = {file.relative_to(ROOT).as_posix() for file in CODE if calls_importlib(file)}
    assert found <= IMPORT_BY_NAME


@pytest.mark.parametrize("gate", GATES.values(), ids=lambda gate: gate.name)
def test_every_gate_has_a_module_that_checks_a_folder(gate: Gate) -> None:
    assert callable(gate.module.check_folder)


def test_every_gate_has_rules_of_its_families() -> None:
    strange = {rule.id for gate in ALL for rule in gate.rules if not is_of_families(rule.id, gate.families)}
    assert strange == set()


def test_every_rule_belongs_to_one_gate() -> None:
    ids = [rule.id for gate in ALL for rule in gate.rules]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ReportFormat)
def test_every_report_format_has_a_module_of_its_name(name: ReportFormat) -> None:
    assert report(name).name == name


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_format_of_a_text_has_a_reader_of_its_name(name: str) -> None:
    assert formats.format_named(name).name == name


@pytest.mark.parametrize("reference", [documents.YAML, *documents.READERS.values()])
def test_every_suffix_of_a_document_has_a_reader(reference: str) -> None:
    assert callable(package.member(f"sources.{reference}"))


@pytest.mark.parametrize("name", entities.PACKS_BY_MODULE)
def test_every_module_of_entities_holds_the_packs_that_the_list_says(name: str) -> None:
    held = {entity.pack for entity in package.member(f"pii.entities.{name}:ENTITIES")}
    assert held == entities.PACKS_BY_MODULE[name]
