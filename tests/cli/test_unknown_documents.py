"""A document of ours of a later release, or with a slip in its head, is no file that says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gatecli
from gatecli.cli.app import main

LATER = "apiVersion: gatecli.dev/v2\nkind: ModelRelease\nmetadata: {name: a}\n"
WAIVER = """\
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: late}
spec: {rule: release-invalid, subject: SUBJECT, reason: r, owner: o, expires: 2999-01-01}
"""


@pytest.fixture(name="folder")
def a_folder_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/models.yaml").write_text(f"a: 1\n---\n{LATER}", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [("check",), ("check", "deploy/models.yaml"), ("release", "check"), ("release", "check", "deploy")],
)
def test_every_front_door_that_judges_releases_says_so(
    folder: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--format", "json"]) == 4
    [finding] = [
        each for each in json.loads(capsys.readouterr().out)["findings"] if each["severity"] == "error"
    ]
    assert finding["rule"] == "release-invalid"
    assert (finding["path"], finding["line"], finding["document"]) == ("deploy/models.yaml", 3, 1)
    assert "gatecli.dev/v2" in finding["message"]
    assert folder.exists()


def test_a_file_that_is_named_says_so_too(folder: Path) -> None:
    assert main(["release", "check", "deploy/models.yaml"]) == 4
    assert gatecli.check_release(folder / "deploy").exit_code == 4
    assert gatecli.check_repository(folder).exit_code == 4


def test_a_declaration_by_its_name_is_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deploy/models.yaml").unlink()
    (folder / "privacy.yaml").write_text(LATER, "utf-8")
    assert main(["check", "--format", "json"]) == 4
    found = [each["rule"] for each in json.loads(capsys.readouterr().out)["findings"]]
    assert found.count("release-invalid") == 1


def test_what_is_left_out_is_not_met(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing", "utf-8")
    assert main(["check", "--exclude", "deploy/"]) == 0


def test_nothing_forgives_what_was_not_judged(folder: Path) -> None:
    (folder / "gatecli.yaml").write_text(WAIVER.replace("SUBJECT", "deploy/models.yaml"), "utf-8")
    assert main(["check"]) == 2, "a waiver cannot name what could not be judged"
