"""`spec.check` of a policy: what `gatecli check` looks at, and what it says it does not."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gatecli.gates import terraform
from gatecli.gates.plan_input import read_plan
from gatecli.sources.plan.terraform import PlanRequest
from tests.support.check_runs import check

RULES = Path(__file__).parents[1] / "rules"
POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: p}
spec:
  extends: default
  check: CHECK
"""
PERSON = "ssn: 536-22-1234\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def ruled(folder: Path, rules: str) -> Path:
    file = folder / "gatecli.yaml"
    file.write_text(POLICY.replace("CHECK", rules), "utf-8")
    return file


def report(root: Path, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    code, text = check(root, *arguments)
    return code, json.loads(text)


def notes(told: dict[str, Any]) -> list[str]:
    return [each["message"] for each in told["findings"] if each["rule"] == "check-not-checked"]


def gates(told: dict[str, Any]) -> list[str]:
    return [gate["gate"] for gate in told["gates"]]


@pytest.mark.parametrize(
    ("rules", "expected", "left_out"),
    [
        (
            "{skip: [anonymity, terraform]}",
            ["release", "pii", "serve", "keys", "cloud"],
            "the gates anonymity, terraform",
        ),
        (
            "{only: [pii, release, terraform, serve, keys, cloud]}",
            ["release", "pii", "terraform", "serve", "keys", "cloud"],
            "the gate anonymity",
        ),
        (
            "{only: [pii, release], skip: [release]}",
            ["pii"],
            "the gates release, anonymity, terraform, serve, keys, cloud",
        ),
    ],
)
def test_a_gate_that_the_policy_leaves_out_is_said(
    root: Path, rules: str, expected: list[str], left_out: str
) -> None:
    ruled(root, rules)
    code, told = report(root)
    assert (code, gates(told), notes(told)) == (0, expected, [f"the policy leaves out {left_out}"])
    assert report(root, "--fail-on", "note")[0] == 1


def test_the_command_line_outweighs_the_policy(root: Path) -> None:
    ruled(root, "{skip: [pii]}")
    _, told = report(root, "--only", "pii")
    assert (gates(told), notes(told)) == (["pii"], [])
    _, told = report(root, "--skip", "terraform")
    assert gates(told) == ["release", "anonymity", "serve", "keys", "cloud"]


def test_a_policy_and_a_command_line_that_leave_no_gate_are_refused(root: Path) -> None:
    ruled(root, "{only: [pii]}")
    assert check(root, "--skip", "pii")[0] == 2


def test_a_gate_that_there_is_not_is_a_wrong_policy(root: Path) -> None:
    ruled(root, "{skip: [pi]}")
    assert check(root)[0] == 2


def test_files_that_the_policy_leaves_out_are_listed(root: Path) -> None:
    for name in ("vendor/a.yaml", "docs/deep/b.yaml", "c.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(PERSON, "utf-8")
    ruled(root, "{exclude: [vendor/, 'docs/**/*.yaml', c.yaml, absent/]}")
    code, told = report(root)
    where = root.as_posix()
    assert code == 0
    assert notes(told) == [f"the policy leaves out {where}/c.yaml, {where}/docs/deep/b.yaml, {where}/vendor"]


def test_what_git_tracks_can_be_left_out_too(root: Path) -> None:
    (root / "kept").mkdir()
    (root / "kept/a.yaml").write_text(PERSON, "utf-8")
    (root / ".gitignore").write_text("kept/\n", "utf-8")
    ruled(root, "{exclude: [kept/]}")
    for arguments in (["init", "-q"], ["add", "-f", "."]):
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
    code, told = report(root)
    assert (code, notes(told)) == (0, [f"the policy leaves out {root.as_posix()}/kept"])


def test_patterns_are_relative_to_the_policy_above_what_is_checked(root: Path) -> None:
    (root / "sub/vendor").mkdir(parents=True)
    (root / "sub/vendor/a.yaml").write_text(PERSON, "utf-8")
    ruled(root, "{exclude: [/sub/vendor/]}")
    assert report(root / "sub")[0] == 3
    central = ruled(root.parent, "{exclude: [/vendor/]}").rename(root.parent / "central.yaml")
    (root / "gatecli.yaml").unlink()
    assert report(root / "sub", "--policy", central)[0] == 1
    (root.parent / "elsewhere").mkdir()
    moved = central.rename(root.parent / "elsewhere/central.yaml")
    assert report(root / "sub", "--policy", moved)[0] == 3


def plan(root: Path, name: str, kind: str = "fail") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(RULES / "tf-dataset-ungated" / kind / "plan.json", root / name)


def test_a_plan_that_the_policy_names_is_judged_once_wherever_it_is(root: Path) -> None:
    plan(root, "out/plan.json")
    plan(root, "plan.json")
    ruled(root, "{terraform: [out/plan.json, plan.json], exclude: [out/]}")
    _, told = report(root, "--only", "terraform")
    found = [each["path"] for each in told["findings"] if each["rule"] == "tf-dataset-ungated"]
    assert found == [f"{root.as_posix()}/{name}" for name in ("out/plan.json", "plan.json")]


@pytest.mark.parametrize("name", ["absent.json", "/etc/plan.json", "../../plan.json"])
def test_a_plan_that_is_named_and_not_there_could_not_be_checked(root: Path, name: str) -> None:
    ruled(root, f"{{terraform: [{name}]}}")
    code, told = report(root, "--only", "terraform")
    assert (code, [each["rule"] for each in told["findings"]]) == (4, ["tf-plan-unreadable"])


def test_a_folder_is_not_planned_unless_it_is_allowed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "infra").mkdir()
    (root / "infra/main.tf").write_text('resource "terraform_data" "a" {}\n', "utf-8")
    ruled(root, "{terraform: [infra]}")
    planned: list[str] = []

    def made(target: str, request: PlanRequest, _stream: object = None) -> Any:
        planned.append(target)
        plan(root.parent, "plan.json")
        return ORIGINAL((root.parent / "plan.json").as_posix(), request)

    monkeypatch.setattr(terraform, "read_plan", made)
    infra = (root / "infra").as_posix()
    _, told = report(root)
    assert planned == []
    assert f"the policy names Terraform to be planned: {infra}" in notes(told)
    _, told = report(root, "--plan")
    assert planned == [infra]
    assert not any("to be planned" in note for note in notes(told))
    assert "tf-dataset-ungated" in {each["rule"] for each in told["findings"]}


ORIGINAL = read_plan


@pytest.mark.parametrize("text", ["", 'resource "terraform_data" "a" {}'])
def test_a_folder_whose_plan_fails_could_not_be_checked(
    root: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("PATH", "")
    (root / "infra").mkdir()
    if text:
        (root / "infra/main.tf").write_text(text, "utf-8")
    ruled(root, "{terraform: [infra]}")
    code, told = report(root, "--only", "terraform", "--plan")
    assert (code, told["findings"][0]["rule"]) == (4, "tf-plan-unreadable")


TABLE = "{tables: [{name: people, path: PATH, quasiIdentifiers: [zip], k: K}]}"


@pytest.mark.parametrize(("k", "expected"), [("2", []), ("3", ["anon-k-below-threshold"])])
def test_a_table_that_the_policy_names_is_measured(root: Path, k: str, expected: list[str]) -> None:
    (root / "people.csv").write_text("zip\n1\n1\n2\n2\n", "utf-8")
    ruled(root, TABLE.replace("PATH", "people.csv").replace("K", k, 1))
    code, told = report(root, "--only", "anonymity")
    assert (code, [each["rule"] for each in told["findings"]]) == (int(bool(expected)), expected)
    assert [each["name"] for each in told["checked"]] == ["people"]


@pytest.mark.parametrize(("tier", "expected"), [("health", 1), ("unheard", 4)])
def test_a_table_keeps_what_its_tier_demands(root: Path, tier: str, expected: int) -> None:
    (root / "people.csv").write_text("zip,illness\n1,a\n1,b\n2,a\n2,b\n", "utf-8")
    columns = "quasiIdentifiers: [zip], sensitive: [illness]"
    ruled(root, f"{{tables: [{{name: people, path: people.csv, {columns}, sensitivity: {tier}}}]}}")
    assert report(root, "--only", "anonymity")[0] == expected


@pytest.mark.parametrize("path", ["absent.csv", "postgres://host/db", "../../people.csv"])
def test_a_table_that_cannot_be_read_could_not_be_checked(root: Path, path: str) -> None:
    ruled(root, TABLE.replace("PATH", path).replace("K", "2", 1))
    code, told = report(root, "--only", "anonymity")
    assert (code, [each["rule"] for each in told["findings"]]) == (4, ["anon-table-uncheckable"])


@pytest.mark.parametrize("path", ["people.csv", "absent.csv"])
def test_a_finding_says_which_table_of_the_policy_it_is_about(root: Path, path: str) -> None:
    (root / "people.csv").write_text("zip\n1\n2\n", "utf-8")
    ruled(root, TABLE.replace("PATH", path).replace("K", "2", 1))
    (finding,) = report(root, "--only", "anonymity")[1]["findings"]
    assert finding["message"].startswith("table people: ")


def test_what_the_policy_names_elsewhere_is_not_asked_of_a_part(root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub/a.yaml").write_text("a: 1\n", "utf-8")
    ruled(root, "{tables: [{name: t, path: t.csv, quasiIdentifiers: [zip], k: 2}], terraform: [plan.json]}")
    assert report(root / "sub")[0] == 0
