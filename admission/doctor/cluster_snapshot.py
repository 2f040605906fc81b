"""What `doctor` reads of a cluster: a table of places, each looked at once, none of it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from admission.cluster.client import Client, ClusterError, ForbiddenError, MissingError, ResourceKind
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.cluster.leader_election import LEASES
from admission.settings import WebhookSettings, read_settings
from admission.tls.certificate_manager import CONFIGURATIONS, SECRETS
from gatecli.errors import ConfigurationError

Object = Mapping[str, Any]
DEFINITIONS = ResourceKind("apiextensions.k8s.io", "v1", "customresourcedefinitions")
DEPLOYMENTS = ResourceKind("apps", "v1", "deployments")
SERVICES = ResourceKind("", "v1", "services")
NAMESPACES = ResourceKind("", "v1", "namespaces")
REPORTS = "policyreports.wgpolicyk8s.io"


@dataclass(frozen=True, slots=True)
class Observation:
    """What stands at a place: an object, or the `items` of a list; None where nothing does.

    `why` says why it could not be looked at, and `mend` what helps; then nothing is known about it.
    """

    found: Object | None = None
    why: str = ""
    mend: str = ""

    @property
    def items(self) -> tuple[Object, ...]:
        """The objects of a list; none where nothing stands there."""
        return tuple((self.found or {}).get("items") or ())


@dataclass(frozen=True, slots=True)
class Subject:
    """Which installation is looked at. `settings` are what its Deployment gives it; None for unusable."""

    namespace: str
    name: str
    settings: WebhookSettings | None = field(default_factory=WebhookSettings)
    secret: str = ""
    """The Secret of the certificate that is shown."""


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """A path to look at; `is_list` where all of it is wanted."""

    path: Callable[[Subject], str]
    is_list: bool = False


def _definition(name: str) -> ClusterPlace:
    return ClusterPlace(lambda _: DEFINITIONS.path(name=name))


PLACES: Mapping[str, ClusterPlace] = MappingProxyType(
    {
        "version": ClusterPlace(lambda _: "/version"),
        "policies": _definition("privacypolicies.gatecli.dev"),
        "waivers": _definition("privacywaivers.gatecli.dev"),
        "reports": _definition(REPORTS),
        "service": ClusterPlace(lambda subject: SERVICES.path(subject.namespace, subject.name)),
        "validating": ClusterPlace(lambda subject: CONFIGURATIONS[0].path(name=subject.name)),
        "mutating": ClusterPlace(lambda subject: CONFIGURATIONS[1].path(name=subject.name)),
        "certificate": ClusterPlace(lambda subject: SECRETS.path(subject.namespace, subject.secret)),
        "policy": ClusterPlace(
            lambda subject: POLICIES.path(name=(subject.settings or WebhookSettings()).policy_name)
        ),
        "all waivers": ClusterPlace(lambda _: WAIVERS.path(), is_list=True),
        "lease": ClusterPlace(lambda subject: LEASES.path(subject.namespace, subject.name)),
        "namespaces": ClusterPlace(lambda _: NAMESPACES.path(), is_list=True),
    }
)
"""All but the Deployment, which says where some of the others are."""
DEPLOYMENT = "deployment"

Seen = Mapping[str, Observation]


async def look_around(client: Client, namespace: str, name: str) -> tuple[Subject, Seen]:
    """Look at every place of the installation. Raises ConfigurationError for unusable credentials alone."""
    deployment = await _look(
        client, ClusterPlace(lambda _: DEPLOYMENTS.path(namespace, name)), Subject(namespace, name)
    )
    subject = subject_of(namespace, name, deployment.found or {})
    sights = await asyncio.gather(*(_look(client, place, subject) for place in PLACES.values()))
    return subject, {DEPLOYMENT: deployment, **dict(zip(PLACES, sights, strict=True))}


async def _look(client: Client, place: ClusterPlace, subject: Subject) -> Observation:
    path = place.path(subject)
    try:
        if not place.is_list:
            return Observation(await client.get(path))
        return Observation({"items": [item async for page in client.pages(path) for item in page.items]})
    except MissingError:
        return Observation()
    except ForbiddenError as error:
        return Observation(why=error.message, mend="run it as a user who may read this")
    except ClusterError as error:
        return Observation(why=error.message, mend=error.advice or "run it again")


def subject_of(namespace: str, name: str, deployment: Object) -> Subject:
    """The installation as its Deployment says it is; as shipped where there is none."""
    settings = _settings_of(deployment)
    folder = settings.certificates if settings else None
    return Subject(namespace, name, settings, _secret_at(str(folder), deployment) or f"{name}-tls")


def pod_of(deployment: Object) -> Object:
    """The spec of its Pods; empty where there is none."""
    pod: Object = deployment.get("spec", {}).get("template", {}).get("spec", {})
    return pod


def _settings_of(deployment: Object) -> WebhookSettings | None:
    given = [each for container in _containers(deployment) for each in container.get("env") or ()]
    try:
        return read_settings({each["name"]: each["value"] for each in given if "value" in each})
    except ConfigurationError:
        return None


def _secret_at(folder: str, deployment: Object) -> str:
    """The Secret that is mounted there; "" for none."""
    mounts = [each for container in _containers(deployment) for each in container.get("volumeMounts") or ()]
    names = {each["name"] for each in mounts if each["mountPath"] == folder}
    volumes = pod_of(deployment).get("volumes") or ()
    return next(
        (each["secret"]["secretName"] for each in volumes if each["name"] in names and "secret" in each), ""
    )


def _containers(deployment: Object) -> Sequence[Object]:
    containers: Sequence[Object] = pod_of(deployment).get("containers") or ()
    return containers
