"""Evidence carries what it found into the verdict of a plan, and is held to what the policy states."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.evidence_files import digest, report, table, write
from tests.support.plans import change, plan_with, raw

DATA = "7f479dc634828c3e6fa60365736267bc965c3727e366a5d68885622b5f5e9045"
"""The digest of what the gate in `gated.json` let through."""

WARNING = {
    "rule": "anon-undeclared-quasi-identifier",
    "severity": "warning",
    "message": "job is not declared as a quasi-identifier; with age it makes 6 of 6 rows unique",
    "subject": "data.csv",
    "path": "data.csv",
    "line": None,
    "column": None,
    "pointer": None,
    "remediation": "declare job among the quasiIdentifiers",
    "fingerprint": "a" * 32,
    "suppressed": None,
}
POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: own}
spec:
  extends: default
  terraform: {gateSources: ["../terraform_modules/*"]}
"""
STATED = "  check: {tables: [{name: people, path: data.csv, quasiIdentifiers: [%s], k: %d}]}\n"

Findings = list[dict[str, Any]]


@pytest.fixture(name="folder")
def plan_with_its_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan behind a gate, a policy, and evidence that warns."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "plan.json", raw("gated"))
    (tmp_path / "gatecli.yaml").write_text(POLICY, "utf-8")
    evidence(tmp_path, findings=[WARNING])
    return tmp_path


def evidence(folder: Path, name: str = "data.csv.gate.json", data: str = DATA, **changes: Any) -> Path:
    inputs = changes.pop("inputs", {})
    return write(folder / name, report("anonymity", [table(data, **inputs)]) | changes)


def judged(
    capsys: pytest.CaptureFixture[str], *options: str, target: str = "plan.json"
) -> tuple[int, Findings]:
    code = main(["terraform", "check", target, "--policy", "gatecli.yaml", "--format", "json", *options])
    return code, json.loads(capsys.readouterr().out)["findings"]


def plan_given(folder: Path, **inputs: Mapping[str, Any]) -> None:
    """The plan with other arguments of its gate."""
    plan = raw("gated")
    plan["configuration"]["root_module"]["module_calls"]["anonymity"]["expressions"] |= inputs
    write(folder / "plan.json", plan)


def test_what_evidence_warns_of_the_plan_warns_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, [finding] = judged(capsys)
    assert (code, finding["rule"], finding["severity"]) == (0, WARNING["rule"], "warning")
    assert finding["message"] == (
        f"module.anonymity: in the evidence data.csv.gate.json: {WARNING['message']}"
    )
    assert (finding["path"], finding["fingerprint"]) == ("plan.json", WARNING["fingerprint"])
    assert judged(capsys, "--fail-on", "warning")[0] == 1


def test_the_policy_of_the_plan_weighs_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    severe = POLICY + "  severities: {anon-undeclared-quasi-identifier: error}\n"
    (folder / "gatecli.yaml").write_text(severe, "utf-8")
    evidence(folder, findings=[WARNING | {"severity": "note", "suppressed": {"by": "waiver"}}])
    code, [finding] = judged(capsys)
    assert (code, finding["severity"], finding["suppressed"]) == (1, "error", None)


def test_a_waiver_for_the_finding_forgives_it_here_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiver = (
        "---\napiVersion: gatecli.dev/v1\nkind: PrivacyWaiver\nmetadata: {name: w}\nspec: {rule: "
        "anon-undeclared-quasi-identifier, subject: data.csv, reason: r, owner: o, expires: 2999-01-01}\n"
    )
    (folder / "gatecli.yaml").write_text(POLICY + waiver, "utf-8")
    [finding] = judged(capsys)[1]
    assert finding["suppressed"]["by"] == "waiver"


def test_no_detected_value_leaves_the_evidence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = "jane.roe@corp-mail.net"
    told = {key: f"{WARNING[key]} {value}" for key in ("message", "subject", "remediation")}
    evidence(folder, findings=[WARNING | told])
    [finding] = judged(capsys)[1]
    assert value not in json.dumps(finding)


def test_a_rule_that_this_release_does_not_know_is_carried(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence(folder, findings=[WARNING | {"rule": "anon-of-tomorrow"}, {"severity": "warning"}, 3])
    assert [each["rule"] for each in judged(capsys)[1]] == ["anon-of-tomorrow"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "data.csv.gate.json").unlink(),
        lambda folder: (folder / "data.csv.gate.json").write_text("{", "utf-8"),
        lambda folder: (folder / "data.csv.gate.json").write_text("[]", "utf-8"),
        lambda folder: evidence(folder, data="0" * 64),
        lambda folder: evidence(folder, gate="release"),
    ],
    ids=["none", "torn", "no report", "of other data", "of another gate"],
)
def test_evidence_that_is_not_at_hand_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], damage: Any
) -> None:
    damage(folder)
    code, [finding] = judged(capsys)
    assert (code, finding["rule"], finding["severity"]) == (0, "tf-evidence-unread", "note")
    assert "data.csv.gate.json" in finding["message"]


def test_evidence_by_another_name_is_read_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "data.csv.gate.json").rename(folder / "own.json")
    plan_given(folder, evidence={"constant_value": "own.json"})
    assert [each["rule"] for each in judged(capsys)[1]] == [WARNING["rule"]]


