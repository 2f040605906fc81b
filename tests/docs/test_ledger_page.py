"""The page about the ledger: its sessions are real ones, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from gatecli.cli.app import main
from gatecli.model.policy import PrivacyPolicy
from tests.support.declarations import GOOD, write

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ledger.md").read_text("utf-8")
FENCED: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = [text for language, text in FENCED if not language]
DECLARATION = next(text for language, text in FENCED if language == "yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the declarations that the page is about."""
    write(tmp_path, DECLARATION)
    declared = GOOD + "  datasets: [{name: customers-2026, records: 60000}]\n"
    for name in ("a", "b", "c"):
        text = declared.replace("name: good", f"name: model-{name}").replace('"1.0"', '"1.0.0"')
        write(tmp_path / "models" / name, text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(block: str) -> None:
    """Each line of a block of commands."""
    for line in block.splitlines():
        if line.startswith("gatecli "):
            assert main(line.removeprefix("gatecli ").split()) == 0, line


def block(start: str) -> str:
    return next(each for each in BLOCKS if start in each)


@pytest.mark.usefixtures("folder")
def test_the_first_commands_of_the_page_make_a_ledger() -> None:
    run(BLOCKS[0])


@pytest.mark.usefixtures("folder")
def test_the_release_of_the_page_is_committed_as_it_says() -> None:
    run(BLOCKS[0])
    commands: list[str] = re.findall(r"`gatecli (ledger (?:commit|void) churn-[^`]*)`", PAGE)
    assert [command.split()[1] for command in commands] == ["commit", "void"]
    assert main(commands[0].split()) == 0


@pytest.mark.usefixtures("folder")
def test_the_session_of_the_page_is_a_real_one(capsys: pytest.CaptureFixture[str]) -> None:
    run(BLOCKS[0])
    capsys.readouterr()
    command, _, shown = BLOCKS[1].removeprefix("$ gatecli ").partition("\n")
    assert main(command.split()) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.usefixtures("folder")
def test_the_commands_of_a_plan_are_real_ones() -> None:
    run(BLOCKS[0])
    run(block("ledger plan reserve"))


@pytest.mark.usefixtures("folder")
def test_the_commands_for_an_auditor_are_real_ones() -> None:
    run(BLOCKS[0])
    run(block("ledger verify --since"))


@pytest.mark.usefixtures("folder")
def test_the_commands_of_a_key_are_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = block("ledger key new")
    run(commands)
    assert "export GATECLI_LEDGER_KEY=ledger.pem" in commands
    monkeypatch.setenv("GATECLI_LEDGER_KEY", "ledger.pem")
    run(BLOCKS[0].replace("gatecli ledger init\n", ""))
    run("gatecli ledger checkpoint\ngatecli ledger verify\n")


@pytest.mark.usefixtures("folder")
def test_the_commands_that_give_a_ledger_its_key_are_real_ones() -> None:
    run(BLOCKS[0])
    run("gatecli ledger key new ledger.pem\n" + block("ledger import ledger.jsonl"))


def test_each_policy_of_the_page_keeps_what_the_shipped_one_demands() -> None:
    policies = [text for language, text in FENCED if language == "yaml" and "ledger: {" in text]
    assert policies
    for text in policies:
        assert PrivacyPolicy.from_file(yaml.safe_load(text)).spec.extends == "default"
