"""`gatecli check`: what the single commands find, in one verdict."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from gatecli.sources.declaration import read_declarations
from gatecli.sources.files import ReadError
from gatecli.sources.scan_rules import unreadable
from gatecli.sources.tree import Tree, find_files

Run = Callable[..., tuple[int, dict[str, Any]]]

RULES = Path(__file__).parents[1] / "rules"


@pytest.fixture(name="run")
def the_command(run_for_json: Run) -> Run:
    return run_for_json


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Something for every gate, each with a finding."""
    root = tmp_path / "project"
    shutil.copytree(RULES / "anon-k-below-threshold/fail", root / "model")
    shutil.copytree(RULES / "pii-us-ssn/fail", root / "deploy")
    shutil.copytree(RULES / "tf-dataset-ungated/fail", root / "plans")
    (root / "infra").mkdir()
    (root / "infra/main.tf").write_text('resource "terraform_data" "a" {}\n', "utf-8")
    return root


def seen(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(finding["rule"], finding["path"], finding["fingerprint"]) for finding in report["findings"]}


def test_the_findings_are_those_of_the_single_commands(run: Run, project: Path) -> None:
    code, whole = run("check", project)
    single = [
        run("release", "check", project)[1],
        run("anonymity", "check", project / "model/privacy.yaml")[1],
        run("pii", "scan", project)[1],
        run("terraform", "check", project / "plans/plan.json")[1],
    ]
    assert code == 1
    expected = set().union(*map(seen, single))
    assert {each for each in seen(whole) if each[0] != "tf-no-plan"} == expected
    assert {"dp-missing-declaration", "anon-k-below-threshold", "tf-dataset-ungated"} <= {
        rule for rule, _, _ in expected
    }
    assert whole["gate"] == "check"
    assert [(gate["gate"], gate["exit_code"]) for gate in whole["gates"]] == [
        ("release", 1),
        ("anonymity", 1),
        ("pii", 1),
        ("terraform", 1),
        ("serve", 3),
        ("keys", 3),
        ("cloud", 3),
    ]


def test_terraform_without_a_plan_is_said_and_closes_only_if_asked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "terraform_data" "a" {}\n', "utf-8")
    code, report = run("check", tmp_path)
    assert code == 0
    assert [finding["rule"] for finding in report["findings"]] == ["tf-no-plan"]
    assert run("check", tmp_path, "--fail-on", "note")[0] == 1
    assert run("check", tmp_path, "--skip", "terraform", "--fail-on", "note")[0] == 0


def test_a_truncated_plan_is_not_passed_over(run: Run, tmp_path: Path) -> None:
    plan = (RULES / "tf-dataset-ungated/pass/plan.json").read_bytes()
    (tmp_path / "plan.json").write_bytes(plan[:600])
    code, report = run("check", tmp_path)
    assert code == 4
    assert "tf-plan-unreadable" in {finding["rule"] for finding in report["findings"]}


def test_an_empty_folder_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    assert run("check", tmp_path)[0] == 3


def test_one_gate_alone_can_be_asked_for(run: Run, project: Path) -> None:
    code, report = run("check", project, "--only", "anonymity")
    assert code == 1
    assert {finding["rule"] for finding in report["findings"]} == {"anon-k-below-threshold"}
    assert main(["check", str(project), "--only", "pii", "--skip", "pii"]) == 2


def test_what_is_excluded_is_in_no_gate(run: Run, project: Path) -> None:
    code, report = run("check", project, "--exclude", "plans/", "--exclude", "deploy/", "--exclude", "model/")
    assert code == 0
    assert {finding["rule"] for finding in report["findings"]} == {"tf-no-plan"}


def test_text_has_a_line_a_gate(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(project), "--timings"]) == 1
    shown = capsys.readouterr()
    assert "anonymity  closed            checked 1, 1 error" in shown.out
    told = [line.split()[0] for line in shown.err.splitlines() if line.endswith("%")]
    assert told == [
        "discovery",
        "release",
        "anonymity",
        "pii",
        "terraform",
        "serve",
        "keys",
        "cloud",
        "coverage",
        "all",
    ]


