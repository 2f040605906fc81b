"""Fuzz the declaration reader: `python tests/fuzz/declaration.py` with atheris, or a bounded run by pytest.

Whatever the bytes: no exception but `ReadError`, and never neither a release nor a finding.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from gatecli.sources.declaration import read_declared
from gatecli.sources.documents import parse_documents
from gatecli.sources.files import ReadError, decode_text

NAMES = ("privacy.yaml", "privacy.json", "pyproject.toml", "README.md")


def judge(name: str, content: bytes) -> bool:
    """Whether the bytes were read as documents; raises AssertionError where the reader broke its word."""
    try:
        documents = parse_documents(name, decode_text(content))
    except ReadError as error:
        _check_refusal(error, content)
        return False
    loaded = read_declared(name, documents)
    assert loaded.values or loaded.findings
    for finding in loaded.findings:
        assert len(finding.message) < 2000
        assert finding.remediation
        assert finding.message.encode("utf-8")
    for release, document in loaded.values:
        assert document.data["kind"] == release.kind
        assert release.subject
    return True


def _check_refusal(error: ReadError, content: bytes) -> None:
    assert error.problem
    assert error.mend
    # Every encoding that is read has at least one byte a line.
    assert error.position is None or 1 <= error.position.line <= len(content) + 1


def one_input(content: bytes) -> None:
    """The same bytes as every kind of file."""
    for name in NAMES:
        judge(name, content)


def main() -> None:
    atheris = importlib.import_module("atheris")
    corpus = Path(__file__).parent / "corpus"
    atheris.instrument_all()
    atheris.Setup([*sys.argv, *([str(corpus)] if corpus.is_dir() else [])], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
