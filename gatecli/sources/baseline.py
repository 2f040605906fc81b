"""Baselines: fingerprints of findings that are known and tolerated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gatecli.errors import ConfigurationError
from gatecli.sources.files import ReadError, read_text

MAX_BYTES = 256 * 2**20
"""A report over a large repository is long."""

REPORT = "gatecli/report/v1"
BASELINE = "gatecli/baseline/v1"

_FINGERPRINT = re.compile(r"[0-9a-f]{32,64}")


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in a JSON report or in a `gatecli/baseline/v1` file.

    Raises `ConfigurationError`: half a baseline would make old findings new, or hide new ones.
    """
    data = _loaded(path)
    schema = data.get("schema") if isinstance(data, dict) else None
    match schema:
        case "gatecli/report/v1":
            entries = _list(path, data, "findings")
            prints = [entry.get("fingerprint") if isinstance(entry, dict) else None for entry in entries]
        case "gatecli/baseline/v1":
            prints = _list(path, data, "fingerprints")
        case _:
            raise _refused(path, f"its schema is neither {REPORT} nor {BASELINE}")
    return frozenset(_checked(path, number, item) for number, item in enumerate(prints))


def _loaded(path: Path) -> Any:
    try:
        return json.loads(read_text(path, MAX_BYTES))
    except ReadError as error:
        raise ConfigurationError(f"{path.as_posix()} {error.problem}", advice=error.mend) from error
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"it is not JSON ({str(error)[:100]})") from error


def _list(path: Path, data: dict[str, Any], key: str) -> list[Any]:
    entries = data.get(key)
    if not isinstance(entries, list):
        raise _refused(path, f"it has no list {key}")
    return entries


def _checked(path: Path, number: int, item: object) -> str:
    if not isinstance(item, str) or not _FINGERPRINT.fullmatch(item):
        raise _refused(path, f"its entry {number} has no fingerprint in hexadecimal")
    return item


def _refused(path: Path, why: str) -> ConfigurationError:
    advice = "write one with gatecli release check --report json=FILE"
    return ConfigurationError(f"{path.as_posix()} is no baseline: {why}", advice=advice)
