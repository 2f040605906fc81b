"""What of an object is searched, and what passes by rule: two tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from admission.review.admission_review import Object, Operation, ReviewRequest
from gatecli.model.admission import AdmissionRules

LAST_APPLIED = ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
"""Where `kubectl apply` repeats the whole object; a value that stands elsewhere too is reported there."""

_STATUS = frozenset({"status"})
_SECRET_CONTENT = frozenset({"data", "stringData"})
_CONTENT = _STATUS | _SECRET_CONTENT
_SERVERS_OWN = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""What the API server writes into metadata, and nobody else can."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A kind's row: the top-level keys that are left out, and where its pod template stands.

    `metadata_only` is for Secrets, whose content is where values belong.
    """

    template: tuple[str, ...] | None = None
    metadata_only: bool = False


POD: tuple[str, ...] = ()
TEMPLATE = ("spec", "template")

WHOLE = Searched()
"""Any kind that is not listed: everything but `status` and the field managers' sets."""

KINDS: Mapping[tuple[str, str], Searched] = MappingProxyType(
    {
        ("", "Pod"): Searched(POD),
        ("", "EphemeralContainers"): WHOLE,  # the sub-resource of a Pod before Kubernetes 1.22
        ("", "PodTemplate"): Searched(("template",)),
        ("", "ReplicationController"): Searched(TEMPLATE),
        ("apps", "Deployment"): Searched(TEMPLATE),
        ("apps", "StatefulSet"): Searched(TEMPLATE),
        ("apps", "DaemonSet"): Searched(TEMPLATE),
        ("apps", "ReplicaSet"): Searched(TEMPLATE),
        ("batch", "Job"): Searched(TEMPLATE),
        ("batch", "CronJob"): Searched(("spec", "jobTemplate", *TEMPLATE)),
        ("", "ConfigMap"): WHOLE,  # binaryData too: the engine reads base64
        ("", "Service"): WHOLE,
        ("", "Secret"): Searched(metadata_only=True),
    }
)
"""By group and kind."""


def row(request: ReviewRequest) -> Searched:
    """The row of the kind that is asked about; the API server names it, not the object."""
    return KINDS.get((request.kind.group, request.kind.name), WHOLE)


def searched_parts(obj: Object, kind: Searched, rules: AdmissionRules) -> Object:
    """The parts of `obj` that are searched, at their own places, so that pointers stay as they are."""
    without_content = kind.metadata_only and rules.secrets != "data"
    left_out = _CONTENT if without_content else _STATUS
    kept = {key: value for key, value in obj.items() if key not in left_out}
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        kept["metadata"] = metadata = {**metadata, "managedFields": _managers(metadata["managedFields"])}
    if without_content and (copy := read_copy(obj)) is not None:
        annotations = {**kept["metadata"]["annotations"], LAST_APPLIED[-1]: _without_content(copy)}
        kept["metadata"] = {**kept["metadata"], "annotations": annotations}
    return kept


def read_copy(obj: Object) -> Object | None:
    """The copy of an object in kubectl's annotation; None if it is missing or unreadable.

    A copy with a key twice is not read: nobody knows which of both a reader takes.
    """
    value: Any = obj
    for key in LAST_APPLIED:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        return None
    try:
        copy = json.loads(value, parse_float=Decimal, object_pairs_hook=_distinct)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return copy if isinstance(copy, dict) and copy.get("kind") == obj.get("kind") else None


def write_copy(copy: Object) -> str:
    """A copy as `kubectl apply` writes it."""
    return json.dumps(copy, separators=(",", ":"), ensure_ascii=False, default=float) + "\n"


def _distinct(pairs: list[tuple[str, Any]]) -> Object:
    distinct = dict(pairs)
    if len(distinct) != len(pairs):
        raise ValueError("a key stands twice")
    return distinct


def _without_content(copy: Object) -> str:
    """Without a Secret's content: where that is not searched, neither is its copy."""
    return write_copy({key: value for key, value in copy.items() if key not in _SECRET_CONTENT})


def _managers(entries: Any) -> Any:
    """Who manages fields, without the sets of field names, which repeat the object's own keys."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return entries
    return [{key: value for key, value in entry.items() if key != "fieldsV1"} for entry in entries]


def passed_by_rule(request: ReviewRequest, rules: AdmissionRules) -> str:
    """Why there is nothing to judge, in words; "" where there is."""
    return next((why for why, holds in PASSED if holds(request, rules)), "")


def _is_unchanged(request: ReviewRequest, rules: AdmissionRules) -> bool:
    """An update of `status` or of the server's own metadata alone; of finalizers too, on its way out."""
    new, old = request.object, request.old_object
    if request.operation is not Operation.UPDATE or new is None or old is None:
        return False
    return _comparable(new, request, rules) == _comparable(old, request, rules)


def _is_status_alone(request: ReviewRequest, rules: AdmissionRules) -> bool:
    """An update through `/status`, by which labels and annotations may be changed as well."""
    if request.subresource != "status" or request.object is None or request.old_object is None:
        return False
    new, old = (_comparable(obj, request, rules) for obj in (request.object, request.old_object))
    return bool(new["metadata"] == old["metadata"])


def _comparable(obj: Object, request: ReviewRequest, rules: AdmissionRules) -> Object:
    kept = searched_parts(obj, row(request), rules)
    is_going = bool((request.old_object or {}).get("metadata", {}).get("deletionTimestamp"))
    left_out = _SERVERS_OWN | {"finalizers"} if is_going else _SERVERS_OWN
    metadata = kept.get("metadata", {})
    return {**kept, "metadata": {key: value for key, value in metadata.items() if key not in left_out}}


PASSED: tuple[tuple[str, Callable[[ReviewRequest, AdmissionRules], bool]], ...] = (
    ("a deletion adds nothing", lambda request, _: request.operation is Operation.DELETE),
    ("a connection is not an object", lambda request, _: request.operation is Operation.CONNECT),
    ("a status is what a controller observed", _is_status_alone),
    (
        "the policy says secrets: ignore",
        lambda request, rules: row(request).metadata_only and rules.secrets == "ignore",
    ),
    ("nothing that is searched has changed", _is_unchanged),
)
"""What is allowed without a search, and why; every other request is searched."""
