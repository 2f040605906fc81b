"""The shipped folder `deploy` as objects, turned to an installation's own names and numbers.

Data in, data out: the YAML stays what `kubectl kustomize` reads, and what is made here of it by default is
the same (a test compares them). Whatever an option does not change stays as it is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from admission.cluster.client import ResourceKind
from gatecli.model.admission import Action, Mode

DEPLOY = Path(__file__).parent
"""In a checkout and in the installed package alike."""
NAMESPACE = "gatecli-system"
IMAGE = "gatecli-admission"
BY_NAME = "kubernetes.io/metadata.name"
"""The label that every namespace has since Kubernetes 1.21: its name."""
CONFIGURATIONS = frozenset({"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"})

Object = dict[str, Any]


Certificates = Literal["self-signed", "cert-manager"]
"""Who makes the webhook's certificates: the name of an overlay."""


Extra = Literal["policy", "policy-reports", "scan-secrets"]
"""What is not for every cluster: a folder below `optional`."""
_ORDER = {"Namespace": 0, "CustomResourceDefinition": 1} | dict.fromkeys(CONFIGURATIONS, 3)
"""What others need comes first, what refuses comes last."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What may differ; the defaults are what is shipped.

    `mode` and `entities` go into the policy, which is an extra that they bring; of `more_resources`
    reviews are asked for besides the shipped ones; of `excluded_namespaces` none are.
    """

    certificates: Certificates = "self-signed"
    namespace: str = NAMESPACE
    image: str = IMAGE
    replicas: int = 2
    mode: Mode = "deny"
    failure_policy: Literal["Fail", "Ignore"] = "Fail"
    entities: Mapping[str, Action] = field(default_factory=dict)
    excluded_namespaces: Sequence[str] = ()
    more_resources: Sequence[ResourceKind] = ()
    extras: Sequence[Extra] = ()


def render_objects(wanted: Installation, folder: Path = DEPLOY) -> list[Object]:
    """The objects of an installation, in the order to apply them in. Does not look at a cluster."""
    extras = [folder / "optional" / name for name in _extras(wanted)]
    shipped = [*overlaid(wanted.certificates, folder), *(obj for each in extras for obj in _resources(each))]
    turned = [obj for each in shipped if (obj := _adapt_object(each, wanted)) is not None]
    return sorted(turned, key=lambda obj: _ORDER.get(obj["kind"], 2))


def _extras(wanted: Installation) -> Iterable[Extra]:
    own: tuple[Extra, ...] = ("policy",) if wanted.mode != Installation().mode or wanted.entities else ()
    return dict.fromkeys((*own, *wanted.extras))


def resources_asked_about(folder: Path = DEPLOY) -> tuple[tuple[str, str], ...]:
    """The group and plural of all that the shipped webhooks are asked about."""
    webhooks = [hook for obj in overlaid("self-signed", folder) for hook in obj.get("webhooks", ())]
    pairs = (
        (group, name)
        for hook in webhooks
        for rule in hook["rules"]
        for group in rule["apiGroups"]
        for name in rule["resources"]
    )
    return tuple(dict.fromkeys(pairs))


def overlaid(overlay: str, folder: Path = DEPLOY) -> list[Object]:
    """What kustomize makes of an overlay of the folder."""
    above = folder / "overlays" / overlay
    kustomization = _kustomization(above)
    objects = [obj for name in kustomization["resources"] for obj in _resources(above / name)]
    patches = [
        patch for name in kustomization.get("patchesStrategicMerge", ()) for patch in _documents(above / name)
    ]
    return [
        _patch_object(obj, [patch for patch in patches if _identity(patch) == _identity(obj)])
        for obj in objects
    ]


def _resources(path: Path) -> Iterator[Object]:
    if not path.is_dir():
        yield from _documents(path)
        return
    for name in _kustomization(path)["resources"]:
        yield from _resources(path / name)


def _kustomization(folder: Path) -> Object:
    return next(_documents(folder / "kustomization.yaml"))


def _documents(file: Path) -> Iterator[Object]:
    # PyYAML costs a tenth of a second that the other commands need not spend.
    import yaml  # noqa: PLC0415 - see above

    # The C parser is ten times as fast; it is not built everywhere.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    yield from yaml.load_all(file.read_text("utf-8"), loader)


