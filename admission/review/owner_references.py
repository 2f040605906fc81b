"""A waiver of a Deployment reaches the Pods that its controller makes: the same finding, under another name.

A Pod may claim any owner, so only what the API server says about the user counts: the request must come
from one of Kubernetes' own controllers, which copy a template and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from admission.review.admission_review import Object, ReviewRequest
from admission.review.objects import KINDS, row

_NAMES = ("replicaset", "deployment", "statefulset", "daemon-set", "job", "cronjob", "replication")
CONTROLLERS = frozenset(
    {
        "system:kube-controller-manager",
        *(f"system:serviceaccount:kube-system:{name}-controller" for name in _NAMES),
    }
)
"""Who makes objects from templates: with and without `--use-service-account-credentials`."""

_HASH_LABEL = "pod-template-hash"
_SCHEDULED = re.compile(r"(?P<name>.+)-[0-9]+")


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
    value: Any = obj
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def _owners(obj: Object) -> Iterator[tuple[str, str, str]]:
    metadata = obj.get("metadata", {})
    references = metadata.get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if not isinstance(reference, dict) or reference.get("controller") is not True:
            continue
        api, kind, name = (reference.get(key) for key in ("apiVersion", "kind", "name"))
        if not isinstance(api, str) or not isinstance(kind, str) or not isinstance(name, str):
            continue
        group = api.rpartition("/")[0]
        yield group, kind, name
        yield from _above(group, kind, name, metadata)


def _above(group: str, kind: str, name: str, metadata: Object) -> Iterator[tuple[str, str, str]]:
    labels = metadata.get("labels")
    label = labels.get(_HASH_LABEL) if isinstance(labels, dict) else None
    if (group, kind) == ("apps", "ReplicaSet") and isinstance(label, str) and name.endswith(f"-{label}"):
        yield "apps", "Deployment", name.removesuffix(f"-{label}")
    if (group, kind) == ("batch", "Job") and (scheduled := _SCHEDULED.fullmatch(name)):
        yield "batch", "CronJob", scheduled["name"]
