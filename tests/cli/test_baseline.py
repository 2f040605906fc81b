"""`gatecli baseline` and `gatecli diff`: from one run to the next."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main

RULES = Path(__file__).parents[1] / "rules"
Check = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Findings of every gate."""
    root = tmp_path / "project"
    shutil.copytree(RULES / "anon-k-below-threshold/fail", root / "model")
    shutil.copytree(RULES / "pii-us-ssn/fail", root / "deploy")
    shutil.copytree(RULES / "tf-dataset-ungated/fail", root / "plans")
    (root / "infra").mkdir()
    (root / "infra/main.tf").write_text('module "a" {\n  source = "example/a"\n}\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    return root


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def run(name: str, *arguments: object) -> tuple[int, dict[str, Any]]:
        code = main(["check", "project", "--report", f"json={name}", *map(str, arguments)])
        capsys.readouterr()
        return code, json.loads(Path(name).read_text("utf-8"))

    return run


def test_what_was_adopted_no_longer_closes_any_gate(check: Check, project: Path) -> None:
    code, before = check("a.json", "--fail-on", "note")
    assert (code, len({each["rule"].partition("-")[0] for each in before["findings"]})) == (1, 5)
    assert main(["baseline", "a.json"]) == 0
    code, after = check("b.json", "--fail-on", "note", "--baseline", ".gatecli-baseline.json")
    assert (code, after["verdict"]) == (0, "pass")
    assert after["summary"] | {"new": 0, "known": len(before["findings"])} == after["summary"]
    assert {each["new"] for each in after["findings"]} == {False}
    assert after["baseline"] == {"known": len(before["findings"]), "stale": []}


def test_one_more_finding_closes_it_again_and_is_shown_first(check: Check, project: Path) -> None:
    check("a.json")
    assert main(["baseline", "a.json", "--output", "base.json"]) == 0
    shutil.copy(project / "deploy/pod.yaml", project / "deploy/copy.yaml")
    code, after = check("b.json", "--baseline", "base.json")
    assert code == 1
    (first, *others) = after["findings"]
    assert (first["new"], first["suppressed"]) == (True, None)
    assert {each["new"] for each in others} == {False}


def test_a_mended_finding_is_stale_and_the_verdict_stays_open(
    check: Check, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check("a.json")
    main(["baseline", "a.json"])
    shutil.rmtree(project / "deploy")
    assert main(["check", "project", "--baseline", ".gatecli-baseline.json", "-v"]) == 0
    assert "project/deploy/pod.yaml  stale  pii-us-ssn" in capsys.readouterr().out


def test_one_gate_alone_does_not_call_the_others_findings_stale(
    check: Check, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check("a.json")
    main(["baseline", "a.json"])
    assert main(["pii", "scan", "project", "--baseline", ".gatecli-baseline.json", "-v"]) == 0
    assert "  stale  " not in capsys.readouterr().out


def test_the_same_reports_give_the_same_bytes(check: Check, project: Path) -> None:
    check("a.json")
    check("b.json")
    main(["baseline", "a.json", "--output", "one.json"])
    main(["baseline", "b.json", "a.json", "a.json", "--output", "two.json"])
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()


def test_it_says_how_many_it_adopted_and_what_it_left_out(
    check: Check, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "plans/plan.json").write_bytes((project / "plans/plan.json").read_bytes()[:600])
    assert check("a.json")[0] == 4
    assert main(["baseline", "a.json"]) == 0
    said = capsys.readouterr().err
    assert "adopted" in said
    assert "left out 1 finding that nothing forgives" in said
    assert check("b.json", "--baseline", ".gatecli-baseline.json")[0] == 4


def test_a_baseline_is_no_place_for_personal_data(check: Check, project: Path) -> None:
    check("a.json")
    main(["baseline", "a.json"])
    assert main(["pii", "scan", ".gatecli-baseline.json", "--fail-on", "note"]) == 0


@pytest.mark.parametrize(("content", "code"), [(b'{"schema": "gatecli/rep', 4), (b'{"a": 1}', 2), (None, 4)])
@pytest.mark.parametrize("command", ["baseline", "diff"])
def test_a_report_that_is_none_is_refused_and_nothing_is_written(
    check: Check, project: Path, content: bytes | None, code: int, command: str
) -> None:
    check("a.json")
    if content is not None:
        Path("b.json").write_bytes(content)
    assert main([command, "a.json", "b.json"]) == code
    assert not Path(".gatecli-baseline.json").exists()


@pytest.mark.parametrize("shown", ["text", "json", "markdown"])
def test_the_exit_code_of_a_comparison_does_not_depend_on_its_format(
    check: Check, project: Path, shown: str
) -> None:
    check("a.json")
    shutil.copy(project / "deploy/pod.yaml", project / "deploy/copy.yaml")
    check("b.json")
    assert main(["diff", "a.json", "b.json", "--format", shown]) == 1
    assert main(["diff", "b.json", "a.json", "--format", shown]) == 0
    assert main(["diff", "a.json", "a.json", "--format", shown, "--fail-on", "note"]) == 0


def test_a_run_of_nothing_is_no_pass_beside_an_earlier_one(check: Check, project: Path) -> None:
    check("a.json")
    shutil.rmtree(project)
    project.mkdir()
    assert check("b.json")[0] == 3
    assert main(["diff", "a.json", "b.json"]) == 3
