"""A coverage-guided fuzzer for the evidence readers: `python -m tests.fuzz.evidence [libFuzzer options]`.

Needs atheris. Any exception, and any reading that no check could judge, is a finding of the fuzzer.
The same property runs, bounded, in tests/property/test_evidence_laws.py.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from gatecli.model.mechanism import Mechanism
from gatecli.model.release import EvidenceFormat
from gatecli.sources.evidence.reader import FORMATS
from tests.support.evidence import read

KINDS = tuple(sorted(kind.value for kind in FORMATS))


def check(kind: str, content: bytes, base: Path) -> tuple[Mechanism, ...]:
    """Read `content` as evidence of `kind`; AssertionError where the answer is not a proper one."""
    (base / "evidence").write_bytes(content)
    loaded = read(kind, "evidence", base)
    assert len(loaded.values) + len(loaded.findings) == 1
    for finding in loaded.findings:
        assert finding.rule.uncheckable
        assert "\n" not in finding.message
    mechanisms = tuple(mechanism for evidence in loaded.values for mechanism in evidence.mechanisms)
    audits = [audit for evidence in loaded.values for audit in evidence.audits]
    federated = [evidence for evidence in loaded.values if evidence.federated is not None]
    assert bool(mechanisms or audits or federated) == bool(loaded.values)  # rounds may have released nothing
    assert all(mechanism.count >= 1 for mechanism in mechanisms)
    return mechanisms


def main() -> None:
    # Only the fuzzer needs it, and it installs only on some platforms.
    import atheris  # type: ignore[import-untyped]  # noqa: PLC0415

    base = Path(tempfile.mkdtemp(prefix="gatecli-fuzz-"))

    def one_input(data: bytes) -> None:
        kind = EvidenceFormat(KINDS[data[0] % len(KINDS)]) if data else EvidenceFormat.OPACUS
        check(kind.value, data[1:], base)

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
