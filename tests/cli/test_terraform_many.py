"""Several plans in one call: one report, the worst verdict, and no pass where one of them was not read."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gatecli
from gatecli.cli.app import main
from tests.support.terraform import QUIET, system_terraform

PLANS = Path(__file__).parents[1] / "data" / "plans"
OPEN, CLOSED, ERRORED = PLANS / "plan.json", PLANS / "aws.json", PLANS / "errored.json"
PLAIN = 'resource "terraform_data" "x" {\n  input = 1\n}\n'

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(name="run")
def the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The exit code and the JSON report of the command."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = main(["terraform", "check", *map(str, arguments), "--format", "json"])
        shown = capsys.readouterr().out
        return code, json.loads(shown) if shown else {}

    return command


def paths(report: dict[str, Any]) -> list[str]:
    return [each["path"] for each in report["checked"]]


@pytest.mark.parametrize(
    ("plans", "code"),
    [
        ((OPEN, PLANS / "changed.json"), 0),
        ((OPEN, CLOSED), 1),
        ((CLOSED, OPEN), 1),
        ((CLOSED, ERRORED), 4),
        ((OPEN, PLANS / "missing.json"), 2),
    ],
)
def test_the_worst_verdict_of_several_plans_counts(run: Run, plans: tuple[Path, ...], code: int) -> None:
    ended, report = run(*plans)
    assert ended == code
    assert report == {} or paths(report) == sorted(map(str, plans))


def test_one_that_cannot_be_read_is_no_partial_pass_and_hides_nothing(run: Run, tmp_path: Path) -> None:
    broken, empty = tmp_path / "broken.json", tmp_path / "empty"
    broken.write_bytes(OPEN.read_bytes()[:-100])
    empty.mkdir()
    for bad in (broken, empty):
        code, report = run(CLOSED, bad)
        assert code == 4
        rules = {finding["rule"] for finding in report["findings"]}
        assert {"tf-plan-unreadable", "tf-dataset-ungated"} <= rules


def test_a_plan_that_is_given_twice_is_judged_once(run: Run, tmp_path: Path) -> None:
    shutil.copy(OPEN, tmp_path / "a.json")
    (tmp_path / "link.json").symlink_to("a.json")
    code, report = run("a.json", tmp_path / "a.json", "./a.json", "link.json")
    assert (code, paths(report)) == (0, ["a.json"])


def test_stdin_is_given_once_at_most(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("-", OPEN, "-")[0] == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CLOSED.read_bytes())))
    code, report = run(OPEN, "-")
    assert code == 1
    assert paths(report) == ["-", str(OPEN)]


def test_several_folders_are_planned_and_a_file_stands_beside_them(run: Run, tmp_path: Path) -> None:
    system_terraform()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(PLAIN, "utf-8")
    code, report = run("b", "a", OPEN)
    assert code == 0
    assert paths(report) == sorted(["a", "b", str(OPEN)])
    (tmp_path / "b/main.tf").write_text("resource {\n", "utf-8")
    assert run("b", "a", OPEN)[0] == 4


@pytest.fixture(name="units")
def a_folder_of_plans(tmp_path: Path) -> Path:
    """As `terragrunt run --all plan --json-out-dir plans` writes it: a tree like that of the units."""
    for unit, plan in {"network": OPEN, "data/public": CLOSED}.items():
        (tmp_path / "plans" / unit).mkdir(parents=True)
        shutil.copy(plan, tmp_path / "plans" / unit / "tfplan.json")
    return tmp_path / "plans"


def test_a_folder_of_plans_is_judged_whole(run: Run, units: Path) -> None:
    code, report = run("plans")
    assert (code, paths(report)) == (1, ["plans/data/public/tfplan.json", "plans/network/tfplan.json"])
    assert run("plans", "plans/network", "plans/network/tfplan.json") == (code, report)
    assert gatecli.check_plan(units).exit_code == 1


def test_every_json_file_in_a_folder_of_plans_must_be_one(run: Run, units: Path) -> None:
    (units / "network/other.json").write_text("{}", "utf-8")
    assert run("plans/network")[0] == 4


def test_a_saved_plan_in_a_folder_of_plans_is_not_passed_over(run: Run, units: Path) -> None:
    (units / "network/tfplan").write_bytes(b"PK\x03\x04")
    assert run("plans/network")[0] == 0, "its JSON stands beside it"
    (units / "lost").mkdir()
    (units / "lost/tfplan").write_bytes(b"PK\x03\x04")
    assert run("plans")[0] == 4


def test_a_folder_that_holds_neither_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("none", "utf-8")
    assert run(".")[0] == 3


def test_a_name_that_no_file_can_have_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terraform", "check", "\0", "\0"]) == 2
    assert "there is no such file or folder" in capsys.readouterr().err
