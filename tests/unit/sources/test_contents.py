"""Files that several gates look through: read once in a run, and kept where they are small."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.gates import GateName
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.sources import contents
from gatecli.sources.contents import LARGEST, KeptContents
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.policy import default_policy
from tests.rules.test_rules import TODAY


def test_gates_that_look_for_documents_read_each_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"{number}.yaml").write_text("kind: ConfigMap\n")
    read = Counter[str]()

    def counted(path: Path) -> bytes:
        read[path.name] += 1
        return read_bytes(path)

    monkeypatch.setattr(contents, "read_bytes", counted)
    gates = (GateName.SERVE, GateName.KEYS, GateName.CLOUD)
    terms = JudgementTerms(default_policy(), (), TODAY)
    check_repository(RepositoryRequest(tmp_path, terms, lambda: 0.0, gates, evidence=TaggedReports()))
    assert set(read.values()) == {1}
    assert len(read) == 20


def test_what_is_large_is_not_kept(tmp_path: Path) -> None:
    kept, small, large = KeptContents(), tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"a")
    large.write_bytes(b"a" * (LARGEST + 1))
    for path in (small, large):
        assert kept.read(path) == path.read_bytes()
        path.write_bytes(b"b")
    assert (kept.read(small), kept.read(large)) == (b"a", b"b")


def test_what_cannot_be_read_raises_each_time(tmp_path: Path) -> None:
    kept = KeptContents()
    for _ in range(2):
        with pytest.raises(ReadError):
            kept.read(tmp_path / "none")
