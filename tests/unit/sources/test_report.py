"""A report of an earlier run is read whole or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.finding import Suppression
from gatecli.reports import json_v1
from gatecli.reports.interface import Style
from gatecli.sources.report import read_report
from tests.support.verdicts import CASES


def written(folder: Path, case: str = "compared", **changes: Any) -> Path:
    data = json.loads(json_v1.render(CASES[case](), Style())) | changes
    file = folder / "report.json"
    file.write_text(json.dumps(data), "utf-8")
    return file


def entry(folder: Path, **changes: Any) -> Path:
    first = json.loads(written(folder).read_text("utf-8"))["findings"][0]
    return written(folder, findings=[first | changes])


@pytest.mark.parametrize("case", CASES)
def test_every_report_can_be_read(tmp_path: Path, case: str) -> None:
    read = read_report(written(tmp_path, case), {"source-unreadable"})
    assert len(read.findings) == len(CASES[case]().findings)
    assert read.exit_code == CASES[case]().exit_code


def test_what_forgave_a_finding_is_kept_and_the_uncheckable_are_known(tmp_path: Path) -> None:
    read = read_report(written(tmp_path), {"source-unreadable"})
    assert Suppression("baseline", "baseline") in [each.suppressed for each in read.findings]
    assert [each.rule.id for each in read.findings if each.rule.uncheckable] == ["source-unreadable"]


@pytest.mark.parametrize("length", [0, 1, 100, 1_000])
def test_a_truncated_report_could_not_be_checked(tmp_path: Path, length: int) -> None:
    file = written(tmp_path)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(UncheckableError, match="not whole JSON"):
        read_report(file, ())


def test_a_missing_report_could_not_be_checked(tmp_path: Path) -> None:
    with pytest.raises(UncheckableError, match="does not exist"):
        read_report(tmp_path / "r.json", ())


@pytest.mark.parametrize("data", [[], {}, None, 5, {"schema": "gatecli/report/v2"}, {"version": "2.1.0"}])
def test_another_file_is_a_usage_error(tmp_path: Path, data: object) -> None:
    (tmp_path / "r.json").write_text(json.dumps(data), "utf-8")
    with pytest.raises(UsageError, match="not a report of gatecli"):
        read_report(tmp_path / "r.json", ())


@pytest.mark.parametrize(
    "changes",
    [
        {"findings": {}},
        {"findings": [None]},
        {"exit_code": 2},
        {"exit_code": "1"},
        {"gate": None},
        {"policy": {}},
    ],
    ids=str,
)
def test_a_report_without_its_form_could_not_be_checked(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UncheckableError, match="not a whole report: at /"):
        read_report(written(tmp_path, **changes), ())


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": None},
        {"severity": "fatal"},
        {"fingerprint": ""},
        {"fingerprint": "x" * 32},
        {"line": "1"},
        {"line": True},
        {"suppressed": "yes"},
        {"suppressed": {"by": "waiver"}},
    ],
    ids=str,
)
def test_a_finding_without_its_form_is_never_dropped(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UncheckableError, match="at /findings/0/"):
        read_report(entry(tmp_path, **changes), ())


def test_an_error_shows_nothing_that_stood_in_the_report(tmp_path: Path) -> None:
    with pytest.raises(GatecliError) as caught:
        read_report(entry(tmp_path, fingerprint="219-09-9999"), ())
    assert "219" not in caught.value.message + caught.value.advice