def rules(report: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in report["findings"]]


def test_json_that_cannot_be_read_may_be_a_plan_whichever_gates_run(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "plan.json").symlink_to("pipe")
    code, report = run("check", tmp_path, "--only", "terraform")
    assert (code, rules(report)) == (4, ["tf-plan-unreadable"])


def test_a_link_that_leads_nowhere_is_no_plan(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plan.json").symlink_to("gone")
    assert run("check", tmp_path, "--only", "terraform")[0] == 3


def test_a_link_to_a_plan_is_judged_once(run: Run, tmp_path: Path) -> None:
    shutil.copytree(RULES / "tf-dataset-ungated/fail", tmp_path, dirs_exist_ok=True)
    (tmp_path / "latest.json").symlink_to("plan.json")
    _, report = run("check", tmp_path, "--only", "terraform")
    assert rules(report) == ["tf-dataset-ungated"]


@pytest.mark.parametrize("gate", ["release", "anonymity", "pii", "terraform"])
def test_a_folder_that_cannot_be_looked_into_is_said_whichever_gates_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: str
) -> None:
    def closed(*arguments: Any, **options: Any) -> Tree:
        problem = unreadable("closed", ReadError("cannot be looked into: permission denied"))
        return replace(find_files(*arguments, **options), findings=(problem,))

    monkeypatch.setattr("gatecli.gates.repository.find_files", closed)
    (tmp_path / "a.yaml").write_text("a: 1\n", "utf-8")
    code, report = run("check", tmp_path, "--only", gate)
    assert (code, [finding["path"] for finding in report["findings"]]) == (4, ["closed"])


