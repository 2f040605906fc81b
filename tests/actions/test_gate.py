"""The gate action, run by a real runner."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.actions import ROOT, act


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/churn-model-mended", folder / "good")
    shutil.copytree(ROOT / "examples/churn-model", folder / "bad")
    return folder


def test_a_release_that_holds_passes(repository: Path) -> None:
    ran = act(repository, {"gate": "release", "path": "good"})
    assert (ran.code, ran.saw) == (0, ["pass", "0", "0", "report.json"]), ran.log


def test_a_closed_gate_fails_after_the_reports_are_uploaded(repository: Path) -> None:
    ran = act(repository, {"gate": "release", "path": "bad", "sarif": "true", "artifact": "reports"})
    assert ran.code == 1
    assert ran.saw[0] == "fail"
    assert ran.saw[2:] == ["1", "report.json"]
    said = [line.strip() for line in ran.log.splitlines()]
    assert said.count("stub reached") == 2
    assert said.index("stub reached") < said.index("gatecli: fail")


def test_an_unknown_gate_is_no_pass(repository: Path) -> None:
    ran = act(repository, {"gate": "realease"})
    assert ran.code != 0
    assert "must be check, release" in ran.log


def test_nothing_to_check_is_no_pass(repository: Path) -> None:
    (repository / "empty").mkdir()
    (repository / "empty/notes.txt").write_text("nothing\n", "utf-8")
    ran = act(repository, {"gate": "release", "path": "empty"})
    assert ran.code != 0
    assert ran.saw[2] == "3"


def test_hostile_inputs_are_arguments_and_never_code(repository: Path) -> None:
    ran = act(repository, {"gate": "release", "path": '$(touch owned)`touch owned`"; touch owned; #'})
    assert ran.code != 0
    assert not (repository / "owned").exists()


def test_a_forks_pull_request_gets_a_verdict_and_no_comment(repository: Path) -> None:
    event = {
        "pull_request": {
            "number": 7,
            "title": "$(touch owned)",
            "head": {"ref": "`touch owned`", "repo": {"full_name": "stranger/fork", "fork": True}},
            "base": {"ref": "main", "repo": {"full_name": "acme/model"}},
        }
    }
    ran = act(repository, {"gate": "release", "path": "good", "comment": "true", "sarif": "true"}, event)
    assert ran.code == 0, ran.log
    assert ran.saw[0] == "pass"
    assert "no comment: this is a fork" in ran.log
    assert "stub reached" not in ran.log
    assert not (repository / "owned").exists()
