"""The gate action, run by a real runner."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.actions import BIN, ROOT, act, without_gatecli
from tests.support.github_api import LONGEST, github_api

TEST_VALUE = "457-55-5462"
HOSTILE = '$(touch owned)`touch owned`"; touch owned; #'
HOSTILE_NAMES = (
    f"{HOSTILE}.yaml",
    "::error file=a::owned.yaml",
    "line\n::set-output name=verdict::pass.yaml",
    "##[add-path]owned.yaml",
    "--exit-zero.yaml",
    "%0A::add-mask::a.yaml",
)


def pull_request(head: str = "acme/model") -> dict[str, Any]:
    """An event in which a stranger wrote everything that a stranger can write."""
    return {
        "pull_request": {
            "number": 7,
            "title": HOSTILE,
            "body": HOSTILE,
            "head": {
                "ref": HOSTILE,
                "label": HOSTILE,
                "repo": {"full_name": head, "fork": head != "acme/model"},
            },
            "base": {"ref": "main", "repo": {"full_name": "acme/model"}},
        },
        "repository": {"name": "model", "full_name": "acme/model", "owner": {"login": "acme"}},
    }


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")


def findings_of(folder: Path) -> list[Any]:
    shown = [str(BIN / "gatecli"), "check", str(folder), "--format", "json"]
    done = subprocess.run(shown, capture_output=True, text=True, check=False)
    found: list[Any] = json.loads(done.stdout)["findings"]
    return found


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


def test_several_plans_are_one_verdict(repository: Path) -> None:
    for name in ("plan", "aws"):
        shutil.copy(ROOT / f"tests/data/plans/{name}.json", repository / f"{name} 1.json")
    ran = act(repository, {"gate": "terraform", "path": "plan 1.json\naws 1.json\nplan 1.json"})
    assert (ran.code != 0, ran.saw[0], ran.saw[2]) == (True, "fail", "1")
    assert "aws 1.json" in ran.log
    # The second is judged once, with its note about a program.
    ran = act(repository, {"gate": "terraform", "path": "plan 1.json\nplan 1.json"})
    assert (ran.code, ran.saw) == (0, ["pass", "1", "0", "report.json"]), ran.log


def test_a_closed_gate_of_terraform_is_told_on_the_lines_and_in_the_report(repository: Path) -> None:
    shutil.copy(ROOT / "tests/rules/tf-gate-closed/fail/plan.json", repository / "plan.json")
    ran = act(repository, {"gate": "terraform", "path": "plan.json"})
    assert ran.saw == ["fail", "1", "1", "report.json"]
    assert "k-anonymity 1 is below 5 for [age, zip]" in ran.log


def test_an_unknown_gate_is_no_pass(repository: Path) -> None:
    ran = act(repository, {"gate": "realease"})
    assert ran.code != 0
    assert "must be check, release" in ran.log


def test_nothing_to_check_is_no_pass(repository: Path) -> None:
    (repository / "empty").mkdir()
    (repository / "empty/notes.txt").write_text("nothing\n", "utf-8")
    ran = act(repository, {"gate": "release", "path": "empty"})
    assert ran.saw[0] == "error"
    assert ran.code != 0
    assert ran.saw[2] == "3"


def test_hostile_inputs_are_arguments_and_never_code(repository: Path) -> None:
    ran = act(repository, {"gate": "release", "path": '$(touch owned)`touch owned`"; touch owned; #'})
    assert ran.code != 0
    assert not (repository / "owned").exists()


def test_findings_below_the_threshold_are_shown_and_pass(repository: Path) -> None:
    write(repository / "notes/pod.txt", f"ssn {TEST_VALUE}\n")
    ran = act(repository, {"gate": "pii", "path": "notes"})
    assert (ran.code, ran.saw) == (0, ["pass", "1", "0", "report.json"]), ran.log
    assert "pii-us-ssn" in ran.log


def test_the_threshold_is_the_input_s(repository: Path) -> None:
    write(repository / "notes/pod.txt", f"ssn {TEST_VALUE}\n")
    ran = act(repository, {"gate": "pii", "path": "notes", "fail-on": "note"})
    assert (ran.code != 0, ran.saw) == (True, ["fail", "1", "1", "report.json"]), ran.log


def test_without_inputs_every_gate_runs_over_the_repository(repository: Path) -> None:
    ran = act(repository, {})
    assert (ran.code != 0, ran.saw[0], ran.saw[2]) == (True, "fail", "1"), ran.log


def test_what_the_baseline_knows_does_not_close_the_gate(repository: Path, tmp_path: Path) -> None:
    write(repository / "notes/pod.txt", "ssn 536-90-4399\n")
    known = ["pii", "scan", "notes", "--report", f"json={repository / 'base.json'}"]
    ended = subprocess.run([BIN / "gatecli", *known], cwd=repository, check=False, capture_output=True)
    assert ended.returncode == 1
    ran = act(repository, {"gate": "pii", "path": "notes", "baseline": "base.json"})
    assert (ran.code, ran.saw) == (0, ["pass", "0", "0", "report.json"]), ran.log


def test_a_policy_that_is_missing_is_an_error_and_no_pass(repository: Path) -> None:
    ran = act(repository, {"gate": "release", "path": "good", "policy": "nowhere.yaml"})
    assert (ran.code != 0, ran.saw) == (True, ["error", "0", "2", ""]), ran.log


def test_a_runner_without_gatecli_is_told_to_set_it_up(repository: Path) -> None:
    ran = act(repository, {"gate": "release", "path": "good"}, path=without_gatecli(repository.parent))
    assert ran.code != 0
    assert "use github_actions/setup before this action" in ran.log


def test_hostile_file_names_and_declarations_are_text(repository: Path) -> None:
    hostile = repository / "hostile"
    shutil.copytree(repository / "bad", hostile)
    for name in HOSTILE_NAMES:
        write(hostile / name, f"ssn: {TEST_VALUE}\n")
    declaration = (repository / "bad/privacy.yaml").read_text("utf-8")
    name = json.dumps(f"{HOSTILE}\n::set-output name=verdict::pass\n::add-path::/tmp\n##[add-path]/tmp")
    write(hostile / "privacy.yaml", declaration.replace("name: churn-classifier", f"name: {name}"))
    ran = act(repository, {"path": "hostile", "fail-on": "note"})
    assert (ran.code != 0, ran.saw[0], ran.saw[2]) == (True, "fail", "1"), ran.log
    assert ran.saw[1] == str(len(HOSTILE_NAMES) + len(findings_of(repository / "bad"))), ran.log
    assert not list(repository.rglob("owned"))


def test_one_comment_is_created_kept_and_survives_a_failing_server(repository: Path) -> None:
    inputs = {"gate": "release", "path": "bad", "comment": "true"}
    with github_api() as github:
        github.failures = [(503, {"Retry-After": "0"}, False)]
        first = act(repository, inputs, pull_request(), api=github.url)
        second = act(repository, inputs, pull_request(), api=github.url)
    assert (first.code != 0, "comment created" in first.log) == (True, True), first.log
    assert "comment unchanged" in second.log, second.log
    assert github.written == ["POST"]
    assert github.comments[0]["body"].startswith("<!-- gatecli release -->\n")
    assert "dp-understated-epsilon" in github.comments[0]["body"]
    assert not (repository / "owned").exists()


def test_a_huge_report_keeps_every_bound(repository: Path) -> None:
    for area in range(101, 160):
        lines = (f"ssn: {area}-{group:02}-4321\n" for group in range(1, 90))
        write(repository / f"notes/{area}.txt", "".join(lines))
    inputs = {"gate": "pii", "path": "notes", "comment": "true", "fail-on": "note"}
    with github_api() as github:
        ran = act(repository, inputs, pull_request(), api=github.url)
    assert (ran.saw[0], ran.saw[2]) == ("fail", "1"), ran.log[-5_000:]
    assert int(ran.saw[1]) > 5_000
    assert len(github.comments[0]["body"].encode()) <= LONGEST
    assert "more error" in ran.log
    assert 0 < ran.log.count("title=pii-us-ssn") < 10


def test_a_forks_pull_request_gets_a_verdict_and_no_comment(repository: Path) -> None:
    inputs = {"gate": "release", "path": "good", "comment": "true", "sarif": "true"}
    ran = act(repository, inputs, pull_request("stranger/fork"))
    assert ran.code == 0, ran.log
    assert ran.saw[0] == "pass"
    assert "no comment: this is a fork" in ran.log
    assert "stub reached" not in ran.log
    assert not (repository / "owned").exists()
