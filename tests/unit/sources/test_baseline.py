"""A baseline is read whole or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatecli.errors import ConfigurationError
from gatecli.model.baseline import Baseline, KnownFinding
from gatecli.reports.baseline_file import render
from gatecli.sources.baseline import read_baseline

PRINT = "0123456789abcdef" * 2


def file(folder: Path, data: object) -> Path:
    path = folder / "baseline.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


def test_the_findings_of_a_report_are_a_baseline(tmp_path: Path) -> None:
    report = {"schema": "gatecli/report/v1", "findings": [{"rule": "x", "fingerprint": PRINT}]}
    assert read_baseline(file(tmp_path, report)) == Baseline((KnownFinding("x", "", PRINT),))


def test_a_list_of_fingerprints_is_a_baseline(tmp_path: Path) -> None:
    data = {"schema": "gatecli/baseline/v1", "fingerprints": [PRINT, PRINT]}
    assert read_baseline(file(tmp_path, data)) == Baseline((KnownFinding("", "", PRINT),) * 2)


def test_what_gatecli_baseline_wrote_is_read_as_it_was(tmp_path: Path) -> None:
    written = Baseline((KnownFinding("a", "b\u202e.yaml", PRINT), KnownFinding("a", "c\udc80.yaml", PRINT)))
    read = read_baseline(file(tmp_path, render(written)))
    assert read == Baseline(
        (KnownFinding("a", "b\u202e.yaml", PRINT), KnownFinding("a", "c\\udc80.yaml", PRINT))
    )


@pytest.mark.parametrize(("by", "held"), [("waiver", 0), ("comment", 0), ("baseline", 1)])
def test_of_a_report_a_baseline_holds_what_nothing_else_forgave(tmp_path: Path, by: str, held: int) -> None:
    finding = {"rule": "x", "fingerprint": PRINT, "suppressed": {"by": by, "name": "n"}}
    read = read_baseline(file(tmp_path, {"schema": "gatecli/report/v1", "findings": [finding]}))
    assert len(read.known) == held


def test_a_baseline_may_be_empty(tmp_path: Path) -> None:
    assert read_baseline(file(tmp_path, {"schema": "gatecli/baseline/v1", "fingerprints": []})) == Baseline()


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[" * 100_000,
        [],
        {},
        {"schema": []},
        {"schema": "gatecli/report/v2", "findings": []},
        {"schema": "gatecli/report/v1"},
        {"schema": "gatecli/report/v1", "findings": {}},
        {"schema": "gatecli/report/v1", "findings": [{}]},
        {"schema": "gatecli/report/v1", "findings": [5]},
        {"schema": "gatecli/baseline/v1", "fingerprints": ["*"]},
        {"schema": "gatecli/baseline/v1", "fingerprints": [None]},
        {"schema": "gatecli/baseline/v1"},
        {"schema": "gatecli/baseline/v1", "findings": [{"fingerprint": PRINT + "\n"}]},
    ],
    ids=str,
)
def test_half_a_baseline_is_refused(tmp_path: Path, data: object) -> None:
    with pytest.raises(ConfigurationError, match="is not a baseline") as caught:
        read_baseline(file(tmp_path, data))
    assert caught.value.advice


def test_a_missing_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_baseline(tmp_path / "baseline.json")
