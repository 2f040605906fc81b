"""A complete release on disk, with a policy and a ledger, for tests of what is written about it."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

from gatecli.gates.documenting import DocumentedRelease, document_facts
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.reserving import LedgerUse
from gatecli.model.documents import DocumentFacts
from gatecli.sources.policy import default_policy
from tests.support.charged_ledgers import add, ledger, moment, reserve

ON = date(2026, 11, 21)
WEIGHTS = b"weights"
COMPLETE = f"""\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {{name: churn-classifier, version: 2.3.0, owner: ml-platform}}
spec:
  sensitivity: behavioural
  artifacts:
    - {{path: model.safetensors, sha256: {hashlib.sha256(WEIGHTS).hexdigest()}}}
  privacy:
    unit: person
    neighbouring: add-remove
    epsilon: 1.25
    delta: 1.0e-6
    trustModel: central
    maxContributions: 3
    compositionScope: this release alone
    preprocessing: {{dataDependent: true, accounted: true, mechanism: bounds, description: bounds of columns}}
    tuning: {{runs: 1, accounted: true}}
    mechanisms:
      - {{kind: laplace, name: bounds, scale: 12}}
      - {{kind: laplace, name: counts, scale: 3}}
  datasets:
    - name: customers-2026
      records: 60000
      anonymity:
        {{path: customers.csv, quasiIdentifiers: [age, zip, sex], sensitive: [diagnosis], k: 10, l: 2}}
    - {{name: visits-2026, records: 1200}}
"""
DATASETS = ("customers-2026", "visits-2026")


def write_complete(folder: Path) -> Path:
    """The declaration and its file; the declaration's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    declaration = folder / "privacy.yaml"
    declaration.write_text(COMPLETE, "utf-8")
    return declaration


def complete_facts(folder: Path) -> DocumentFacts:
    """The facts of the complete release, reserved in a ledger."""
    declaration = write_complete(folder)
    with ledger(folder) as store:
        for name in DATASETS:
            add(store, name)
        assert reserve(store, [declaration], ON)
        terms = JudgementTerms(default_policy(), (), ON)
        return document_facts(DocumentedRelease(declaration, terms, LedgerUse(store, moment(ON))))


def json_of(text: str) -> object:
    """Plain data, numbers as the text that stands there."""
    return json.loads(text, parse_float=str)
