"""The step that writes the action's outputs and summary, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatecli.reports import json_v1, markdown
from gatecli.reports.interface import Style
from tests.support.actions import ROOT
from tests.support.verdicts import CASES, many

SCRIPT = ROOT / "github_actions/gate/report.py"
LIMIT = 1_048_576


def ran(folder: Path, summary: str = "true") -> subprocess.CompletedProcess[str]:
    for name in ("output", "summary"):
        (folder / name).touch()
    environment = {
        "PATH": os.environ["PATH"],
        "REPORTS": str(folder),
        "INPUT_SUMMARY": summary,
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    return subprocess.run(
        [sys.executable, "-I", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("case", CASES)
def test_the_outputs_say_what_the_report_says(case: str, tmp_path: Path) -> None:
    verdict = CASES[case]()
    (tmp_path / "report.json").write_text(json_v1.render(verdict, Style()), "utf-8")
    (tmp_path / "report.md").write_text(markdown.render(verdict, Style()), "utf-8")
    assert ran(tmp_path).returncode == 0
    said = dict(line.split("=", 1) for line in (tmp_path / "output").read_text("utf-8").splitlines())
    assert said == {
        "verdict": "error" if verdict.exit_code in {3, 4} else "pass" if verdict.passed else "fail",
        "findings": str(len(verdict.active)),
        "report-path": str(tmp_path / "report.json"),
    }
    assert (tmp_path / "summary").read_bytes() == (tmp_path / "report.md").read_bytes()


def test_without_a_report_nothing_was_judged(tmp_path: Path) -> None:
    assert ran(tmp_path).returncode == 0
    assert (tmp_path / "output").read_text("utf-8") == "verdict=error\nfindings=0\nreport-path=\n"


@pytest.mark.parametrize("content", ["", '{"schema": "gatecli/rep', "[]", json.dumps({"verdict": "open"})])
def test_half_a_report_fails_the_step(content: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content, "utf-8")
    assert ran(tmp_path).returncode != 0
    assert "verdict=pass" not in (tmp_path / "output").read_text("utf-8")


def test_the_summary_of_very_many_findings_keeps_the_limit(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json_v1.render(many(1), Style()), "utf-8")
    (tmp_path / "report.md").write_text(markdown.render(many(20_000), Style()), "utf-8")
    assert ran(tmp_path).returncode == 0
    assert LIMIT - 2_000 < (tmp_path / "summary").stat().st_size <= LIMIT


def test_no_summary_is_written_where_none_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("report\n", "utf-8")
    assert ran(tmp_path, summary="false").returncode == 0
    assert (tmp_path / "summary").read_bytes() == b""
