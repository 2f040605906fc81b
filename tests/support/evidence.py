"""Evidence for tests: real files, files written on the spot, and forged checkpoints."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

from gatecli import evidence
from gatecli.model.document import Place
from gatecli.model.finding import Finding
from gatecli.model.release import Evidence, EvidenceFormat, EvidenceReference
from gatecli.sources.evidence.reader import read_evidence
from gatecli.sources.interface import Loaded

REAL = Path(__file__).parents[1] / "data" / "evidence"
DECLARED = Place("privacy.yaml", 14, 5, "/spec/privacy/evidence/0/path")


def read(kind: str, name: str, base: Path = REAL) -> Loaded[Evidence]:
    """What the facade makes of the file `name` below `base`."""
    reference = EvidenceReference(format=EvidenceFormat(kind), path=name)
    return read_evidence(reference, base, DECLARED, "churn 1.0")


def accepted(kind: str, name: str, base: Path = REAL) -> Evidence:
    """The evidence of a file that has to be readable."""
    loaded = read(kind, name, base)
    assert not loaded.findings, loaded.findings[0].message
    (evidence,) = loaded.values
    assert evidence.mechanisms or evidence.audits
    return evidence


def refused(kind: str, name: str, base: Path = REAL) -> Finding:
    """The one finding of a file that must not be readable; it always leads to exit code 4."""
    loaded = read(kind, name, base)
    assert not loaded.values
    (finding,) = loaded.findings
    assert finding.rule.id == "release-evidence-unreadable"
    assert finding.rule.uncheckable
    assert "\n" not in finding.message
    assert finding.remediation
    return finding


def write(base: Path, content: object, name: str = "evidence.json") -> str:
    """`content` as a file below `base`: bytes and text as they stand, anything else as JSON."""
    raw = content if isinstance(content, (bytes, str)) else json.dumps(content)
    (base / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return name


def accept(kind: str, base: Path, content: object) -> Evidence:
    return accepted(kind, write(base, content), base)


def refuse(kind: str, base: Path, content: object) -> Finding:
    return refused(kind, write(base, content), base)


def written(value: Any, tmp_path: Path) -> Evidence:
    """What the gate reads of the file that was written."""
    kind = evidence.write(value, tmp_path / "evidence")
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]
    return accepted(kind, "evidence", tmp_path)


STATE = {"history": [(1.1, 0.01, 100)], "mechanism": "rdp"}
CHECKPOINT = {"privacy_accountant_state_dict": STATE}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def checkpoint(value: Any, protocol: int = 2) -> bytes:
    """A torch-like zip checkpoint of `value`."""
    return zipped({"archive/data.pkl": pickle.dumps(value, protocol), "archive/version": b"3\n"})
