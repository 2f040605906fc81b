"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gatecli.model.verdict import ExitCode
from tests.support.command_reference import commands, options, reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if not page.name.endswith(".part.md"))


def test_the_command_reference_is_current() -> None:
    assert (DOCS / "cli.md").read_text("utf-8") == reference(), "run make generated"


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_says_what_it_does(name: str) -> None:
    command = dict(commands())[name]
    assert command.help


@pytest.mark.parametrize(
    ("name", "param"), [(name, param) for name, command in commands() for param in options(command)], ids=str
)
def test_every_option_has_a_help_text_and_a_variable(name: str, param: object) -> None:
    assert getattr(param, "help", None), name
    is_option = str(getattr(param, "opts", [""])[0]).startswith("-")
    if is_option and getattr(param, "name", "") != "version":
        assert str(getattr(param, "envvar", "")).startswith("GATECLI_")


def test_every_exit_code_is_documented() -> None:
    documented = re.findall(r"^\| (\d+) \|", (DOCS / "exit-codes.md").read_text("utf-8"), re.MULTILINE)
    assert [int(code) for code in documented] == sorted(ExitCode)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    missing = [
        page.relative_to(DOCS).as_posix()
        for page in PAGES
        if page.relative_to(DOCS).as_posix() not in navigation
    ]
    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("*.md"))], ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
    broken = [link for link in links if not (page.parent / link).exists()]
    assert broken == []


def test_nothing_names_a_registry_or_a_machine() -> None:
    pattern = re.compile(
        r"pypi\.org/simple|files\.pythonhosted|registry\.npmjs|deb\.debian\.org|/root/|/work/"
    )
    own = Path(__file__).resolve()
    texts = [
        file for file in ROOT.rglob("*") if file.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".txt"}
    ]
    installed = {
        *(".venv", ".venv-azureml", ".venv-flower", ".venv-mlflow", ".venv-training"),
        "node_modules",
        "site",
    }
    ours = [file for file in texts if not installed & set(file.parts) and file != own]
    assert [file.name for file in ours if pattern.search(file.read_text("utf-8", "replace"))] == []
