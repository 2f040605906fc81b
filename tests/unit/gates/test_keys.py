"""The gate of keys: what is looked for, and what is said of files that cannot be judged."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.keys import check_keys, request_at
from gatecli.model.age_recipient import key_fingerprint
from gatecli.model.key_policy import KeyPolicy
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy
from gatecli.sources.sealed_artifact import read_manifest
from tests.support.attestations import NOW
from tests.support.key_policies import OTHER, SealedModel, data_of_key_policy, sealed_model, without_south


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


def write_key_policy(folder: Path, policy: KeyPolicy, name: str = "key-policy.yaml") -> None:
    data = policy.model_dump(mode="json", by_alias=True, exclude_unset=True)
    (folder / name).write_text(yaml.safe_dump(data))


def restate(model: SealedModel, **changes: Any) -> None:
    """A manifest that says something else of the same sealed file, and has the digest of its KeyPolicy."""
    model.manifest.write_text(read_manifest(model.manifest).model_copy(update=changes).text())


def test_a_manifest_with_the_digest_of_a_key_policy_names_whom_that_names(model: SealedModel) -> None:
    write_key_policy(model.folder, model.policy)
    assert rules(judged(model.folder)) == []
    north, south = read_manifest(model.manifest).recipients
    restate(model, recipients=(north, south.model_copy(update={"key": key_fingerprint(OTHER)})))
    (finding,) = judged(model.folder).findings
    assert finding.rule.id == "keys-sealed-for-others"
    assert "opens for south-laboratory" in finding.message


def test_a_manifest_that_leaves_out_or_renames_a_recipient_is_not_what_was_sealed(model: SealedModel) -> None:
    write_key_policy(model.folder, model.policy)
    north, south = read_manifest(model.manifest).recipients
    swapped = (north.model_copy(update={"key": south.key}), south.model_copy(update={"key": north.key}))
    restate(model, recipients=swapped)
    (finding,) = judged(model.folder).findings
    assert finding.rule.id == "keys-sealed-changed"
    assert "resolves to north-statistics, south-laboratory with other keys" in finding.message


def test_a_manifest_of_another_epoch_than_its_key_policy_is_not_what_was_sealed(model: SealedModel) -> None:
    write_key_policy(model.folder, model.policy)
    restate(model, key_policy=read_manifest(model.manifest).key_policy.model_copy(update={"epoch": 9}))
    (finding,) = judged(model.folder).findings
    assert finding.rule.id == "keys-sealed-changed"
    assert "in epoch 9, and the one that it states is readmission in epoch 2" in finding.message


def test_a_manifest_that_renames_its_key_policy_is_not_what_was_sealed(model: SealedModel) -> None:
    write_key_policy(model.folder, model.policy)
    restate(model, key_policy=read_manifest(model.manifest).key_policy.model_copy(update={"name": "other"}))
    (finding,) = judged(model.folder).findings
    assert finding.rule.id == "keys-sealed-changed"
    assert "has a manifest of the KeyPolicy other in epoch 2" in finding.message


def test_a_manifest_that_tells_of_a_smaller_loss_than_its_key_policy_is_not_what_was_sealed(
    model: SealedModel,
) -> None:
    write_key_policy(model.folder, model.policy)
    less = {"epsilon": Fraction(1, 2), "delta": Fraction(0)}
    restate(model, key_policy=read_manifest(model.manifest).key_policy.model_copy(update=less))
    (finding,) = judged(model.folder).findings
    assert finding.rule.id == "keys-sealed-changed"
    assert "in epoch 2 with ε = 0.5 and δ = 0, and the one that it states is readmission" in finding.message


def test_a_key_policy_of_an_earlier_epoch_that_was_kept_lets_nobody_in(model: SealedModel) -> None:
    write_key_policy(model.folder, model.policy, "first.key-policy.yaml")
    write_key_policy(model.folder, without_south(model.folder), "second.key-policy.yaml")
    assert rules(judged(model.folder)) == ["keys-sealed-for-others"]
