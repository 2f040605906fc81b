"""Other libraries' words in a declaration: taken for ours, placed where they stand."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Composed, DpSgd
from gatecli.model.release import ModelRelease
from gatecli.sources.declaration import read_declarations
from gatecli.sources.documents import read_documents
from gatecli.sources.spellings import SPELLINGS, respelt

TEXT = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: digits, version: 1.0.0}
spec:
  privacy:
    unit: image
    neighboring: add-remove
    epsilon: 3
    delta: 1e-5
    mechanisms:
      - {kind: dp-sgd, noise_multiplier: 1.1, sample_rate: 0.05, steps: 100, max_grad_norm: 1.0}
      - kind: composed
        neighboring: replace-one
        mechanisms: [{kind: gaussian, noise_multiplier: 2}]
"""


def release(path: Path, text: str) -> ModelRelease:
    path.write_text(text, "utf-8")
    loaded = read_declarations(path)
    assert not loaded.findings, loaded.findings[0].message
    ((value, _),) = loaded.values
    return value


def test_every_word_is_read_as_ours(tmp_path: Path) -> None:
    claim = release(tmp_path / "privacy.yaml", TEXT).claim
    assert claim is not None
    assert claim.neighbouring is Neighbouring.ADD_REMOVE
    run, composed = claim.mechanisms
    assert isinstance(run, DpSgd)
    assert (run.noise_multiplier, run.sampling_rate, run.clipping_norm) == (
        Fraction("1.1"),
        Fraction("0.05"),
        Fraction(1),
    )
    assert isinstance(composed, Composed)
    assert composed.neighbouring is Neighbouring.REPLACE_ONE


def test_ours_say_the_same(tmp_path: Path) -> None:
    ours = TEXT
    for word, own in SPELLINGS.items():
        ours = ours.replace(word, own)
    assert release(tmp_path / "ours.yaml", ours) == release(tmp_path / "theirs.yaml", TEXT)


@pytest.mark.parametrize("word", SPELLINGS)
def test_a_word_beside_ours_is_an_unknown_key(word: str, tmp_path: Path) -> None:
    document = yaml.safe_load(TEXT)
    claim = document["spec"]["privacy"]
    holder = claim if word in claim else claim["mechanisms"][0]
    holder[SPELLINGS[word]] = holder[word]
    (tmp_path / "privacy.json").write_text(json.dumps(document), "utf-8")
    findings = read_declarations(tmp_path / "privacy.json").findings
    assert any(word in finding.message and "unknown" in finding.message for finding in findings)


def test_a_fault_stands_where_the_word_was_written(tmp_path: Path) -> None:
    path = tmp_path / "privacy.yaml"
    path.write_text(TEXT.replace("noise_multiplier: 1.1", "noise_multiplier: -1"), "utf-8")
    (finding,) = read_declarations(path).findings
    assert finding.place.pointer == "/spec/privacy/mechanisms/0/noise_multiplier"
    assert (finding.place.line, finding.place.column) == (11, 42)


def test_words_elsewhere_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "privacy.yaml"
    path.write_text(TEXT.replace("version: 1.0.0", "version: 1.0.0, labels: {sample_rate: a}"), "utf-8")
    (document,) = read_documents(path)
    assert respelt(document).data["metadata"]["labels"] == {"sample_rate": "a"}


def test_a_declaration_without_them_is_the_same_document(tmp_path: Path) -> None:
    path = tmp_path / "privacy.yaml"
    path.write_text("apiVersion: gatecli.dev/v1\nkind: ModelRelease\nspec: none\n", "utf-8")
    (document,) = read_documents(path)
    assert respelt(document) is document
