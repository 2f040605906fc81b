"""Declarations for tests: one that passes, and pieces to break it with."""

from __future__ import annotations

from pathlib import Path

GOOD = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: good, version: "1.0"}
spec:
  sensitivity: low
  privacy:
    unit: person
    neighbouring: add-remove
    epsilon: 1
    delta: 0
    trustModel: central
    compositionScope: this release alone
    maxContributions: 1
    preprocessing: {dataDependent: false}
    tuning: {runs: 0, accounted: true}
    mechanisms:
      - {kind: laplace, sensitivity: 1, scale: 1}
"""
"""Verified without a numerical engine: one Laplace answer at ε = 1."""

WITHOUT_EPSILON = GOOD.replace("    epsilon: 1\n", "")


def write(folder: Path, text: str = GOOD, name: str = "privacy.yaml") -> Path:
    """The declaration as a file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, "utf-8")
    return file
