"""The objects of the real training libraries, and docs/from-your-library.md with the real libraries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gatecli
from tests.support.environments import ROOT
from tests.support.evidence import REAL, accepted
from tests.support.training import run

PAGE = (ROOT / "docs" / "from-your-library.md").read_text("utf-8")
SECTION = re.compile(
    r"^## (?P<library>.+?)$.*?^```python\n(?P<code>.*?)^```$.*?^```yaml\n(?P<declaration>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SECTIONS = {found["library"]: found for found in SECTION.finditer(PAGE)}
STATEMENT = (REAL / "tf-privacy-statement.txt").read_text("utf-8")
STAND_IN = f"def compute_dp_sgd_privacy_statement(**arguments):\n    return {STATEMENT!r}\n"
"""TensorFlow Privacy 0.9 does not install beside a Python of today: what it printed in its own time."""


def test_every_library_has_its_section() -> None:
    assert list(SECTIONS) == [
        "Opacus",
        "TensorFlow Privacy",
        "JAX Privacy",
        "dp-accounting",
        "OpenDP",
        "diffprivlib",
    ]
    assert PAGE.count("```yaml") == len(SECTIONS)


@pytest.mark.parametrize("library", SECTIONS)
def test_the_page_leads_to_a_declaration_that_passes(library: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(SECTIONS[library]["code"], "utf-8")
    if library == "TensorFlow Privacy":
        (tmp_path / "tensorflow_privacy.py").write_text(STAND_IN, "utf-8")
    done = run("program.py", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (tmp_path / "privacy.yaml").write_text(SECTIONS[library]["declaration"], "utf-8")
    verdict = gatecli.check_release(tmp_path, policy=tolerant(tmp_path))
    assert verdict.findings == ()
    assert verdict.passed


def tolerant(folder: Path) -> Path:
    """No tier but one: the page is about evidence, and its figures are an example's."""
    policy = folder / "gatecli.yaml"
    policy.write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: page}\n"
        "spec: {extends: default, tiers: {low: {maxEpsilon: 25}}, release: {requireEvidence: true}}\n",
        "utf-8",
    )
    return policy


SAVED = """
import json, pickle, sys, warnings
warnings.simplefilter("ignore")
import numpy, torch
from opacus.accountants import GaussianAccountant, PRVAccountant, RDPAccountant
from opacus import PrivacyEngine

import gatecli

engine = PrivacyEngine(accountant="rdp")
for _ in range(7):
    engine.accountant.step(noise_multiplier=numpy.float64(1.1), sample_rate=0.1)
state = engine.accountant.state_dict()
torch.save(state, "state.pt")
torch.save({"model": {"weight": torch.zeros(3)}, "accountant": state}, "key.pt")
torch.save(engine, "engine.pt")
torch.save(engine.accountant, "accountant.pt")
torch.save(engine.accountant.history, "history.pt")
torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
pickle.dump(engine.accountant, open("accountant.pkl", "wb"))
json.dump({"history": [[1.1, 0.1, 7]]}, open("history.json", "w"))
gatecli.evidence.write(engine, "written.json")
gatecli.evidence.write(engine.accountant, "written-accountant.json")
"""


def test_whatever_todays_opacus_and_torch_save_is_read(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(SAVED, "utf-8")
    done = run("program.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in tmp_path.iterdir() if path.name != "program.py")
    assert len(files) == 10
    (expected,) = accepted("opacus", "opacus-rdp.json").mechanisms
    for name in files:
        assert accepted("opacus", name, tmp_path).mechanisms == (expected,), name
