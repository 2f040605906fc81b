"""Attempts to publish by a change of the law in the same pull request: law.json of the table of attacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.changes import change as change_to
from tests.support.check_runs import check
from tests.support.plans import change, plan_with
from tests.support.terraform_attacks import LawAttack, law_attacks

HEAD = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec:
  extends: default
  release: {maxWaiverDays: 36500}
"""
WAIVER = (
    "apiVersion: gatecli.dev/v1\nkind: PrivacyWaiver\nmetadata: {name: known}\n"
    "spec: {rule: tf-dataset-ungated, subject: aws_s3_object.x, reason: known, owner: me, "
    "expires: 2099-03-31}\n"
)


def plan(type_: str) -> str:
    """A plan that publishes one object."""
    values = {"bucket": "b", "key": "k", "source": "raw.csv"}
    return json.dumps(plan_with(resource_changes=[change(f"{type_}.x", values)]))


def policy(line: str) -> str:
    return HEAD + (f"  {line}\n" if line else "")


def contents(attack: LawAttack, name: str, text: str) -> str:
    """A file of the change, as the table means it."""
    if text == "PLAN":
        return plan("terraform_data")
    if text == "WAIVER":
        return f"{policy(attack.target)}---\n{WAIVER}" if name.endswith("gatecli.yaml") else WAIVER
    return policy(text) if name.endswith("gatecli.yaml") else text


def judged(attack: LawAttack, root: Path, folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """How `gatecli check` ends in the repository with the change: the exit code and the findings."""
    files = {"gatecli.yaml": policy(attack.target), "deploy/plan.json": plan(attack.type)}
    here = change_to(root, files)
    for name, text in attack.change.items():
        if text is None:
            (root / name).unlink()
        else:
            (root / name).write_text(contents(attack, name, text), "utf-8")
    options = list(attack.options)
    if attack.baseline:
        _, report = check(root / "deploy")
        known = [
            {key: each[key] for key in ("rule", "path", "fingerprint")}
            for each in json.loads(report)["findings"]
        ]
        (root / "known.json").write_text(json.dumps({"schema": "gatecli/baseline/v1", "findings": known}))
        options += ["--baseline", str(root / "known.json")]
    if "waiver.yaml" in attack.change:
        options += ["--waivers", str(root / "waiver.yaml")]
    here.commit()
    code, report = check(folder, *options, *arguments)
    found: list[dict[str, Any]] = json.loads(report)["findings"]
    return code, found


@pytest.mark.parametrize("attack", [each for each in law_attacks() if not each.open], ids=str)
def test_a_change_of_the_law_lets_nothing_through(attack: LawAttack, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    code, findings = judged(attack, root, root / "deploy", "--policy-from", "main")
    counting = {each["rule"] for each in findings if not each["suppressed"]}
    assert code == 1
    assert {attack.rule, *filter(None, [attack.law])} <= counting


@pytest.mark.parametrize("attack", [each for each in law_attacks() if each.law], ids=str)
def test_the_change_would_have_its_way_by_its_own_law(attack: LawAttack, tmp_path: Path) -> None:
    """Else it would be no attempt."""
    root = tmp_path / "repository"
    code, findings = judged(attack, root, root / "deploy")
    assert code in {0, 3}
    assert not [each for each in findings if each["severity"] == "error" and not each["suppressed"]]


@pytest.mark.parametrize("attack", [each for each in law_attacks() if each.open], ids=str)
def test_what_is_called_open_passes(attack: LawAttack, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    code, findings = judged(attack, root, root / "deploy", "--policy-from", "main")
    assert code in {0, 3}
    assert {each["severity"] for each in findings} <= {"note"}
