"""Baselines: findings that are known and tolerated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gatecli.errors import ConfigurationError
from gatecli.model.baseline import KNOWN_BY, Baseline, KnownFinding
from gatecli.sources.files import ON_DISK, Files, ReadError, decode_text

MAX_BYTES = 256 * 2**20
"""A report over a large repository is long."""

REPORT = "gatecli/report/v1"
BASELINE = "gatecli/baseline/v1"
FINGERPRINT = r"^[0-9a-f]{32,64}$"


def read_baseline(path: Path, files: Files = ON_DISK) -> Baseline:
    """What a `gatecli/baseline/v1` file holds, or the findings of a JSON report.

    Of a report it is what counted there: what a waiver forgave has its own end. Raises
    `ConfigurationError`: half a baseline would make old findings new, or hide new ones.
    """
    data = _load_json(path, files)
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema not in (REPORT, BASELINE):
        raise _refuse(path, f"its schema is neither {REPORT} nor {BASELINE}")
    bare = schema == BASELINE and "fingerprints" in data
    entries = _list(path, data, "fingerprints" if bare else "findings")
    known = (
        _known_finding(path, number, entry) for number, entry in enumerate(entries) if not _has_own_end(entry)
    )
    return Baseline(tuple(sorted(known)))


def _load_json(path: Path, files: Files) -> Any:
    try:
        return json.loads(decode_text(files.read(path, MAX_BYTES)))
    except ReadError as error:
        raise ConfigurationError(f"{path.as_posix()} {error.problem}", advice=error.mend) from error
    except (ValueError, RecursionError) as error:
        raise _refuse(path, f"it is not JSON ({str(error)[:100]})") from error


def _list(path: Path, data: dict[str, Any], key: str) -> list[Any]:
    entries = data.get(key)
    if not isinstance(entries, list):
        raise _refuse(path, f"it has no list {key}")
    return entries


def _has_own_end(entry: Any) -> bool:
    """Whether something else than a baseline forgives a finding of a report."""
    why = entry.get("suppressed") if isinstance(entry, dict) else None
    return why is not None and not (isinstance(why, dict) and why.get("by") == KNOWN_BY)


def _known_finding(path: Path, number: int, entry: Any) -> KnownFinding:
    named = entry if isinstance(entry, dict) else {"fingerprint": entry}
    fingerprint = named.get("fingerprint")
    if not isinstance(fingerprint, str) or not re.fullmatch(FINGERPRINT, fingerprint):
        raise _refuse(path, f"its entry {number} has no fingerprint in hexadecimal")
    return KnownFinding(str(named.get("rule", "")), str(named.get("path", "")), fingerprint)


def _refuse(path: Path, why: str) -> ConfigurationError:
    advice = "write one with gatecli baseline REPORT.json"
    return ConfigurationError(f"{path.as_posix()} is not a baseline: {why}", advice=advice)
