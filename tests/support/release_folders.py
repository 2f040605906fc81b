"""Folders of releases on disk, and what the gate says to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.gates.release import check_releases, request_for
from gatecli.model.verdict import Verdict
from gatecli.sources.policy import PolicyBundle, default_policy

TODAY = date(2026, 11, 21)

SOUND: Mapping[str, Any] = {
    "apiVersion": "gatecli.dev/v1",
    "kind": "ModelRelease",
    "metadata": {"name": "churn", "version": "1.0"},
    "spec": {
        "sensitivity": "behavioural",
        "privacy": {
            "unit": "person",
            "neighbouring": "add-remove",
            "epsilon": 1,
            "delta": "1e-6",
            "maxContributions": 1,
            "trustModel": "central",
            "compositionScope": "this release alone",
            "tuning": {"runs": 0, "accounted": True},
            "preprocessing": {"dataDependent": False},
        },
        "datasets": [{"name": "customers", "records": 60000}],
    },
}


def declaration(name: str = "churn", version: str = "1.0", **changes: Any) -> dict[str, Any]:
    """A declaration that lacks only what was run. Keys of the claim go there, others into the spec."""
    data: dict[str, Any] = deepcopy(dict(SOUND))
    data["metadata"] = {"name": name, "version": version}
    claim = data["spec"]["privacy"]
    for key, value in changes.items():
        (data["spec"] if key in {"sensitivity", "artifacts", "datasets"} else claim)[key] = value
    return data


def write(folder: Path, content: object, name: str = "privacy.json") -> Path:
    """A file below `folder`: bytes and text as they are, anything else as JSON."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return file


def artifact(folder: Path, name: str, content: bytes = b"weights") -> dict[str, str]:
    """A file of a release, as its declaration lists it."""
    write(folder, content, name)
    return {"path": name, "sha256": hashlib.sha256(content).hexdigest()}


def judged(*paths: Path, policy: Path | None = None, today: date = TODAY) -> Verdict:
    """The gate's verdict under the shipped policy, else under the file `policy`."""
    shipped = PolicyBundle(default_policy(), (), None)
    bundle = shipped if policy is None else read_policy(policy, policy)
    return check_releases(request_for(list(paths), JudgementTerms(bundle.policy, bundle.waivers, today)))


def rules(verdict: Verdict) -> set[str]:
    """The rules of the findings that count."""
    return {finding.rule.id for finding in verdict.active}


def closing(verdict: Verdict) -> set[str]:
    """The rules that close the gate."""
    return {finding.rule.id for finding in verdict.findings if verdict.closed_by(finding)}
