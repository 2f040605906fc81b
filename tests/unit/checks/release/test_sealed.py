"""Artifacts that a policy wants sealed: what counts as sealed, and under which KeyPolicy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.release.interface import ReleaseContext
from gatecli.checks.release.sealed import find_seals
from gatecli.model.key_policy import key_policy_digest
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import Artifact, ArtifactState, ReleaseSubject
from gatecli.model.sealed_artifact import SealState
from gatecli.sources.sealed_artifact import seal_state
from tests.support.key_policies import SealedModel, sealed_model
from tests.support.releases import claiming, context_of, ids

DIGEST, STRANGE = "ab" * 32, "cd" * 32


@pytest.fixture
def model(tmp_path: Path) -> SealedModel:
    return sealed_model(tmp_path)


def context(**spec: Any) -> ReleaseContext:
    data = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "test"},
        "spec": {"tiers": {"behavioural": {}, "health": {}}, **spec},
    }
    return replace(context_of(claiming()), policy=PrivacyPolicy.from_file(data))


def subject(*states: ArtifactState) -> ReleaseSubject:
    return replace(claiming(), artifacts=states)


def state(path: str = "model.age", seal: SealState | None = None) -> ArtifactState:
    return ArtifactState(Artifact(path=path, sha256=DIGEST), DIGEST, seal)


DEMANDS = [{"release": {"requireSealed": True}}, {"tiers": {"behavioural": {"requireSealed": True}}}]


@pytest.mark.parametrize("demand", DEMANDS)
def test_a_plain_artifact_is_refused_where_sealing_is_demanded(demand: dict[str, Any]) -> None:
    assert ids(find_seals(subject(state()), context(**demand))) == ["release-artifact-unsealed"]


@pytest.mark.parametrize("demand", DEMANDS)
def test_a_release_without_artifacts_is_refused_too(demand: dict[str, Any]) -> None:
    assert ids(find_seals(subject(), context(**demand))) == ["release-artifact-unsealed"]


def test_nothing_is_asked_where_nothing_demands_it(model: SealedModel) -> None:
    other_tier = context(tiers={"behavioural": {}, "health": {"requireSealed": True}})
    assert ids(find_seals(subject(state()), other_tier)) == []
    assert ids(find_seals(subject(state(seal=seal_state(model.sealed))), other_tier)) == []


def accepting(*digests: str, required: bool = True) -> ReleaseContext:
    return context(release={"requireSealed": required, "keyPolicies": list(digests)})


def test_a_sealed_artifact_under_an_accepted_key_policy_passes(model: SealedModel) -> None:
    sealed = state(seal=seal_state(model.sealed))
    assert ids(find_seals(subject(sealed), accepting(STRANGE, key_policy_digest(model.policy)))) == []


@pytest.mark.parametrize("path", ["./model.age", "models/../model.age"])
def test_a_manifest_is_one_however_its_file_is_written(model: SealedModel, path: str) -> None:
    sealed = state(path, seal=seal_state(model.sealed))
    manifest = state("model.age.manifest.json")
    assert ids(find_seals(subject(sealed, manifest), accepting(key_policy_digest(model.policy)))) == []


@pytest.mark.parametrize("required", [True, False])
def test_a_key_policy_that_is_not_accepted_is_refused(model: SealedModel, required: bool) -> None:  # noqa: FBT001 - a row
    found = list(
        find_seals(subject(state(seal=seal_state(model.sealed))), accepting(STRANGE, required=required))
    )
    assert ids(found) == ["release-key-policy-not-accepted"]
    assert key_policy_digest(model.policy) in found[0].message


def test_where_sealing_is_demanded_and_nothing_accepted_nothing_passes(model: SealedModel) -> None:
    sealed = state(seal=seal_state(model.sealed))
    assert ids(find_seals(subject(sealed), accepting())) == ["release-key-policy-not-accepted"]


def test_a_manifest_that_lies_is_told_whatever_is_demanded(model: SealedModel) -> None:
    model.sealed.write_bytes(b"plain")
    lying = state(seal=seal_state(model.sealed))
    assert ids(find_seals(subject(lying), context())) == ["release-seal-mismatch"]


@pytest.mark.parametrize(
    ("told", "understated"),
    [
        ({"epsilon": 1, "delta": "1e-6"}, None),
        ({"epsilon": 2, "delta": "1e-5"}, None),
        ({"epsilon": "7/3", "delta": "1/3"}, None),
        ({"statement": "weights trained with DP-SGD"}, None),
        ({"epsilon": "0.99", "delta": "1e-6"}, "tells of ε = 0.99, and the release claims 1"),
        ({"epsilon": 1, "delta": 0}, "tells of δ = 0, and the release claims 1e-6"),
        ({"epsilon": 0, "delta": 0}, "ε = 0, and the release claims 1 and of δ = 0, and"),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_centres_are_told_of_no_smaller_loss_than_the_release_claims(
    tmp_path: Path,
    told: dict[str, Any],
    understated: str | None,
    required: bool,  # noqa: FBT001 - a row
) -> None:
    model = sealed_model(tmp_path, disclosure=told)
    sealed = state(seal=seal_state(model.sealed))
    found = list(find_seals(subject(sealed), accepting(key_policy_digest(model.policy), required=required)))
    assert ids(found) == (["release-disclosure-understated"] if understated else [])
    assert all((understated or "") in each.message for each in found)


def test_manifests_that_are_listed_need_no_seal(model: SealedModel) -> None:
    sealed = state("a/model.age", seal_state(model.sealed))
    beside = state("a/model.age.manifest.json")
    alone = state("b/model.age.manifest.json")
    accepted = accepting(key_policy_digest(model.policy))
    assert ids(find_seals(subject(sealed, beside), accepted)) == []
    assert ids(find_seals(subject(sealed, alone), accepted)) == ["release-artifact-unsealed"]


def test_a_missing_artifact_is_told_once() -> None:
    missing = ArtifactState(Artifact(path="model.age", sha256=DIGEST), None)
    assert ids(find_seals(subject(missing), context(release={"requireSealed": True}))) == []
