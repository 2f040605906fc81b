"""What Kubernetes does not let an update change, as a table: a mask there would have it refuse the request.

Source: the API conventions and the validation of each kind (`ValidatePodUpdate`, `ValidateJobUpdate`, …) in
Kubernetes 1.20 to 1.34. What only some of these versions let change counts as immutable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from admission.review.admission_review import Object, Operation, ReviewRequest
from gatecli.gates.objects import Keys

ANY_ITEM = "*"


@dataclass(frozen=True, slots=True)
class ImmutableFields:
    """`fields` are immutable, but for what lies below one of `but`; dots part keys, `*` is any item.

    To the lists of `growing` items may be added, and those that are there stay. `when_marked` limits all of
    it to objects that say `immutable: true`.
    """

    fields: tuple[str, ...]
    but: tuple[str, ...] = ()
    growing: tuple[str, ...] = ()
    when_marked: bool = False


_SELECTOR = ImmutableFields(("spec.selector",))

IMMUTABLE: Mapping[tuple[str, str, str], tuple[ImmutableFields, ...]] = MappingProxyType(
    {
        ("", "Pod", ""): (
            ImmutableFields(
                ("spec",),
                but=(
                    "spec.activeDeadlineSeconds",
                    "spec.containers.*.image",
                    "spec.initContainers.*.image",
                    "spec.terminationGracePeriodSeconds",
                ),
                growing=("spec.tolerations",),
            ),
        ),
        ("", "Pod", "ephemeralcontainers"): (
            ImmutableFields(("metadata", "spec"), growing=("spec.ephemeralContainers",)),
        ),
        ("", "Pod", "resize"): (
            ImmutableFields(
                ("metadata", "spec"),
                but=("spec.containers.*.resources", "spec.initContainers.*.resources"),
            ),
        ),
        # The sub-resource of a Pod before Kubernetes 1.22.
        ("", "EphemeralContainers", "ephemeralcontainers"): (
            ImmutableFields((), growing=("ephemeralContainers",)),
        ),
        ("apps", "Deployment", ""): (_SELECTOR,),
        ("apps", "ReplicaSet", ""): (_SELECTOR,),
        ("apps", "DaemonSet", ""): (_SELECTOR,),
        ("apps", "StatefulSet", ""): (
            ImmutableFields(
                ("spec",),
                but=(
                    "spec.minReadySeconds",
                    "spec.ordinals",
                    "spec.persistentVolumeClaimRetentionPolicy",
                    "spec.replicas",
                    "spec.template",
                    "spec.updateStrategy",
                ),
            ),
        ),
        ("apps", "ControllerRevision", ""): (ImmutableFields(("data",)),),
        ("batch", "Job", ""): (
            ImmutableFields(
                (
                    "spec.backoffLimitPerIndex",
                    "spec.completionMode",
                    "spec.managedBy",
                    "spec.podFailurePolicy",
                    "spec.selector",
                    "spec.successPolicy",
                    "spec.template",
                )
            ),
        ),
        ("", "ConfigMap", ""): (ImmutableFields(("binaryData", "data"), when_marked=True),),
        ("", "Secret", ""): (
            ImmutableFields(("type",)),
            ImmutableFields(("data", "stringData"), when_marked=True),
        ),
        ("", "Service", ""): (
            ImmutableFields(
                ("spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.loadBalancerClass")
            ),
        ),
        ("", "PersistentVolumeClaim", ""): (
            ImmutableFields(("spec",), but=("spec.resources", "spec.volumeAttributesClassName")),
        ),
        ("discovery.k8s.io", "EndpointSlice", ""): (ImmutableFields(("addressType",)),),
        ("rbac.authorization.k8s.io", "RoleBinding", ""): (ImmutableFields(("roleRef",)),),
    }
)
"""By group, kind and sub-resource; whatever is not listed may be changed."""


def is_immutable(request: ReviewRequest, keys: Keys) -> bool:
    """Whether Kubernetes refuses, or leaves out, a change that an answer to `request` makes at `keys`."""
    if request.operation is not Operation.UPDATE or request.old_object is None:
        return False
    old = request.old_object
    rows = IMMUTABLE.get((request.kind.group, request.kind.name, request.subresource), ())
    return any(_covers(row, old, keys) for row in rows)


def _covers(row: ImmutableFields, old: Object, keys: Keys) -> bool:
    if row.when_marked and old.get("immutable") is not True:
        return False
    for path in row.growing:
        if (item := _item(path, keys)) is not None:
            return _has(old, item)
    return _is_below(row.fields, keys) and not _is_below(row.but, keys)


def _is_below(paths: Sequence[str], keys: Keys) -> bool:
    return any(_fits(path.split("."), keys) for path in paths)


def _fits(steps: Sequence[str], keys: Keys) -> bool:
    if len(keys) < len(steps):
        return False
    return all(
        step == key or (step == ANY_ITEM and isinstance(key, int))
        for step, key in zip(steps, keys, strict=False)
    )


def _item(path: str, keys: Keys) -> Keys | None:
    """The item of the list at `path` that `keys` lie in; None where they lie elsewhere."""
    steps = path.split(".")
    return keys[: len(steps) + 1] if _fits([*steps, ANY_ITEM], keys) else None


def _has(obj: Any, keys: Keys) -> bool:
    """Whether there is anything at `keys`: items are added behind those that are there."""
    for key in keys:
        is_item = isinstance(obj, list) and isinstance(key, int) and key < len(obj)
        if not is_item and not (isinstance(obj, dict) and key in obj):
            return False
        obj = obj[key]
    return True
