"""The page about Terraform: its commands run, its files are read by their tools, its tables are current."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terraform import MODULES, QUIET, system_terraform
from tests.support.terraform_docs import page, pages
from tools.flatten_modules import write_modules

PAGES = tuple(pages())

TEXT = (MODULES.parent / "docs" / "terraform.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
GATE = "gatecli anonymity check patients.csv "


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


def shell(text: str, folder: Path) -> None:
    subprocess.run(["/bin/sh", "-euc", text], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def test_the_quick_start_runs(example: Path) -> None:
    [script] = blocks("sh")
    shell(script, example)
    assert (example / "terraform.tfstate").exists()


@pytest.mark.parametrize("text", blocks("hcl"), ids=lambda text: text.split("\n", 1)[0])
def test_terraform_reads_every_snippet_and_finds_it_formatted(text: str) -> None:
    done = subprocess.run(
        [*system_terraform(), "fmt", "-"], input=text.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == text


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.parent.name)
def test_the_tables_of_a_module_are_current(file: Path) -> None:
    assert file.read_text("utf-8") == page(file), "run make generated"


@pytest.mark.parametrize("file", [MODULES / "README.md", *PAGES], ids=lambda file: file.parent.name)
def test_a_modules_links_lead_somewhere(file: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", file.read_text("utf-8"))
    assert [link for link in links if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.parent.name)
def test_a_modules_snippets_are_formatted(file: Path) -> None:
    for text in re.findall(r"^```hcl\n(.*?)^```$", file.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        test_terraform_reads_every_snippet_and_finds_it_formatted(text)


def test_every_module_is_on_the_page() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert named == {file.parent.name for file in PAGES} - {"evidence"}


def test_a_gate_that_is_fetched_alone_works(tmp_path: Path) -> None:
    """An absolute path is fetched like an archive: nothing stands beside it."""
    write_modules(MODULES, tmp_path / "released")
    (tmp_path / "main.tf").write_text(
        f"""
        module "gate" {{
          source            = "{tmp_path}/released/k_anonymity_gate"
          dataset           = "patients.csv"
          quasi_identifiers = ["age"]
          k                 = 2
        }}
        resource "terraform_data" "published" {{ input = module.gate.released_path }}
        """,
        "utf-8",
    )
    (tmp_path / "patients.csv").write_text("age\n30\n30\n", "utf-8")
    terraform = system_terraform()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments, cwd=tmp_path, env=os.environ | QUIET, capture_output=True, text=True, check=False
        )

    assert run(*terraform, "init", "-no-color").returncode == 0
    refused = run(*terraform, "plan", "-no-color", "-input=false")
    assert refused.returncode == 1
    command = [sys.executable, "-m", "gatecli", "anonymity", "check", "patients.csv"]
    asked = ["--quasi-identifier", "age", "--k", "2", "--report", "json=patients.csv.gate.json"]
    assert run(*command, *asked).returncode == 0
    assert run(*terraform, "plan", "-no-color", "-input=false").returncode == 0
