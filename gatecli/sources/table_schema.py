"""The schema of a dataset: a JSON document that says what its columns are."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gatecli.model.ledger import canonical_json
from gatecli.sources.files import read_text
from gatecli.sources.json_text import read_json


def schema_digest(path: Path) -> str:
    """SHA-256 of the document in its canonical form: blanks and the order of keys are not its content.

    Raises `ReadError` for a file that is not there or not JSON.
    """
    (document,) = read_json(str(path), read_text(path))
    return hashlib.sha256(canonical_json(_plain(document.data)).encode()).hexdigest()


def _plain(value: object) -> object:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case bool() | str() | int() | None:
            return value
        case _:
            return ["number", str(value)]
