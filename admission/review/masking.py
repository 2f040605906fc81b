"""Values replaced by a masked form, or moved to a Secret, as an RFC 6902 JSON Patch.

No operation repeats an old value: patches are written to audit logs. What a patch leaves behind is found
by searching its result again, which the caller does (`Masking.object`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from admission.review.admission_review import Object
from admission.review.objects import LAST_APPLIED
from gatecli.checks.personal_data import Hidden, Search, search_leaves
from gatecli.model.document import pointer_of
from gatecli.model.text import Leaf, LeafKind, object_leaves
from gatecli.pii.interface import Detection
from gatecli.pii.redaction import redact_text
from gatecli.pii.scanning import scan

Keys = tuple[str | int, ...]

SECRET_KEY = "value"  # noqa: S105 - the name of a key, no secret
_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_NAMES = frozenset({"apiVersion", "generateName", "image", "kind", "name", "namespace", "uid"})
_SELECTING = frozenset({"labels", "matchLabels", "nodeSelector", "selector"})
_FREE = frozenset({"annotations", "binaryData", "data", "stringData"})
"""Where every key is the user's own."""
_BASE64 = frozenset({"binaryData", "data"})


@dataclass(frozen=True, slots=True)
class Move:
    """Where variables go instead of being masked: whose Secret it is, and the webhook's key."""

    namespace: str
    subject: str
    template: tuple[str, ...]
    key: bytes


@dataclass(frozen=True, slots=True)
class Masking:
    """What masking does: the patch, its result, and the Secrets that must be there before it is applied."""

    patch: tuple[Mapping[str, Any], ...] = ()
    object: Object = field(default_factory=dict, repr=False)
    secrets: tuple[Object, ...] = field(default=(), repr=False)


def is_maskable(leaf: Leaf) -> bool:
    """Whether a text may be anything: no key, no number, no name, nothing that selects."""
    *above, last = leaf.keys or ("",)
    if leaf.kind is not LeafKind.VALUE or _SELECTING.intersection(above):
        return False
    return last not in _NAMES or (bool(above) and above[-1] in _FREE)


def mask(obj: Object, hidden: Sequence[Hidden], search: Search, move: Move | None = None) -> Masking:
    """`obj` with every maskable value of `hidden` replaced; `move` moves variables to Secrets instead."""
    texts: dict[Keys, tuple[Leaf, list[Detection]]] = {}
    for seen in hidden:
        if is_maskable(seen.leaf):
            texts.setdefault(seen.leaf.keys, (seen.leaf, []))[1].append(seen.detection)
    if texts and isinstance(copy := _at(obj, LAST_APPLIED), str):
        texts.setdefault(LAST_APPLIED, (Leaf(copy, LAST_APPLIED), []))
    rules = frozenset(seen.detection.rule for seen in hidden)
    edits: dict[Keys, Any] = {}
    secrets: dict[str, Object] = {}
    for keys, (leaf, detections) in sorted(texts.items(), key=lambda item: pointer_of(item[0])):
        variable = _variable(obj, keys, move)
        if variable is not None and move is not None:
            secret = _secret(leaf.text, move)
            secrets[secret["metadata"]["name"]] = secret
            edits[keys[:-1]] = _referencing(variable, secret)
        else:
            edits[keys] = _mask_leaf(leaf, detections, search, rules)
    changed = {keys: value for keys, value in edits.items() if _at(obj, keys) != value}
    patch = tuple({"op": "replace", "path": pointer_of(keys), "value": new} for keys, new in changed.items())
    return Masking(patch, _with(obj, changed), tuple(secrets.values()))


def _mask_leaf(leaf: Leaf, detections: Sequence[Detection], search: Search, rules: frozenset[str]) -> str:
    if leaf.keys == LAST_APPLIED:
        return _masked_copy(leaf.text, detections, search, rules)
    if leaf.keys[0] in _BASE64 and any("base64" in detection.steps[:1] for detection in detections):
        return _masked_inside(leaf, search) or redact_text(leaf.text, detections)
    return redact_text(leaf.text, detections)


def _masked_inside(leaf: Leaf, search: Search) -> str:
    """Base64 of the masked content, so that it stays base64; "" where the content is no text."""
    try:
        content = base64.b64decode(leaf.text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    detections = scan(search.detector, content, leaf.words()).detections
    return base64.b64encode(redact_text(content, detections).encode()).decode()


def _masked_copy(text: str, detections: Iterable[Detection], search: Search, rules: frozenset[str]) -> str:
    """The copy of the object that `kubectl apply` keeps, masked as the object itself is."""
    try:
        copy = json.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return redact_text(text, detections)
    found = [seen for seen in search_leaves(object_leaves(copy), search) if isinstance(seen, Hidden)]
    by_keys: dict[Keys, list[Detection]] = {}
    for seen in found:
        if seen.leaf.kind is LeafKind.VALUE and seen.detection.rule in rules:
            by_keys.setdefault(seen.leaf.keys, []).append(seen.detection)
    if not by_keys or not isinstance(copy, dict):
        return redact_text(text, detections)
    edits = {keys: redact_text(_at(copy, keys), held) for keys, held in by_keys.items()}
    return json.dumps(_with(copy, edits), separators=(",", ":"), ensure_ascii=False, default=float) + "\n"


def _variable(obj: Object, keys: Keys, move: Move | None) -> Object | None:
    """The `env` entry whose value stands at `keys`; None if it is not a variable, or refers to others."""
    if move is None or keys[: len(move.template)] != move.template:
        return None
    match keys[len(move.template) :]:
        case ("spec", containers, int(), "env", int(), "value") if containers in _CONTAINERS:
            entry = _at(obj, keys[:-1])
        case _:
            return None
    has_name = isinstance(entry, dict) and isinstance(entry.get("name"), str)
    return entry if has_name and "$(" not in entry["value"] else None


def _referencing(variable: Object, secret: Object) -> Object:
    reference = {"secretKeyRef": {"name": secret["metadata"]["name"], "key": SECRET_KEY}}
    return {"name": variable["name"], "valueFrom": reference}


def _secret(value: str, move: Move) -> Object:
    """An immutable Secret whose name follows from owner and value: asked again, it is the same one."""
    content = value.encode("utf-8", "surrogatepass")
    told = f"{move.namespace}\0{move.subject}\0".encode("utf-8", "surrogatepass") + content
    name = "gatecli-" + hmac.new(move.key, told, hashlib.sha256).hexdigest()[:32]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": move.namespace,
            "labels": {"app.kubernetes.io/managed-by": "gatecli"},
        },
        "type": "Opaque",
        "immutable": True,
        "data": {SECRET_KEY: base64.b64encode(content).decode()},
    }


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return None
    return data


def _with(data: Any, edits: Mapping[Keys, Any]) -> Any:
    """A copy with values replaced; what is not on the way to one is shared."""
    if () in edits:
        return edits[()]
    below: dict[str | int, dict[Keys, Any]] = {}
    for keys, value in edits.items():
        below.setdefault(keys[0], {})[keys[1:]] = value
    if isinstance(data, dict):
        return {key: _with(value, below[key]) if key in below else value for key, value in data.items()}
    if isinstance(data, list):
        return [_with(value, below[index]) if index in below else value for index, value in enumerate(data)]
    return data
