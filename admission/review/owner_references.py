"""What holds for a Deployment reaches the Pods that its controller makes: the same finding, elsewhere.

A Pod may claim any owner, so what the API server says about the user counts: the request must come
from one of Kubernetes' own controllers, which copy a template and nothing else. For a waiver that is enough.
What the owner holds (`existing: warn`) is read from the owner itself, as the cluster has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from admission.review.admission_review import Object, ReviewRequest
from admission.review.objects import KINDS, row
from gatecli.gates.objects import Keys

_NAMES = ("replicaset", "deployment", "statefulset", "daemon-set", "job", "cronjob", "replication")
CONTROLLERS = frozenset(
    {
        "system:kube-controller-manager",
        *(f"system:serviceaccount:kube-system:{name}-controller" for name in _NAMES),
    }
)
"""Who makes objects from templates: with and without `--use-service-account-credentials`."""

PLURALS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("", "ReplicationController"): "replicationcontrollers",
        ("apps", "DaemonSet"): "daemonsets",
        ("apps", "Deployment"): "deployments",
        ("apps", "ReplicaSet"): "replicasets",
        ("apps", "StatefulSet"): "statefulsets",
        ("batch", "CronJob"): "cronjobs",
        ("batch", "Job"): "jobs",
    }
)
"""The owners that controllers make objects from, and what the API's paths call them."""

_TEMPLATE: tuple[tuple[Keys, Keys], ...] = (
    (("spec", "template", "metadata"), ("metadata",)),
    (("spec", "template", "spec"), ("spec",)),
)
_COPIED: Mapping[tuple[str, str], tuple[tuple[Keys, Keys], ...]] = MappingProxyType(
    {
        ("Deployment", "ReplicaSet"): (
            (("metadata", "annotations"), ("metadata", "annotations")),
            (("spec", "template", "metadata", "labels"), ("metadata", "labels")),
            (("spec", "selector"), ("spec", "selector")),
            (("spec", "template"), ("spec", "template")),
        ),
        ("CronJob", "Job"): (
            (("spec", "jobTemplate", "metadata"), ("metadata",)),
            (("spec", "jobTemplate", "spec"), ("spec",)),
        ),
        **{
            (owner, "Pod"): _TEMPLATE
            for owner in ("DaemonSet", "Job", "ReplicaSet", "ReplicationController", "StatefulSet")
        },
    }
)
"""By owner and object: what a controller copies, from where to where. Nothing else is inherited."""

_NAMED_AFTER_OWNER: tuple[Keys, ...] = (
    ("metadata", "generateName"),
    ("metadata", "labels", "batch.kubernetes.io/job-name"),
    ("metadata", "labels", "job-name"),
    ("metadata", "labels", "statefulset.kubernetes.io/pod-name"),
    ("metadata", "name"),
    ("spec", "hostname"),
)
"""Where a controller writes the owner's name, and what it appends."""

_HASH_LABEL = "pod-template-hash"
_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]+)?")
_SCHEDULED = re.compile(r"(?P<name>.+)-[0-9]+")


@dataclass(frozen=True, slots=True)
class OwnerReference:
    """The controller that an object names as its owner, which only the cluster can confirm."""

    group: str
    version: str
    kind: str
    name: str = field(repr=False)
    uid: str

    @property
    def plural(self) -> str:
        return PLURALS[self.group, self.kind]

    def is_to(self, obj: Object) -> bool:
        """Whether `obj`, as the cluster has it, is the owner that is meant."""
        metadata = obj.get("metadata")
        meant = {"name": self.name, "uid": self.uid}
        return (
            obj.get("kind") == self.kind
            and isinstance(metadata, dict)
            and all(metadata.get(key) == value for key, value in meant.items())
        )


def controller_of(request: ReviewRequest) -> OwnerReference | None:
    """The owner whose controller asks for the object; None where another user does, or it has none."""
    if request.object is None or request.user not in CONTROLLERS or not request.namespace:
        return None
    for reference in _controllers(request.object):
        api, kind, name, uid = (reference.get(key) for key in ("apiVersion", "kind", "name", "uid"))
        if not all(isinstance(each, str) and each for each in (api, kind, name, uid)):
            continue
        group, _, version = str(api).rpartition("/")
        copies = (str(kind), request.kind.name) in _COPIED
        if copies and (group, kind) in PLURALS and _VERSION.fullmatch(version):
            return OwnerReference(group, version, str(kind), str(name), str(uid))
    return None


