"""The page about the law of the target branch shows what a run prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.changes import OTHER, change
from tests.support.repositories import git

PAGE = (Path(__file__).resolve().parents[2] / "docs/policy-from.md").read_text("utf-8")
LAW = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\nspec:\n  extends: default\n"


def test_the_run_of_the_page_is_a_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = change(tmp_path / "repository", {"gatecli.yaml": LAW})
    git(here.root, "update-ref", "refs/remotes/origin/main", "main")
    here.write(
        {"gatecli.yaml": LAW + "  severities: {pii-us-ssn: note}\n", "deploy/job.yaml": f"ssn: {OTHER}\n"}
    )
    monkeypatch.chdir(here.root)
    shown = re.search(r"^\$ gatecli (.*?)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert main(shown[1].split()) == 1
    assert capsys.readouterr().out == shown[2]
