"""The page about the ledger: its sessions are real ones, its commands exist."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.declarations import GOOD, write

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ledger.md").read_text("utf-8")
FENCED: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = [text for language, text in FENCED if not language]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the declarations that the page is about."""
    shutil.copytree(ROOT / "examples/churn-model-mended", tmp_path / "model")
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


def test_the_first_commands_of_the_page_make_a_ledger(folder: Path) -> None:
    shutil.rmtree(folder / "models")
    run(BLOCKS[0])


def test_the_session_of_the_page_is_a_real_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / "models" / "b")
    shutil.rmtree(folder / "models" / "c")
    run(BLOCKS[0])
    capsys.readouterr()
    command, _, shown = BLOCKS[1].removeprefix("$ gatecli ").partition("\n")
    assert main(command.split()) == 0
    assert capsys.readouterr().out == shown


def test_the_commands_of_a_plan_are_real_ones(folder: Path) -> None:
    run(BLOCKS[0].replace("gatecli release check --ledger ledger.db --reserve\n", ""))
    run(block("ledger plan reserve"))


def test_the_commands_for_an_auditor_are_real_ones(folder: Path) -> None:
    shutil.rmtree(folder / "models")
    run(BLOCKS[0])
    run(block("ledger verify --since"))


def test_the_commands_of_a_key_are_real_ones(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = block("ledger key new")
    run(commands)
    assert "export GATECLI_LEDGER_KEY=ledger.pem" in commands
    monkeypatch.setenv("GATECLI_LEDGER_KEY", "ledger.pem")
    run(BLOCKS[0].replace("gatecli ledger init\n", "").replace("--reserve", "--reserve model"))
    run("gatecli ledger checkpoint\ngatecli ledger verify\n")
