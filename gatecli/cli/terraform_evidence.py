"""Reports that stand behind tags in a plan: which of them passed, by their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from gatecli.checks.terraform_tables import EVIDENCE
from gatecli.errors import UsageError
from gatecli.reports.json_v1 import SCHEMA
from gatecli.sources.files import ReadError, read_bytes


def evidence_of(files: Sequence[Path]) -> Mapping[str, frozenset[str]]:
    """The SHA-256 of the reports that passed, by what they are evidence for.

    Raises UsageError for a file that is no report: who names one means it to count.
    """
    known: dict[str, frozenset[str]] = {}
    for file in files:
        kind, digest = _evidence(file)
        known[kind] = known.get(kind, frozenset()) | {digest}
    return known


def _evidence(file: Path) -> tuple[str, str]:
    try:
        content = read_bytes(file)
        report = json.loads(content)
    except ReadError as error:
        raise UsageError(f"the evidence {file} {error.problem}", advice=error.mend) from None
    except ValueError:
        raise UsageError(f"the evidence {file} is no JSON", advice="--report json=FILE writes it") from None
    kind = EVIDENCE.get(str(report.get("gate"))) if isinstance(report, dict) else None
    if kind is None or report.get("schema") != SCHEMA:
        raise UsageError(
            f"the evidence {file} is no report of gatecli anonymity check or release check",
            advice="write it with --report json=FILE",
        )
    passed = report.get("verdict") == "pass" and report.get("exit_code") == 0 and report.get("checked")
    if not passed:
        raise UsageError(f"the evidence {file} did not pass", advice="mend what it says, and check again")
    return kind, hashlib.sha256(content).hexdigest()
