"""When certificates change, and in which order, so that no call of the API server is ever refused.

An authority that is to sign stands in every configuration's bundle first, for `settle`; only then is a
leaf issued by it. The old authority stays in the bundle until its last leaf is a day gone. All of it is
one Secret, in the keys that cert-manager uses and four more; `advance` decides, purely.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from admission.tls.certificates import (
    SKEW,
    KeyPair,
    belong_together,
    covers,
    issue,
    needs_renewal,
    new_authority,
    signed_by,
    split_bundle,
    validity,
)
from gatecli.errors import ConfigurationError

OVERLAP = timedelta(days=1)
"""How long an authority that signs no more is still trusted: replicas take seconds to show a new leaf."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """What the Secret holds. `bundle` is what the API server must trust; `successor` is yet to sign."""

    authority: KeyPair
    leaf: KeyPair
    bundle: tuple[bytes, ...]
    successor: KeyPair | None = None


def advance(
    keyring: Keyring | None, names: Sequence[str], now: datetime, *, published: timedelta, settle: timedelta
) -> Keyring:
    """The keyring as it should be `now`; the same one where nothing is due.

    `published` is for how long the whole bundle has stood in every configuration, negative where it
    does not; a new authority signs once that reaches `settle`.
    """
    if keyring is None:
        authority = new_authority(now)
        return Keyring(authority, issue(authority, names, now), (authority.certificate,))
    if keyring.successor is not None:
        keyring = _promote_successor(keyring, names, now) if published >= settle else keyring
    elif needs_renewal(keyring.authority.certificate, now):
        keyring = begin(keyring, now)
    return _prune_authorities(_with_leaf(keyring, names, now), now)


def begin(keyring: Keyring, now: datetime) -> Keyring:
    """The keyring with a new authority in the bundle, which does not sign yet."""
    successor = new_authority(now)
    return replace(keyring, successor=successor, bundle=(*keyring.bundle, successor.certificate))


def _promote_successor(keyring: Keyring, names: Sequence[str], now: datetime) -> Keyring:
    successor = keyring.successor
    if successor is None:
        return keyring
    return replace(keyring, authority=successor, leaf=issue(successor, names, now), successor=None)


def _with_leaf(keyring: Keyring, names: Sequence[str], now: datetime) -> Keyring:
    leaf, authority = keyring.leaf.certificate, keyring.authority
    sound = covers(leaf, names) and signed_by(leaf, authority.certificate) and belong_together(keyring.leaf)
    if sound and not needs_renewal(leaf, now):
        return keyring
    return replace(keyring, leaf=issue(authority, names, now))


def _prune_authorities(keyring: Keyring, now: datetime) -> Keyring:
    """Without the authorities that signed once, a day after the leaf that followed theirs."""
    if now < validity(keyring.leaf.certificate).begins + SKEW + OVERLAP:
        return keyring
    living = {keyring.authority.certificate, *((keyring.successor.certificate,) if keyring.successor else ())}
    bundle = tuple(each for each in keyring.bundle if each in living)
    return keyring if bundle == keyring.bundle else replace(keyring, bundle=bundle)


def to_data(keyring: Keyring) -> dict[str, str]:
    """The `data` of the Secret."""
    content = {
        "tls.crt": keyring.leaf.certificate,
        "tls.key": keyring.leaf.key,
        "ca.crt": b"".join(keyring.bundle),
        "authority.crt": keyring.authority.certificate,
        "authority.key": keyring.authority.key,
    }
    if keyring.successor is not None:
        content |= {"successor.crt": keyring.successor.certificate, "successor.key": keyring.successor.key}
    return {key: base64.b64encode(text).decode() for key, text in content.items()}


def from_data(data: Mapping[str, Any]) -> Keyring:
    """The keyring of a Secret. Raises ConfigurationError where anything is missing or does not fit."""
    content = _decode_data(data)
    try:
        authority = KeyPair(content["authority.crt"], content["authority.key"])
        leaf = KeyPair(content["tls.crt"], content["tls.key"])
        bundle = split_bundle(content["ca.crt"])
        successor = (
            KeyPair(content["successor.crt"], content["successor.key"])
            if "successor.crt" in content
            else None
        )
    except (KeyError, ConfigurationError) as error:
        raise _unusable() from error
    pairs = [authority, leaf, *([successor] if successor else [])]
    if not _are_sound(pairs) or authority.certificate not in bundle:
        raise _unusable()
    return Keyring(authority, leaf, bundle, successor)


def _are_sound(pairs: Sequence[KeyPair]) -> bool:
    try:
        return all(belong_together(pair) for pair in pairs)
    except ConfigurationError:
        return False


def leaf_of(data: Mapping[str, Any]) -> KeyPair:
    """What a replica shows, of the same Secret. Raises ConfigurationError."""
    content = _decode_data(data)
    pair = KeyPair(content.get("tls.crt", b""), content.get("tls.key", b""))
    if not pair.certificate or not pair.key:
        raise _unusable()
    return pair


def _decode_data(data: Mapping[str, Any]) -> dict[str, bytes]:
    try:
        return {str(key): base64.b64decode(text, validate=True) for key, text in data.items()}
    except (binascii.Error, TypeError, ValueError) as error:
        raise _unusable() from error


def _unusable() -> ConfigurationError:
    return ConfigurationError(
        "the Secret of the webhook's certificates cannot be used", advice="delete it; a new one is made"
    )


def bundle_text(bundle: Sequence[bytes]) -> str:
    """A bundle as `caBundle` wants it."""
    return base64.b64encode(b"".join(bundle)).decode()


def bundle_change(configuration: Mapping[str, Any], bundle: str) -> list[dict[str, Any]]:
    """The JSON Patch that puts `bundle` into every webhook of a configuration; empty where it stands there.

    It holds for the version that was read alone: whoever writes at the same time is not undone.
    """
    operations = [
        {"op": "add", "path": f"/webhooks/{number}/clientConfig/caBundle", "value": bundle}
        for number, webhook in enumerate(configuration.get("webhooks") or ())
        if (webhook.get("clientConfig") or {}).get("caBundle") != bundle
    ]
    if not operations:
        return []
    version = configuration["metadata"]["resourceVersion"]
    return [{"op": "test", "path": "/metadata/resourceVersion", "value": version}, *operations]
