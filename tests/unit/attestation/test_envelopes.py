"""Envelopes and bundles: what is written is read, and nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gatecli.attestation.envelopes import (
    Envelope,
    EnvelopeSignature,
    bundle_text,
    pre_authentication_encoding,
    read_bundle,
)
from gatecli.attestation.strict_json import InvalidBundle, canonical_bytes, load_json
from tests.support.attestations import bundle, ed25519

SIGNER = ed25519()
WRITTEN = bundle(SIGNER)


def changed(path: str, value: Any, source: bytes = WRITTEN) -> bytes:
    """The bundle with the value at a path replaced, in canonical JSON."""
    data = json.loads(source)
    *way, last = path.split("/")
    at = data
    for key in way:
        at = at[int(key)] if isinstance(at, list) else at[key]
    at[int(last) if isinstance(at, list) else last] = value
    return canonical_bytes(data) + b"\n"


def test_the_encoding_is_that_of_the_specification() -> None:
    """The example of DSSE's protocol.md."""
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_count_bytes() -> None:
    assert pre_authentication_encoding("é", "é".encode()).startswith(b"DSSEv1 2 ")


def test_what_is_written_is_read() -> None:
    read = read_bundle(WRITTEN)
    assert read.is_ours
    assert bundle_text(read.envelope).encode() == WRITTEN


def test_a_bundle_holds_one_signature() -> None:
    one = EnvelopeSignature("", b"x")
    with pytest.raises(ValueError, match="one signature"):
        bundle_text(Envelope(b"{}", (one, one)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mediaType", "application/vnd.dev.sigstore.bundle.v0.2+json"),
        ("dsseEnvelope/payloadType", "application/vnd.in-toto.v2+json"),
        ("dsseEnvelope/payloadType", "text/plain"),
        ("dsseEnvelope/payload", ""),
        ("dsseEnvelope/payload", "e30="),
        ("dsseEnvelope/payload", 7),
        ("dsseEnvelope/signatures", []),
        ("dsseEnvelope/signatures", {}),
        ("dsseEnvelope/signatures/0", {"keyid": "x"}),
        ("dsseEnvelope/signatures/0/sig", "not base64"),
        ("dsseEnvelope/signatures/0/keyid", 5),
        ("dsseEnvelope/extra", 1),
        ("verificationMaterial", {}),
        ("verificationMaterial/publicKey", {"hint": 3}),
        ("verificationMaterial/publicKey/rawBytes", "AA=="),
        ("verificationMaterial/certificate", {"rawBytes": "AA=="}),
        ("verificationMaterial/tlogEntries", []),
        ("extra", None),
    ],
)
def test_a_bundle_of_another_form_is_refused(path: str, value: Any) -> None:
    with pytest.raises(InvalidBundle):
        read_bundle(changed(path, value))


def test_two_signatures_in_a_bundle_are_refused() -> None:
    data = json.loads(WRITTEN)
    data["dsseEnvelope"]["signatures"].append({"keyid": "", "sig": "AAAA"})
    with pytest.raises(InvalidBundle, match="one signature"):
        read_bundle(canonical_bytes(data))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        WRITTEN[:-20],
        WRITTEN + b"{}",
        WRITTEN.replace(b"{", b'{"mediaType":"x",', 1),
        WRITTEN.replace(b'"mediaType"', b'"mediatype"'),
        WRITTEN.replace(b":", b": ", 1),
        WRITTEN.rstrip(b"\n"),
        b"\xef\xbb\xbf" + WRITTEN,
        b"\xff" + WRITTEN,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 70 + b"]" * 70,
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
    ],
)
def test_what_is_cut_or_ambiguous_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidBundle):
        read_bundle(text)


@pytest.mark.parametrize("text", [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"x":{"k":1,"k":2}}'])
def test_a_key_twice_is_refused_however_it_is_written(text: bytes) -> None:
    with pytest.raises(InvalidBundle, match="twice"):
        load_json(text, "a text")


def test_a_payload_with_a_key_twice_is_refused() -> None:
    payload = base64.b64decode(json.loads(WRITTEN)["dsseEnvelope"]["payload"])
    doubled = payload.replace(b'"verdict":"pass"', b'"verdict":"fail","verdict":"pass"')
    assert doubled != payload
    with pytest.raises(InvalidBundle, match="twice"):
        read_bundle(changed("dsseEnvelope/payload", base64.b64encode(doubled).decode()))


@pytest.mark.parametrize("text", [b'["\\ud800"]', b'{"a":["\\uDC00x"]}', b'{"\\udfff":1}'])
def test_half_a_character_is_refused_wherever_it_stands(text: bytes) -> None:
    with pytest.raises(InvalidBundle, match="half a character"):
        load_json(text, "a text")


def test_a_whole_character_beyond_the_basic_plane_is_text() -> None:
    assert load_json(b'["\\ud83d\\ude00"]', "a text") == ["\U0001f600"]
