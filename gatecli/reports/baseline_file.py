"""A baseline as a file: one finding a line, so that a review sees what is tolerated."""

from __future__ import annotations

import json

from gatecli.model.baseline import Baseline, KnownFinding
from gatecli.reports.escaping import visible_in_json

SCHEMA = "gatecli/baseline/v1"


def render(baseline: Baseline) -> str:
    """`gatecli/baseline/v1`: the same findings give the same bytes."""
    entries = ",\n".join(f"    {_entry(known)}" for known in sorted(baseline.known))
    listed = f"[\n{entries}\n  ]" if entries else "[]"
    return f'{{\n  "schema": "{SCHEMA}",\n  "findings": {listed}\n}}\n'


def _entry(known: KnownFinding) -> str:
    entry = {"rule": known.rule, "path": known.path, "fingerprint": known.fingerprint}
    return visible_in_json(json.dumps(entry, ensure_ascii=False))
