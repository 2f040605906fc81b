"""DSSE envelopes (https://github.com/secure-systems-lab/dsse) and Sigstore bundles, version 0.3.

A bundle holds an envelope with one signature, and the hint of the key that made it, or a certificate and a
log entry. What a writer writes for a key has one text; where it holds a statement of ours, no other text is
read.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatecli.attestation.statements import PAYLOAD_TYPE, read_head
from gatecli.attestation.strict_json import canonical_bytes, invalid_bundle, load_json
from gatecli.model.attestation import PREDICATES
from gatecli.model.strict_base64 import strict_base64

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MOST_SIGNATURES = 100

_WHAT = "the attestation"
_ENVELOPE_KEYS = {"payload", "payloadType", "signatures"}
_EVIDENCE_KEYS = {"timestampVerificationData", "tlogEntries"}


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """A signature, by whichever key; `key_id` is a hint that nobody has to believe."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload of a type, and signatures over both."""

    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]
    payload_type: str = PAYLOAD_TYPE

    @property
    def signed_bytes(self) -> bytes:
        """What every signature is over: the pre-authentication encoding."""
        return pre_authentication_encoding(self.payload_type, self.payload)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What stands in a file: an envelope; the hint beside it; whether the file is the one that we write.

    `hint` is None where the file holds no hint; `certified` is the whole file where it holds a certificate.
    """

    envelope: Envelope
    hint: str | None
    is_ours: bool = False
    certified: bytes | None = None


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """`DSSEv1 length type length payload`, where a length counts bytes (DSSE, protocol.md)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def bundle_text(envelope: Envelope) -> str:
    """The file of an envelope with one signature. Raises ValueError for any other number."""
    if len(envelope.signatures) != 1:
        raise ValueError("a Sigstore bundle holds one signature")
    data = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": envelope.signatures[0].key_id}},
        "dsseEnvelope": envelope_data(envelope),
    }
    return canonical_bytes(data).decode() + "\n"


def envelope_data(envelope: Envelope) -> dict[str, Any]:
    """An envelope as JSON data."""
    return {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": envelope.payload_type,
        "signatures": [
            {"keyid": each.key_id, "sig": base64.b64encode(each.signature).decode()}
            for each in envelope.signatures
        ],
    }


def read_bundle(text: bytes) -> Bundle:
    """The bundle, or the envelope, in a file. Raises InvalidBundle.

    A bundle of a key with a statement of ours must be the very text that `bundle_text` writes: whatever was
    changed in it is refused, also where a JSON reader would not notice.
    """
    data = load_json(text, _WHAT)
    if not isinstance(data, dict):
        raise invalid_bundle(_WHAT, "it is not an object")
    if "mediaType" not in data:
        return Bundle(_read_envelope(data), None)
    bundle = _read_bundle(data, text)
    if bundle.certified is not None or read_head(bundle.envelope.payload)["predicateType"] not in PREDICATES:
        return bundle
    if bundle_text(bundle.envelope).encode() != text:
        raise invalid_bundle(_WHAT, "it was changed since gatecli attest wrote it")
    return Bundle(bundle.envelope, bundle.hint, is_ours=True)


def _read_bundle(data: Mapping[str, Any], text: bytes) -> Bundle:
    if set(data) != {"mediaType", "verificationMaterial", "dsseEnvelope"} or data["mediaType"] != BUNDLE:
        raise invalid_bundle(_WHAT, "it is not a Sigstore bundle of version 0.3 with an envelope")
    material = data["verificationMaterial"]
    if not isinstance(material, dict) or not isinstance(data["dsseEnvelope"], dict):
        raise invalid_bundle(_WHAT, "it is not a whole Sigstore bundle")
    if "certificate" in material and set(material) - {"certificate"} <= _EVIDENCE_KEYS:
        return Bundle(_one_signature(data["dsseEnvelope"]), None, certified=text)
    if not set(material) - {"publicKey"} <= _EVIDENCE_KEYS or not isinstance(material.get("publicKey"), dict):
        raise invalid_bundle(_WHAT, "it names no public key")
    hint = material["publicKey"].get("hint", "")
    if not isinstance(hint, str) or not set(material["publicKey"]) <= {"hint"}:
        raise invalid_bundle(_WHAT, "the hint of its key is not a text")
    return Bundle(_one_signature(data["dsseEnvelope"]), hint)


def _one_signature(data: Mapping[str, Any]) -> Envelope:
    envelope = _read_envelope(data)
    if len(envelope.signatures) != 1:
        raise invalid_bundle(_WHAT, "a Sigstore bundle holds one signature, and it holds another number")
    return envelope


def _read_envelope(data: Mapping[str, Any]) -> Envelope:
    if set(data) != _ENVELOPE_KEYS or not isinstance(data["signatures"], list):
        raise invalid_bundle(_WHAT, "it is not an envelope of DSSE")
    if data["payloadType"] != PAYLOAD_TYPE:
        raise invalid_bundle(_WHAT, f"the type of its payload is not {PAYLOAD_TYPE}")
    if not 1 <= len(data["signatures"]) <= MOST_SIGNATURES:
        raise invalid_bundle(_WHAT, f"it does not have 1 to {MOST_SIGNATURES} signatures")
    signatures = tuple(_read_signature(each) for each in data["signatures"])
    return Envelope(_read_base64(data["payload"]), signatures)


def _read_signature(data: Any) -> EnvelopeSignature:
    if not isinstance(data, dict) or not {"sig"} <= set(data) <= {"keyid", "sig"}:
        raise invalid_bundle(_WHAT, "one of its signatures is none")
    key_id = data.get("keyid", "")
    if not isinstance(key_id, str):
        raise invalid_bundle(_WHAT, "the id of a key is not a text")
    return EnvelopeSignature(key_id, _read_base64(data["sig"]))


def _read_base64(text: Any) -> bytes:
    data = strict_base64(text) if isinstance(text, str) else None
    if not data:
        raise invalid_bundle(_WHAT, "what must be base64 is not")
    return data
