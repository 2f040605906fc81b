"""`gatecli document adr` and `gatecli document check`: files, exit codes, what is said."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.decision_examples import DECLARATION, answered

ROOT = Path(__file__).resolve().parents[2]

POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec: {extends: default, release: {requireDecision: true}}
"""


@pytest.fixture(name="place")
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a model, a folder of decisions, and a policy that asks for one."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "docs").mkdir()
    named = DECLARATION.replace("decision: decision.md", "decision: ../docs/0007.md")
    (tmp_path / "models" / "privacy.yaml").write_text(named)
    (tmp_path / "gatecli.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*more: str) -> int:
    return main(["document", "adr", "models", "-o", "docs/0007.md", *more])


def accept(place: Path) -> None:
    file = place / "docs" / "0007.md"
    file.write_text(answered(file.read_text("utf-8")), "utf-8")


def decided_by_ledger(place: Path) -> list[str]:
    """A ledger, and an accepted record of the decision to charge it; the options that name the ledger."""
    ledger = ["--ledger", "ledger.db"]
    assert main(["ledger", "init", *ledger, "--name", "acme"]) == 0
    budget = ["--unit", "person", "--neighbouring", "add-remove", "--epsilon", "10", "--delta", "1e-4"]
    assert main(["ledger", "dataset", "add", "customers", *budget, *ledger]) == 0
    assert write(*ledger) == 0
    accept(place)
    return ledger


def undecided_release(place: Path) -> Path:
    """Another release of the same dataset, and a policy that asks for no decision."""
    other = place / "other.privacy.yaml"
    text = DECLARATION.replace("churn-classifier", "other").replace("  decision: decision.md\n", "")
    other.write_text(text)
    (place / "loose.yaml").write_text(POLICY.replace("true", "false"))
    return other


def rules(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    """The exit code of a gate, and the rules that it found."""
    capsys.readouterr()
    code = main([*arguments, "--format", "json"])
    found = {each["rule"] for each in json.loads(capsys.readouterr().out)["findings"]}
    return code, sorted(found - {"pii-not-searched"})  # a ledger is no text


GATES = (["check"], ["release", "check", "models"], ["document", "check", "docs"])


def test_a_decision_is_written_accepted_and_judged_by_every_front_door(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for gate in GATES[:2]:
        assert rules(capsys, *gate) == (1, ["doc-missing-epsilon-allocation"])
    assert write() == 0
    assert capsys.readouterr().err == "wrote docs/0007.md; 10 questions for a human\n"
    for gate in GATES:
        assert rules(capsys, *gate) == (1, ["doc-not-accepted"])
    accept(place)
    for gate in GATES:
        assert rules(capsys, *gate) == (0, [])
    assert write() == 0
    assert capsys.readouterr().err == "is as it was: docs/0007.md\n"
    declaration = place / "models" / "privacy.yaml"
    declaration.write_text(declaration.read_text().replace("epsilon: 2.5", "epsilon: 2.6"))
    for gate in GATES:
        assert rules(capsys, *gate) == (1, ["doc-missing-epsilon-allocation", "doc-out-of-date"])


def test_a_decision_holds_through_reserving_and_committing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = decided_by_ledger(place)
    before = (place / "docs" / "0007.md").read_text("utf-8")
    assert "| customers | person | 2.5 | 1e-5 | 25 % | 30 days after it is reserved |" in before
    assert main(["release", "check", "models", *ledger, "--reserve"]) == 0
    for gate in GATES:
        assert rules(capsys, *gate, *ledger) == (0, [])
    assert main(["ledger", "commit", "churn-classifier@2.3.0", *ledger]) == 0
    for gate in GATES:
        assert rules(capsys, *gate, *ledger) == (0, [])
    assert write(*ledger) == 0
    after = (place / "docs" / "0007.md").read_text("utf-8")
    assert after == before.replace("30 days after it is reserved", "none: it is spent")


def test_a_file_of_somebody_else_is_left_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "docs" / "0007.md").write_text("# Mine\n")
    assert write() == 2
    assert "docs/0007.md is not a document that gatecli wrote" in capsys.readouterr().err
    assert (place / "docs" / "0007.md").read_text() == "# Mine\n"


def test_a_lost_mark_is_an_error_and_nothing_is_written(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write() == 0
    file = place / "docs" / "0007.md"
    broken = file.read_text("utf-8").replace("<!-- gatecli:end context -->\n", "")
    file.write_text(broken, "utf-8")
    capsys.readouterr()
    assert write() == 2
    assert "the part drivers inside the part context, or context has no end" in capsys.readouterr().err
    assert file.read_text("utf-8") == broken
    assert rules(capsys, "document", "check", "docs") == (1, ["doc-not-accepted", "doc-out-of-date"])


def test_a_document_goes_to_stdout_where_no_file_is_named(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["document", "adr", "models"]) == 0
    assert capsys.readouterr().out.startswith("---\nstatus: proposed\n")
    assert list((place / "docs").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["adr", "nowhere"], 2, "there is no such file or folder"),
        (["adr", "docs"], 2, "docs declares 0 releases"),
        (["adr", "models", "-o", "models/privacy.yaml/a.md"], 2, "cannot be made a folder"),
        (["adr", "models", "-o", "docs"], 4, "is a directory"),
        (["adr", "models", "--template", "nowhere"], 2, "it does not exist"),
        (["adr", "models", "--attestation", "nowhere"], 4, "nowhere"),
        (["check", "nowhere"], 2, "there is no such file or folder"),
        (["check", "docs"], 3, ""),
    ],
)
def test_what_cannot_be_done_is_said(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    assert place.is_dir()
    assert main(["document", *arguments]) == code
    assert told in capsys.readouterr().err


def test_other_records_of_a_folder_are_passed_over_and_past_ones_too(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "docs" / "0001-use-markdown.md").write_text("---\nstatus: accepted\n---\n# Use Markdown\n")
    assert write() == 0
    accept(place)
    file = place / "docs" / "0007.md"
    old = file.read_text("utf-8").replace("@2.3.0", "@2.2.0")
    (place / "docs" / "0006.md").write_text(
        old.replace("status: accepted", "status: superseded by 0007"), "utf-8"
    )
    assert rules(capsys, "document", "check", "docs") == (0, [])
    (place / "docs" / "0006.md").write_text(old, "utf-8")
    assert rules(capsys, "document", "check", "docs") == (1, ["doc-out-of-date"])


def test_a_record_by_hand_is_judged_where_a_release_names_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = (
        "| Dataset | ε | δ | Unit | Share | Expiry |\n|---|---|---|---|---|---|\n"
        "| customers | 2.5 | 0.00001 | person | none known | never |\n"
    )
    (place / "docs" / "0007.md").write_text(f"---\nstatus: accepted\n---\n{table}", "utf-8")
    for gate in GATES:
        assert rules(capsys, *gate) == (0, [])
    (place / "docs" / "0007.md").write_text(f"---\nstatus: accepted\n---\n```\n{table}```\n", "utf-8")
    for gate in GATES:
        assert rules(capsys, *gate) == (1, ["doc-missing-epsilon-allocation"])


def test_a_broken_last_line_is_found(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write() == 0
    accept(place)
    copy = place / "docs" / "copy.md"
    text = (place / "docs" / "0007.md").read_text("utf-8")
    copy.write_text(re.sub('"kind":"adr"', '"kind": "adr"', text), "utf-8")
    assert rules(capsys, "document", "check", str(copy)) == (1, ["doc-out-of-date"])
    shutil.copyfile(place / "docs" / "0007.md", copy)
    assert rules(capsys, "document", "check", str(copy)) == (0, [])


def test_a_template_of_ones_own_is_used(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "t.md").write_text(
        "{% extends 'adr.md' %}{% block more %}Ask {{ facts.policy.name }}.{% endblock %}"
    )
    assert main(["document", "adr", "models", "--template", "t.md"]) == 0
    assert "\nAsk acme.\n" in capsys.readouterr().out


def test_the_shipped_example_has_its_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples" / "decided-release", tmp_path / "decided")
    (tmp_path / "decided" / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "decided")
    for gate in (["check"], ["document", "check", "docs/adr"], ["release", "check", "models"]):
        assert rules(capsys, *gate) == (0, [])


def test_what_others_are_charged_later_makes_no_decision_old(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = decided_by_ledger(place)
    other = undecided_release(place)
    reserve = [*ledger, "--reserve", "--policy", "loose.yaml"]
    assert main(["release", "check", "models", *reserve]) == 0
    assert main(["release", "check", str(other), *reserve]) == 0
    assert rules(capsys, "document", "check", "docs", *ledger) == (0, [])


def test_what_others_were_charged_before_does(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = decided_by_ledger(place)
    other = undecided_release(place)
    assert main(["release", "check", str(other), *ledger, "--reserve", "--policy", "loose.yaml"]) == 0
    found = rules(capsys, "document", "check", "docs", *ledger)
    assert found == (1, ["doc-missing-epsilon-allocation", "doc-out-of-date"])


def test_outside_a_repository_a_record_is_found_with_its_declaration(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / ".git").rmdir()
    declaration = place / "models" / "privacy.yaml"
    text = declaration.read_text("utf-8").replace("  decision: ../docs/0007.md\n", "")
    declaration.write_text(text)
    (place / "gatecli.yaml").write_text(POLICY.replace("true", "false"))
    assert write() == 0
    accept(place)
    assert rules(capsys, "document", "check", "docs") == (0, [])
    declaration.write_text(text.replace("2.3.0", "2.3.1"))
    assert rules(capsys, "document", "check", "docs") == (1, ["doc-out-of-date"])
