"""Each file of weights belongs to exactly one release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gatecli
from gatecli.model.finding import Severity
from tests.support.release_folders import artifact, closing, declaration, judged, rules, write

STATISTIC = {"kind": "laplace", "scale": 1}
FILES = [
    "model.safetensors",
    "adapter_model.safetensors",
    "adapter_model.bin",
    "flax_model.msgpack",
    "weights.npz",
    "classifier.pkl",
    "forest.joblib",
    "booster.ubj",
    "trees.cbm",
    "model.ggml",
    "ggml-model-q4_0.bin",
    "model.gguf",
    "net.engine",
    "model.pmml",
    "net.hdf5",
    "net.h5",
    "model.onnx",
    "model.onnx.data",
    "model.onnx_data",
    "model-00001-of-00002.safetensors",
    "model.safetensors.index.json",
    "variables/variables.data-00000-of-00001",
]


def release(name: str = "churn", **changes: Any) -> dict[str, Any]:
    return declaration(name, **{"mechanisms": [STATISTIC], **changes})


@pytest.mark.parametrize("name", FILES)
def test_weights_that_no_release_lists_close_the_gate(name: str, tmp_path: Path) -> None:
    write(tmp_path, release())
    write(tmp_path, b"w", name)
    verdict = judged(tmp_path)
    assert closing(verdict) == {"release-unlisted-weights"}
    assert [finding.subject for finding in verdict.findings if finding.severity is Severity.ERROR] == [
        (tmp_path / name).as_posix()
    ]


@pytest.mark.parametrize("name", FILES)
def test_weights_that_one_release_lists_are_its_own(name: str, tmp_path: Path) -> None:
    write(tmp_path, release(artifacts=[artifact(tmp_path, name)]))
    assert not rules(judged(tmp_path))


@pytest.mark.parametrize("name", ["tokenizer.pkl", "scaler.joblib", "label_encoder.pickle", "vocab.pkl"])
def test_what_was_fitted_before_the_model_is_told(name: str, tmp_path: Path) -> None:
    write(tmp_path, release())
    write(tmp_path, b"t", name)
    verdict = judged(tmp_path)
    assert verdict.passed
    assert rules(verdict) == {"release-unlisted-preprocessing"}
    write(tmp_path, release(artifacts=[artifact(tmp_path, name)]))
    assert not rules(judged(tmp_path))


def test_a_declaration_for_a_table_speaks_for_no_weights_below(tmp_path: Path) -> None:
    write(tmp_path, release(mechanisms=[{"kind": "laplace", "scale": 1000}], epsilon="0.001"))
    for model in "abc":
        write(tmp_path, model.encode(), f"models/{model}/model.safetensors")
    verdict = judged(tmp_path)
    assert len([each for each in verdict.active if each.rule.id == "release-unlisted-weights"]) == 3


@pytest.mark.parametrize("listed", [[], ["README.md"]])
def test_a_declaration_that_lists_other_files_speaks_for_no_weights(
    listed: list[str], tmp_path: Path
) -> None:
    artifacts = [artifact(tmp_path, name, b"text") for name in listed]
    write(tmp_path, release(artifacts=artifacts))
    write(tmp_path, b"w", "model.safetensors")
    assert closing(judged(tmp_path)) == {"release-unlisted-weights"}


def test_a_declaration_that_is_named_is_held_to_the_weights_beside_it(tmp_path: Path) -> None:
    file = write(tmp_path, release())
    write(tmp_path, b"w", "model.safetensors")
    assert closing(judged(file)) == {"release-unlisted-weights"}


def test_weights_of_another_declaration_in_the_folder_are_its_own(tmp_path: Path) -> None:
    file = write(tmp_path, release())
    write(
        tmp_path, release("other", artifacts=[artifact(tmp_path, "model.safetensors")]), "other.privacy.yaml"
    )
    assert judged(file).passed


def test_a_release_may_list_weights_elsewhere(tmp_path: Path) -> None:
    listed = artifact(tmp_path, "build/model.onnx") | {"path": "../build/model.onnx"}
    write(tmp_path / ".git", "", "HEAD")
    write(tmp_path, release(artifacts=[listed]), "card/privacy.json")
    assert judged(tmp_path).passed


def test_two_releases_cannot_have_the_same_weights(tmp_path: Path) -> None:
    listed = [artifact(tmp_path, "model.safetensors")]
    write(tmp_path, release("one", artifacts=listed))
    write(tmp_path, release("two", artifacts=listed), "two.privacy.yaml")
    assert closing(judged(tmp_path)) == {"release-shared-file"}


def test_nor_the_same_bytes_by_two_names(tmp_path: Path) -> None:
    for name in ("one", "two"):
        listed = [artifact(tmp_path / name, "model.safetensors")]
        write(tmp_path / name, release(name, artifacts=listed))
    assert closing(judged(tmp_path)) == {"release-shared-file"}


def test_two_releases_cannot_have_the_same_evidence(tmp_path: Path) -> None:
    write(tmp_path, {"spent_budget": [[1.0, 0]]}, "budget.json")
    entry = {"format": "diffprivlib", "path": "budget.json", "neighbouring": "add-remove"}
    for name in ("one", "two"):
        listed = [artifact(tmp_path, f"{name}.onnx", name.encode())]
        write(tmp_path, declaration(name, artifacts=listed, evidence=[entry]), f"{name}.privacy.yaml")
    assert closing(judged(tmp_path)) == {"release-shared-file"}


CARD = """\
---
model_name: other
version: "2.0"
sensitivity: behavioural
privacy:
  unit: person
  neighbouring: add-remove
  epsilon: 0.5
  delta: 1.0e-6
  mechanisms: [{kind: laplace, scale: 2}]
---
# A model
"""


def test_a_card_cannot_claim_another_budget_for_the_weights_beside_it(tmp_path: Path) -> None:
    write(tmp_path, release(artifacts=[artifact(tmp_path, "model.safetensors")]))
    write(tmp_path, CARD, "README.md")
    assert closing(judged(tmp_path)) == {"release-shared-file"}


def test_what_an_onnx_file_keeps_elsewhere_is_weights_by_any_name(tmp_path: Path) -> None:
    name = b"tensors.raw"
    graph = b"\x08\x07" + b"\x0a\x08location\x12" + bytes([len(name)]) + name
    listed = [artifact(tmp_path, "model.onnx", graph)]
    write(tmp_path, b"w", name.decode())
    write(tmp_path, release(artifacts=listed))
    assert closing(judged(tmp_path)) == {"release-unlisted-weights"}
    write(tmp_path, release(artifacts=[*listed, artifact(tmp_path, name.decode())]))
    assert judged(tmp_path).passed


def test_the_same_finding_at_every_front_door(tmp_path: Path) -> None:
    write(tmp_path, release())
    write(tmp_path, b"w", "models/model.safetensors")
    for verdict in (gatecli.check_release(tmp_path), gatecli.check_repository(tmp_path)):
        assert [each.rule.id for each in verdict.findings if each.severity is Severity.ERROR] == [
            "release-unlisted-weights"
        ]