def test_evidence_that_a_variable_names_is_read_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data.csv.gate.json").rename(folder / "own.json")
    plan_given(folder, evidence={"references": ["var.evidence"]})
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    write(folder / "plan.json", plan | {"variables": plan["variables"] | {"evidence": {"value": "own.json"}}})
    assert [each["rule"] for each in judged(capsys)[1]] == [WARNING["rule"]]


def test_evidence_that_an_expression_names_is_not_at_hand(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_given(folder, evidence={"references": ["local.x"]})
    [finding] = judged(capsys)[1]
    assert finding["rule"] == "tf-evidence-unread"
    assert "the plan does not name it" in finding["message"]


def test_evidence_outside_of_the_repository_is_not_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "repository").mkdir()
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    calls = plan["configuration"]["root_module"]["module_calls"]
    calls["anonymity"]["expressions"]["evidence"] = {"constant_value": "../data.csv.gate.json"}
    write(folder / "repository/plan.json", plan)
    found = judged(capsys, target="repository/plan.json")[1]
    assert [each["rule"] for each in found] == ["tf-evidence-unread"]


def test_the_second_run_over_a_folder_reads_the_evidence_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["check", ".", "--only", "terraform", "--format", "json"]
    for told in ([WARNING], [], [WARNING]):
        evidence(folder, findings=told)
        main(command)
        found = json.loads(capsys.readouterr().out)["findings"]
        assert [each["rule"] for each in found if each["rule"].startswith("anon-")] == [
            each["rule"] for each in told
        ]


@pytest.mark.parametrize(
    ("columns", "k", "says"),
    [
        ("age, zip, sex", 5, "asks about age, zip alone where the policy says age, sex, zip"),
        ("age", 7, "demands only k = 5 where the policy demands 7"),
    ],
)
def test_evidence_that_was_asked_less_than_the_policy_states_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], columns: str, k: int, says: str
) -> None:
    (folder / "gatecli.yaml").write_text(POLICY + STATED % (columns, k), "utf-8")
    evidence(folder)
    code, [finding] = judged(capsys)
    assert (code, finding["rule"]) == (1, "anon-question-narrowed")
    assert finding["message"].endswith(says)


def test_evidence_that_was_asked_what_the_policy_states_passes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gatecli.yaml").write_text(POLICY + STATED % ("age", 5), "utf-8")
    evidence(folder)
    assert judged(capsys) == (0, [])


def test_where_the_policy_states_the_columns_evidence_must_be_at_hand(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data.csv.gate.json").unlink()
    (folder / "gatecli.yaml").write_text(POLICY + STATED % ("age", 5), "utf-8")
    code, [finding] = judged(capsys)
    assert (code, finding["rule"]) == (1, "anon-question-narrowed")
    deferring = POLICY.replace("{gateSources", "{onUnknown: defer, gateSources") + STATED % ("age", 5)
    (folder / "gatecli.yaml").write_text(deferring, "utf-8")
    assert judged(capsys)[0] == 0


def test_a_copy_of_the_data_is_held_to_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "  check: {tables: [{name: people, path: elsewhere.csv, quasiIdentifiers: [sex], k: 5}]}\n"
    (folder / "gatecli.yaml").write_text(POLICY + own, "utf-8")
    (folder / "elsewhere.csv").write_text("age,zip\n" + "30,10115\n" * 6, "utf-8")
    assert digest(folder / "elsewhere.csv") == DATA
    evidence(folder)
    assert [each["rule"] for each in judged(capsys)[1]] == ["anon-question-narrowed"]


def test_what_the_evidence_of_a_tag_warns_of_the_plan_warns_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gatecli.yaml").write_text(POLICY, "utf-8")
    write(tmp_path / "plan.json", plan_with(variables={"x": {"value": "y"}}))
    main(["terraform", "check", "plan.json", "--policy", "gatecli.yaml", "--format", "json"])
    policy = json.loads(capsys.readouterr().out)["policy"]
    (tmp_path / "data.csv").write_text("age,zip\n30,10115\n", "utf-8")
    data = digest(tmp_path / "data.csv")
    made = evidence(tmp_path, "made.json", data, findings=[WARNING], policy=policy)
    other = evidence(tmp_path, "other.json", data, findings=[WARNING, WARNING], policy=policy)
    after = {"source": "data.csv", "source_hash": data, "tags": {"gatecli-evidence": digest(made)}}
    objects = [change(f"aws_s3_object.{name}", after) for name in ("one", "two")]
    write(tmp_path / "plan.json", plan_with(resource_changes=objects))
    code, [finding] = judged(capsys, "--evidence", str(made), "--evidence", str(other))
    assert (code, finding["rule"]) == (0, WARNING["rule"])
    assert finding["message"].startswith("aws_s3_object.one: in the evidence ")


def test_a_plan_on_standard_input_has_no_evidence_at_hand(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO((folder / "plan.json").read_bytes()))
    monkeypatch.setattr("sys.stdin", stream)
    (folder / "elsewhere").mkdir()
    (folder / "gatecli.yaml").rename(folder / "elsewhere/gatecli.yaml")
    with (folder / "elsewhere/gatecli.yaml").open("a", encoding="utf-8") as policy:
        policy.write(STATED % ("age", 5))
    code = main(["terraform", "check", "-", "--policy", "elsewhere/gatecli.yaml", "--format", "json"])
    [finding] = json.loads(capsys.readouterr().out)["findings"]
    assert (code, finding["rule"]) == (1, "anon-question-narrowed")