def test_a_declaration_behind_a_link_is_judged(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(RULES / "dp-missing-epsilon/fail/privacy.yaml", tmp_path / "elsewhere.yaml")
    (root / "privacy.yaml").symlink_to("../elsewhere.yaml")
    _, report = run("check", root, "--only", "release")
    assert seen(report) == seen(run("release", "check", root)[1])
    assert "dp-missing-epsilon" in rules(report)


def test_a_model_that_is_excluded_needs_no_declaration(run: Run, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/model.safetensors").write_bytes(b"w")
    assert rules(run("check", tmp_path, "--only", "release")[1]) == ["dp-missing-declaration"]
    assert run("check", tmp_path, "--only", "release", "--exclude", "weights/")[0] == 3


def test_a_broken_declaration_is_no_pass_for_the_tables_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "privacy.yaml").write_text("kind: [\n", "utf-8")
    code, report = run("check", tmp_path, "--only", "anonymity")
    assert (code, rules(report)) == (4, ["release-unreadable"])
    assert rules(run("check", tmp_path)[1]).count("release-unreadable") == 1


def test_every_input_is_looked_for_and_read_once(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declarations: list[Path] = []
    folders: list[str] = []

    def reading(file: Path) -> Any:
        declarations.append(file)
        return read_declarations(file)

    def listing(folder: Any) -> Any:
        folders.extend([str(folder)] if isinstance(folder, Path) and folder.is_relative_to(project) else [])
        return scandir(folder)

    scandir = os.scandir
    monkeypatch.setattr("gatecli.gates.folder.read_declarations", reading)
    monkeypatch.setattr(os, "scandir", listing)
    run("check", project, "--exclude", "deploy/")
    assert declarations == [project / "model/privacy.yaml"]
    assert sorted(folders) == sorted(
        str(folder) for folder in (project, *project.iterdir()) if folder.name != "deploy"
    )


def unplanned(report: dict[str, Any]) -> str:
    (finding,) = (each for each in report["findings"] if each["rule"] == "check-not-checked")
    return str(finding["message"])


def test_modules_and_what_has_a_plan_beside_it_need_none(run: Run, tmp_path: Path) -> None:
    shutil.copytree(RULES / "tf-dataset-ungated/pass", tmp_path / "planned")
    for folder in ("planned", "infra", "modules/a", "modules/b", "loop/x", "loop/y"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    calls = {
        "planned": "../modules/a",
        "infra": "../modules/b",
        "modules/a": "../../x",
        "modules/b": "registry/module",
        "loop/x": "../y",
        "loop/y": "../x",
    }
    for folder, source in calls.items():
        text = f'module "m" {{\n  source = "{source}"\n}}\n'
        (tmp_path / folder / "main.tf").write_text(text, "utf-8")
    told = unplanned(run("check", tmp_path)[1]).replace(tmp_path.as_posix() + "/", "")
    assert told == "Terraform was found but not planned: infra, loop/x, loop/y"


def commit(folder: Path) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_what_did_not_change_is_not_searched_and_said_and_promises_are_judged(
    run: Run, project: Path
) -> None:
    commit(project)
    (project / "new.txt").write_text("nothing\n", "utf-8")
    code, report = run("check", project, "--changed-since", "HEAD")
    assert code == 1
    assert {"anon-k-below-threshold", "tf-dataset-ungated"} <= set(rules(report))
    assert "pii-us-ssn" not in rules(report)
    assert [each["name"] for each in report["checked"] if each["kind"] == "file"] == [
        (project / "new.txt").as_posix()
    ]
    told = [each["message"] for each in report["findings"] if each["rule"] == "check-not-checked"]
    assert any(
        "changed since HEAD were searched for personal data: 5 of 6 files were not" in message
        for message in told
    )


WAIVER = """\
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: planned-elsewhere}
spec:
  rule: tf-no-plan
  fingerprint: FINGERPRINT
  reason: another job plans it
  owner: platform
  expires: EXPIRES
"""


def test_what_is_not_checked_can_be_waived_like_a_finding(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "main.tf").write_text('resource "terraform_data" "a" {}\n', "utf-8")
    (finding,) = run("check", root)[1]["findings"]
    expires = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    text = WAIVER.replace("FINGERPRINT", finding["fingerprint"]).replace("EXPIRES", expires)
    (tmp_path / "waivers.yaml").write_text(text, "utf-8")
    code, report = run("check", root, "--waivers", tmp_path / "waivers.yaml", "--fail-on", "note")
    assert code == 0
    assert report["findings"][0]["suppressed"]["name"] == "planned-elsewhere"


SUBJECT_WAIVER = """apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: sample}
spec:
  rule: pii-us-ssn
  subject: SUBJECT
  reason: a sample
  owner: team-a
  expires: EXPIRES
"""


@pytest.mark.parametrize(
    ("days", "subject", "faults"),
    [(30, "PATH", []), (30, "elsewhere.yaml", ["waiver-unused"]), (-1, "PATH", ["waiver-expired"])],
)
def test_a_waiver_is_asked_about_once_although_two_gates_look_for_its_rule(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, subject: str, faults: list[str]
) -> None:
    shutil.copytree(RULES / "pii-us-ssn/fail", tmp_path / "deploy")
    monkeypatch.chdir(tmp_path)
    (finding,) = run("pii", "scan", "deploy")[1]["findings"]
    expires = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    text = SUBJECT_WAIVER.replace("SUBJECT", subject.replace("PATH", finding["subject"]))
    (tmp_path / "waivers.yaml").write_text(text.replace("EXPIRES", expires), "utf-8")
    report = run("check", "deploy", "--waivers", "waivers.yaml")[1]
    told = [each["rule"] for each in report["findings"] if each["rule"].startswith("waiver-")]
    assert told == faults
    assert sum(gate["warning"] for gate in report["gates"]) == len(faults)


def test_a_missing_folder_is_usage(tmp_path: Path) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 2
