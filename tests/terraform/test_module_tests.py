"""Each module's own tests, with both versions of Terraform; formatting and validity."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.terraform import MODULES, Terraform, system_terraform

NAMES = sorted(folder.name for folder in MODULES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_a_module_keeps_its_own_tests(command: tuple[str, ...], tmp_path: Path, name: str) -> None:
    ignored = shutil.ignore_patterns(".terraform*", "scratch")
    shutil.copytree(MODULES, tmp_path / "modules", ignore=ignored)
    terraform = Terraform(command, tmp_path / "modules" / name)
    terraform("init").passed()
    terraform("validate").passed()
    terraform("test", "-junit-xml=junit.xml").passed()
    written = terraform.folder / "junit.xml"
    cases = list(ET.parse(written).iter("testcase"))  # noqa: S314 - Terraform wrote it a moment ago
    assert len(cases) >= 8
    assert not [case for case in cases if list(case.iter("failure")) or list(case.iter("skipped"))]
    scratch = terraform.folder / "tests" / "scratch"
    assert not scratch.exists() or not list(scratch.iterdir()), "the tests left files behind"


def test_every_module_is_formatted() -> None:
    Terraform(system_terraform(), MODULES)("fmt", "-check", "-recursive").passed()


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_and_output_is_described(name: str) -> None:
    for file in ("variables.tf", "outputs.tf"):
        blocks = (MODULES / name / file).read_text("utf-8").split("\n}\n")
        assert [block for block in blocks if block.strip() and "  description = " not in block] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_module_needs_no_provider(name: str) -> None:
    texts = [file.read_text("utf-8") for file in (MODULES / name).glob("*.tf")]
    assert not any("required_providers" in text or 'provider "' in text for text in texts)
    assert any('required_version = ">= 1.5"' in text for text in texts)
