"""Attestations that strangers write, read while somebody waits."""

from __future__ import annotations

import base64
import json

from gatecli.checks.signed_statements import MOST_SIGNATURES, StatementReader
from tests.support.attestations import bundle, ed25519, trusted

SIGNER = ed25519()


def envelope(signatures: int) -> bytes:
    """An envelope with that many signatures, of which the last holds."""
    data = json.loads(bundle(SIGNER))["dsseEnvelope"]
    others = [{"sig": base64.b64encode(bytes([each]) * 64).decode()} for each in range(signatures - 1)]
    return json.dumps({**data, "signatures": [*others, *data["signatures"]]}).encode()


def test_only_so_many_signatures_are_tried() -> None:
    reader = StatementReader((trusted(SIGNER),))
    (signed,) = reader.statements_of([("here", envelope(MOST_SIGNATURES))]).signed
    assert [each.name for each in signed.signers.signed] == ["team"]
    read = reader.statements_of([("here", envelope(MOST_SIGNATURES + 1))])
    assert not read.signed
    assert read.problems == (f"here: it has more than {MOST_SIGNATURES} signatures",)
