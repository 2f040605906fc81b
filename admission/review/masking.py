"""Values replaced by a masked form, or moved to a Secret, as an RFC 6902 JSON Patch.

No operation repeats an old value: patches are written to audit logs. What a patch leaves behind is found
by searching its result again, which the caller does (`Masking.object`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from admission.review.admission_review import Object
from admission.review.objects import KINDS, LAST_APPLIED, read_copy, write_copy
from gatecli.checks.personal_data import Hidden, Search, search_leaves
from gatecli.gates.embedded_files import redact_file
from gatecli.gates.objects import Keys
from gatecli.model.document import pointer_of
from gatecli.model.text import Leaf, LeafKind, object_leaves
from gatecli.pii.interface import Detection
from gatecli.pii.redaction import redact_text

SECRET_KEY = "value"  # noqa: S105 - the name of a key, no secret
_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_NAMES = frozenset(
    {
        "apiVersion",
        "clusterIP",
        "externalName",
        "generateName",
        "hostname",
        "image",
        "key",
        "kind",
        "loadBalancerIP",
        "name",
        "namespace",
        "nodeName",
        "priorityClassName",
        "runtimeClassName",
        "schedule",
        "schedulerName",
        "serviceAccount",
        "serviceAccountName",
        "serviceName",
        "storageClassName",
        "subdomain",
        "uid",
    }
)
"""Keys whose values Kubernetes validates: it would refuse a mask there."""
_SELECTING = frozenset(
    {
        "affinity",
        "finalizers",
        "labels",
        "labelSelector",
        "matchExpressions",
        "matchLabels",
        "nodeSelector",
        "ownerReferences",
        "selector",
        "tolerations",
    }
)
"""Keys below which every text names something else, or selects it."""
_TEXTS = frozenset({"args", "command", "value"})
"""Fields of Kubernetes' own kinds that take any text: arguments, and the values of variables and headers."""
_FREE = frozenset({"annotations", "binaryData", "data", "stringData"})
"""Where every key is the user's own."""
_BASE64: Mapping[str, frozenset[str]] = MappingProxyType(
    {"ConfigMap": frozenset({"binaryData"}), "Secret": frozenset({"data"})}
)
"""By kind, where nothing but base64 may stand."""


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


def is_maskable(leaf: Leaf, obj: Object) -> bool:
    """Whether any text may stand there: no key, no number, no name, nothing that selects or has a form.

    Kubernetes checks the texts of its own kinds: there only what it leaves to the user is masked.
    """
    *above, last = leaf.keys or ("",)
    if leaf.kind is not LeafKind.VALUE or _SELECTING.intersection(above):
        return False
    if _FREE.intersection(above[-1:]):
        return True
    if _is_kubernetes_own(obj):
        field = next((key for key in reversed(leaf.keys) if isinstance(key, str)), "")
        return field in _TEXTS
    return last not in _NAMES


def _is_kubernetes_own(obj: Object) -> bool:
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    return (group, obj.get("kind")) in KINDS


def mask(obj: Object, hidden: Sequence[Hidden], search: Search, move: Move | None = None) -> Masking:
    """`obj` with every maskable value of `hidden` replaced; `move` moves variables to Secrets instead."""
    texts: dict[Keys, tuple[Leaf, list[Detection]]] = {}
    for seen in hidden:
        if is_maskable(seen.leaf, obj):
            texts.setdefault(seen.leaf.keys, (seen.leaf, []))[1].append(seen.detection)
    if texts and isinstance(copy := _at(obj, LAST_APPLIED), str):
        texts[LAST_APPLIED] = (Leaf(copy, LAST_APPLIED), texts.get(LAST_APPLIED, (None, []))[1])
    values = frozenset(seen.identity for seen in hidden)
    edits: dict[Keys, Any] = {}
    secrets: dict[str, Object] = {}
    for keys, (leaf, detections) in sorted(texts.items(), key=lambda item: pointer_of(item[0])):
        variable = _variable(obj, keys, move)
        if variable is not None and move is not None:
            secret = _secret(leaf.text, move)
            secrets[secret["metadata"]["name"]] = secret
            edits[keys[:-1]] = _referencing(variable, secret)
        elif keys == LAST_APPLIED:
            edits[keys] = _masked_copy(obj, leaf.text, detections, search, values)
        else:
            edits[keys] = _mask_leaf(obj, leaf, detections, search)
    changed = {keys: value for keys, value in edits.items() if _at(obj, keys) != value}
    patch = tuple({"op": "replace", "path": pointer_of(keys), "value": new} for keys, new in changed.items())
    return Masking(patch, _with(obj, changed), tuple(secrets.values()))


def _mask_leaf(obj: Object, leaf: Leaf, detections: Sequence[Detection], search: Search) -> str:
    """The masked text; where only base64 may stand and none can be made, the text as it is."""
    is_base64 = leaf.keys[0] in _BASE64.get(str(obj.get("kind")), ())
    if is_base64 or (leaf.keys[0] == "data" and any("base64" in each.steps[:1] for each in detections)):
        values = {(each.rule, each.normalised) for each in detections}
        masked = redact_file(leaf, search, values)
        if masked is not None or is_base64:
            return leaf.text if masked is None else masked
    return redact_text(leaf.text, detections)


def _masked_copy(
    obj: Object,
    text: str,
    detections: Sequence[Detection],
    search: Search,
    values: Container[tuple[str, str]],
) -> str:
    """The copy of the object that `kubectl apply` keeps, masked as the object itself is."""
    copy = read_copy(obj)
    if copy is None:
        return redact_text(text, detections)
    by_leaf: dict[Keys, tuple[Leaf, list[Detection]]] = {}
    for seen in search_leaves(object_leaves(copy), search):
        if not isinstance(seen, Hidden) or not is_maskable(seen.leaf, copy):
            continue
        if seen.identity in values:
            by_leaf.setdefault(seen.leaf.keys, (seen.leaf, []))[1].append(seen.detection)
    edits = {keys: _mask_leaf(copy, leaf, held, search) for keys, (leaf, held) in by_leaf.items()}
    return write_copy(_with(copy, edits)) if edits else text


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
    """A copy with values replaced: what lies along a path is copied, the rest is shared."""
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
