"""The gate of keys: what is looked for, and what is said of files that cannot be judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.keys import check_keys, request_at
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy
from tests.support.attestations import NOW
from tests.support.key_policies import SealedModel, data_of_key_policy, sealed_model


@pytest.fixture
def model(tmp_path: Path) -> SealedModel:
    return sealed_model(tmp_path)


def judged(*paths: Path) -> Verdict:
    return check_keys(request_at(paths, JudgementTerms(default_policy(), (), NOW.date())))


def rules(verdict: Verdict) -> list[str]:
    return [finding.rule.id for finding in verdict.findings]


def test_a_folder_without_any_holds_nothing_to_check(tmp_path: Path) -> None:
    assert judged(tmp_path).exit_code is ExitCode.NOTHING


@pytest.mark.parametrize("name", ["sealed", "manifest"])
def test_a_sealed_file_is_named_by_itself_or_by_its_manifest(model: SealedModel, name: str) -> None:
    verdict = judged(getattr(model, name))
    assert [each.path for each in verdict.checked] == [model.sealed.as_posix()]
    assert rules(verdict) == ["keys-sealed-unknown-policy"]


def test_an_age_file_without_a_manifest_that_is_named_is_not_passed_over(model: SealedModel) -> None:
    model.manifest.unlink()
    assert rules(judged(model.sealed)) == ["keys-sealed-changed"]


def test_a_manifest_whose_file_is_gone_is_not_passed_over(model: SealedModel) -> None:
    model.sealed.unlink()
    assert rules(judged(model.folder)) == ["keys-sealed-changed"]


def test_a_named_file_is_a_key_policy_whatever_it_is_called(tmp_path: Path) -> None:
    file = tmp_path / "policy.txt"
    file.write_text(yaml.safe_dump(data_of_key_policy()))
    assert judged(file).passed
    file.write_text("hello: you\n")
    assert rules(judged(file)) == ["keys-invalid"]


def test_a_sealed_file_that_cannot_be_read_could_not_be_checked(model: SealedModel) -> None:
    model.sealed.unlink()
    os.mkfifo(model.sealed)
    verdict = judged(model.folder)
    assert (rules(verdict), verdict.exit_code) == (["keys-unreadable"], ExitCode.UNCHECKABLE)


def test_what_is_named_twice_is_judged_once(model: SealedModel) -> None:
    assert len(judged(model.sealed, model.manifest, model.folder).checked) == 1


def test_a_private_key_in_a_policy_is_not_repeated(tmp_path: Path) -> None:
    data = data_of_key_policy()
    secret = "AGE-SECRET-KEY-1SECRETSECRET"  # noqa: S105 - what must not be shown
    data["spec"]["recipients"][0]["publicKey"] = secret
    file = tmp_path / "key-policy.yaml"
    file.write_text(yaml.safe_dump(data))
    verdict = judged(file)
    assert "keys-private-key" in rules(verdict)
    assert "SECRETSECRET" not in str(verdict)
