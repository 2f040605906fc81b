"""The page about pseudonyms and test data: what it shows is what is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gatecli.cli.app import main

PAGE = (Path(__file__).resolve().parents[2] / "docs/pseudonyms-and-test-data.md").read_text("utf-8")
SHOWN = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PASTED = [
    line
    for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("gatecli ") and "vault" not in line
]


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PSEUDONYM_KEY", "5f" * 32)
    Path("patients.csv").write_text("patient_id,name,email,age,ward\n7,Ann,ann@example.com,41,a\n")
    Path("pseudonyms.key").write_text("5f" * 32)


@pytest.mark.parametrize("command", PASTED)
def test_what_is_pasted_runs(command: str) -> None:
    assert main(shlex.split(command)[1:]) == 0


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: " ".join(block.split()[1:4]))
def test_what_is_shown_is_printed(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    for part in block.split("$ ")[1:]:
        command, _, printed = part.partition("\n")
        words = shlex.split(command)
        if words[0] == "cat":
            assert Path(words[1]).read_text("utf-8") == printed
            continue
        assert main(words[1:]) == 0
        shown = capsys.readouterr()
        assert shown.out + shown.err == printed
