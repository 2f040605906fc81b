"""The kinds that a scan lists: those that the webhook is shipped for, and what its configuration adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from admission.cluster.client import Client, MissingError, ResourceKind
from admission.tls.certificate_manager import CONFIGURATIONS
from gatecli.errors import ConfigurationError

ANY = "*"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind by its plural, as its API's `versions` serve it, the best first."""

    name: str
    group: str
    plural: str
    versions: tuple[str, ...] = ("v1",)
    is_namespaced: bool = True

    def resource(self, version: str) -> ResourceKind:
        return ResourceKind(self.group, version, self.plural)

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


SECRET = Kind("Secret", "", "secrets")
KINDS: tuple[Kind, ...] = (
    Kind("Deployment", "apps", "deployments"),
    Kind("CronJob", "batch", "cronjobs", ("v1", "v1beta1")),
    Kind("StatefulSet", "apps", "statefulsets"),
    Kind("DaemonSet", "apps", "daemonsets"),
    Kind("ReplicationController", "", "replicationcontrollers"),
    Kind("ReplicaSet", "apps", "replicasets"),
    Kind("Job", "batch", "jobs"),
    Kind("Pod", "", "pods"),
    Kind("PodTemplate", "", "podtemplates"),
    Kind("ConfigMap", "", "configmaps"),
    Kind("Service", "", "services"),
    SECRET,
)
"""Owners before what they own, so that a copy is known when it is met."""

_KNOWN = frozenset((kind.group, kind.plural) for kind in KINDS)


async def further_kinds(client: Client, configuration: str) -> tuple[Kind, ...]:
    """The kinds besides `KINDS` that the validating webhook configuration of that name has judged.

    None where there is no such configuration; what is not served has no objects. Raises ClusterError, and
    ConfigurationError for a rule that names no kinds one by one.
    """
    try:
        found = await client.get(CONFIGURATIONS[0].path(name=configuration))
    except MissingError:
        return ()
    asked = list(dict.fromkeys(_configured_kinds(found)))
    kinds: dict[tuple[str, str], Kind] = {}
    for group, version in dict.fromkeys((group, version) for group, version, _ in asked):
        plurals = {plural for *at, plural in asked if at == [group, version]}
        for kind in _select_kinds(await _served_resources(client, group, version), group, version, plurals):
            known = kinds.get((group, kind.plural))
            versions = (*known.versions, version) if known else (version,)
            kinds[group, kind.plural] = Kind(kind.name, group, kind.plural, versions, kind.is_namespaced)
    return tuple(kinds.values())


def _configured_kinds(configuration: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Group, version and plural of every rule; a sub-resource is part of its object."""
    for webhook in configuration.get("webhooks") or ():
        for rule in webhook.get("rules") or ():
            parts = (rule.get(key) or () for key in ("apiGroups", "apiVersions", "resources"))
            for group, version, plural in product(*parts):
                if "/" in plural or (group, plural) in _KNOWN:
                    continue
                if ANY in {group, version}:
                    raise ConfigurationError(
                        f"the webhook {webhook.get('name')} has a rule for every API group or version",
                        advice="name groups and versions, so that existing objects can be scanned",
                    )
                yield group, version, plural


async def _served_resources(client: Client, group: str, version: str) -> Sequence[Mapping[str, Any]]:
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    try:
        found = await client.get(root)
    except MissingError:
        return ()
    return tuple(found.get("resources") or ())


def _select_kinds(
    served: Iterable[Mapping[str, Any]], group: str, version: str, plurals: set[str]
) -> Iterator[Kind]:
    for each in served:
        plural = str(each["name"])
        is_wanted = plural in plurals or ANY in plurals
        if is_wanted and "/" not in plural and "list" in each["verbs"] and (group, plural) not in _KNOWN:
            yield Kind(str(each["kind"]), group, plural, (version,), bool(each["namespaced"]))