def expected_object(owner: Object, reference: OwnerReference, obj: Object) -> Object:
    """What a controller makes of `owner`, as far as it copies: to compare `obj` with, which it has made."""
    made: Object = {key: obj.get(key) for key in ("apiVersion", "kind")}
    for there, here in _COPIED.get((reference.kind, str(obj.get("kind"))), ()):
        if (value := _value_at(owner, there)) is not None:
            made = _with_value(made, here, value)
    for keys in _NAMED_AFTER_OWNER:
        if isinstance(name := _value_at(obj, keys), str) and name.startswith(reference.name):
            made = _with_value(made, keys, name)
    references = [each for each in _controllers(obj) if each.get("uid") == reference.uid]
    return _with_value(made, ("metadata", "ownerReferences"), references)


def _value_at(obj: Any, keys: Keys) -> Any:
    for key in keys:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj


def _with_value(obj: Object, keys: Keys, value: Any) -> Object:
    """`obj` with `value` at `keys`: the mappings along `keys` are copied, the rest is shared."""
    first, *rest = keys
    if not rest:
        return {**obj, str(first): value}
    below = obj.get(str(first))
    return {**obj, str(first): _with_value(below if isinstance(below, dict) else {}, tuple(rest), value)}


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The object as its owner would hold it; `at` is where the template stands there, `was` here."""

    object: Object
    at: str
    was: str

    def pointer(self, pointer: str | None) -> str | None:
        """The place in the owner as a place here."""
        if pointer is None or not pointer.startswith(self.at):
            return pointer
        return self.was + pointer[len(self.at) :]


def ancestors(request: ReviewRequest) -> Iterator[Ancestor]:
    """The owner of a controller's object, and the owner's owner where its name tells it."""
    template = row(request).template
    if template is None or request.object is None or request.user not in CONTROLLERS:
        return
    content = _at(request.object, template)
    for group, kind, name in _owners(request.object):
        place = KINDS.get((group, kind))
        if content is None or place is None or place.template is None:
            continue
        yield Ancestor(
            _owner(request.object, content, (kind, name), place.template, is_pod=template == ()),
            "".join(f"/{key}" for key in place.template),
            "".join(f"/{key}" for key in template),
        )


def _owner(
    obj: Object, content: Any, subject: tuple[str, str], template: Sequence[str], *, is_pod: bool
) -> Object:
    metadata = {} if is_pod else {key: obj.get("metadata", {}).get(key) for key in ("labels", "annotations")}
    owner: Any = {key: content.get(key) for key in ("metadata", "spec")} if is_pod else content
    for key in reversed(template):
        owner = {key: owner}
    # A template has no name of its own; the Pod's is a generated one.
    return {**owner, "kind": subject[0], "metadata": {"name": subject[1], **metadata}}


def _at(obj: Object, keys: Sequence[str]) -> Any:
    value = _value_at(obj, tuple(keys))
    return value if isinstance(value, dict) else None


def _owners(obj: Object) -> Iterator[tuple[str, str, str]]:
    metadata = obj.get("metadata", {})
    for reference in _controllers(obj):
        api, kind, name = (reference.get(key) for key in ("apiVersion", "kind", "name"))
        if not isinstance(api, str) or not isinstance(kind, str) or not isinstance(name, str):
            continue
        group = api.rpartition("/")[0]
        yield group, kind, name
        yield from _above(group, kind, name, metadata)


def _controllers(obj: Object) -> Iterator[Mapping[str, Any]]:
    references = obj.get("metadata", {}).get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("controller") is True:
            yield reference


def _above(group: str, kind: str, name: str, metadata: Object) -> Iterator[tuple[str, str, str]]:
    labels = metadata.get("labels")
    label = labels.get(_HASH_LABEL) if isinstance(labels, dict) else None
    if (group, kind) == ("apps", "ReplicaSet") and isinstance(label, str) and name.endswith(f"-{label}"):
        yield "apps", "Deployment", name.removesuffix(f"-{label}")
    if (group, kind) == ("batch", "Job") and (scheduled := _SCHEDULED.fullmatch(name)):
        yield "batch", "CronJob", scheduled["name"]
