"""Reports as the gates write them, made by hand: what a Terraform module takes for evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

POLICY = hashlib.sha256(b"policy").hexdigest()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def written_at(*, ago: timedelta = timedelta()) -> str:
    """A time as a report has it."""
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


def report(
    gate: str, checked: Sequence[Mapping[str, Any]], *, ago: timedelta = timedelta()
) -> dict[str, Any]:
    """A report of an open gate."""
    return {
        "schema": "gatecli/report/v1",
        "tool": {"name": "gatecli", "version": "0.0.0"},
        "time": written_at(ago=ago),
        "gate": gate,
        "verdict": "pass",
        "exit_code": 0,
        "policy": {"name": "test", "sha256": POLICY},
        "checked": list(checked),
        "findings": [],
        "summary": {"error": 0, "warning": 0, "note": 0, "suppressed": 0},
    }


def closed(message: str) -> dict[str, Any]:
    """What a report of a closed gate has in place of an open one's members."""
    finding = {"rule": "anon-direct-identifier", "severity": "error", "message": message, "suppressed": None}
    return {"verdict": "fail", "exit_code": 1, "findings": [finding]}


def table(sha256: str, *, k: int = 6, **inputs: Any) -> dict[str, Any]:
    """The checked item of a table with quasi-identifiers `age` and `zip`, judged with k = 5."""
    bound = {
        "sha256": sha256,
        "digestOf": "the file's bytes",
        "engine": "duckdb",
        "columns": {"age": "string", "zip": "string"},
        "quasiIdentifiers": ["age", "zip"],
        "sensitive": [],
        "missing": "own-value",
        "normalise": False,
        "thresholds": {"k": 5},
    }
    measures: dict[str, Any] = {
        "records": 24,
        "classes": 4,
        "k": k,
        "populationUniqueness": None,
        "bySensitive": {},
    }
    return {
        "kind": "table",
        "name": "data.csv",
        "path": "data.csv",
        "measures": measures,
        "inputs": bound | inputs,
    }


def release(declaration: Path, artifact: Path, *, epsilon: float = 2.38) -> dict[str, Any]:
    """The checked item of the release `churn 2.3.0`."""
    return {
        "kind": "release",
        "name": "churn 2.3.0",
        "path": declaration.name,
        "measures": {"epsilonUpper": epsilon, "epsilonLower": epsilon - 0.01, "delta": 1e-5},
        "inputs": {
            "sha256": digest(declaration),
            "artifacts": [{"path": artifact.name, "sha256": digest(artifact)}],
        },
    }


def scanned(path: Path) -> dict[str, Any]:
    """The checked item of a file without personal data."""
    item = {"kind": "file", "name": path.name, "path": path.name, "measures": {}}
    return item | {"inputs": {"sha256": digest(path)}}


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content, indent=2), "utf-8")
    return path