def _identity(obj: Object) -> tuple[str, str, str, str]:
    metadata = obj["metadata"]
    return obj["apiVersion"], obj["kind"], metadata.get("namespace", ""), metadata["name"]


def _patch_object(obj: Object, patches: Sequence[Object]) -> Object:
    for patch in patches:
        obj = _merge_values(obj, patch)
    return obj


def _merge_values(old: Any, new: Any) -> Any:
    """A strategic merge: lists of named things by name, what is new first; other lists are replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        both = {key: _merge_values(old[key], value) for key, value in new.items() if key in old}
        return {**old, **new, **both}
    if not (_is_named(old) and _is_named(new)):
        return new
    changes = {each["name"]: each for each in new}
    kept = [_merge_values(each, changes.pop(each["name"], {})) for each in old]
    return [*changes.values(), *kept]


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and "name" in each for each in value)


def _adapt_object(obj: Object, wanted: Installation) -> Object | None:
    renamed: Object = _rename_namespace(obj, wanted.namespace)
    turn = _TURNS.get(obj["kind"])
    return renamed if turn is None else turn(renamed, wanted)


def _rename_namespace(value: Any, namespace: str) -> Any:
    """With another namespace wherever its own is named: alone, in a DNS name, in a reference."""
    if isinstance(value, dict):
        return {key: _rename_namespace(each, namespace) for key, each in value.items()}
    if isinstance(value, list):
        return [_rename_namespace(each, namespace) for each in value]
    return value.replace(NAMESPACE, namespace) if isinstance(value, str) else value


_SCAN_SECRETS = {"name": "GATECLI_ADMISSION_SCAN_SECRETS", "value": "true"}


def _deployment(obj: Object, wanted: Installation) -> Object:
    spec = obj["spec"]
    pod = spec["template"]["spec"]
    more = [_SCAN_SECRETS] if "scan-secrets" in wanted.extras else []
    containers = [{**each, "image": wanted.image, "env": [*each["env"], *more]} for each in pod["containers"]]
    template = {**spec["template"], "spec": {**pod, "containers": containers}}
    return {**obj, "spec": {**spec, "replicas": wanted.replicas, "template": template}}


def _budget(obj: Object, wanted: Installation) -> Object | None:
    """None for a single replica: a budget of one of one lets no node be drained."""
    return None if wanted.replicas == 1 else obj


def _policy(obj: Object, wanted: Installation) -> Object:
    spec = {**obj["spec"], "admission": {**obj["spec"]["admission"], "mode": wanted.mode}}
    entities = {"pii": {"entities": dict(sorted(wanted.entities.items()))}} if wanted.entities else {}
    return {**obj, "spec": {**spec, **entities}}


def _configuration(obj: Object, wanted: Installation) -> Object:
    return {**obj, "webhooks": [_webhook(each, wanted) for each in obj["webhooks"]]}


def _webhook(webhook: Object, wanted: Installation) -> Object:
    selector = webhook["namespaceSelector"]
    expressions = [_excluding(each, wanted.excluded_namespaces) for each in selector["matchExpressions"]]
    return {
        **webhook,
        "failurePolicy": wanted.failure_policy,
        "namespaceSelector": {**selector, "matchExpressions": expressions},
        "rules": [*webhook["rules"], *_rules(wanted.more_resources)],
    }


def _excluding(expression: Object, namespaces: Sequence[str]) -> Object:
    if expression["key"] != BY_NAME:
        return expression
    return {**expression, "values": list(dict.fromkeys([*expression["values"], *namespaces]))}


def _rules(resources: Sequence[ResourceKind]) -> list[Object]:
    return [
        {
            "apiGroups": [each.group],
            "apiVersions": [each.version],
            "operations": ["CREATE", "UPDATE"],
            "resources": [each.plural],
            "scope": "Namespaced",
        }
        for each in dict.fromkeys(resources)
    ]


_TURNS: Mapping[str, Callable[[Object, Installation], Object | None]] = {
    "Deployment": _deployment,
    "PodDisruptionBudget": _budget,
    "PrivacyPolicy": _policy,
    **dict.fromkeys(CONFIGURATIONS, _configuration),
}
