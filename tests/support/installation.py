"""An installation in which all is well, as the API server would show it, for probes to look at."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from admission.deploy.rendering import (
    NAMESPACE,
    Certificates,
    Installation,
    render_objects,
    resources_asked_about,
)
from admission.doctor.cluster_snapshot import DEPLOYMENT, REPORTS, Observation, subject_of
from admission.doctor.diagnosis import Scene
from admission.tls.certificates import KeyPair, issue, new_authority

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAME = "gatecli-admission"
SERVICE = f"{NAME}.{NAMESPACE}.svc"
Object = dict[str, Any]


@cache
def authority() -> KeyPair:
    return new_authority(NOW)


@cache
def leaf(days: int = 90, name: str = SERVICE) -> KeyPair:
    return issue(authority(), [name], NOW, life=timedelta(days=days))


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def shown_secret(certificate: bytes) -> Object:
    return {"data": {"tls.crt": encoded(certificate)}}


@cache
def shipped_objects(certificates: Certificates) -> dict[str, Object]:
    wanted = Installation(certificates=certificates, extras=["policy"])
    return {each["kind"]: each for each in render_objects(wanted)}


asked_about = cache(resources_asked_about)


def well(certificates: Certificates = "self-signed") -> dict[str, Any]:
    """What stands at each place: change it, and give it to `scene_of`."""
    shipped = copy.deepcopy(shipped_objects(certificates))
    validating, mutating = (shipped[f"{kind}WebhookConfiguration"] for kind in ("Validating", "Mutating"))
    for configuration in (validating, mutating):
        configuration["webhooks"][0]["clientConfig"]["caBundle"] = encoded(authority().certificate)
    policy = shipped["PrivacyPolicy"]
    policy["metadata"]["generation"] = 3
    policy["status"] = {"conditions": [condition("True", "InForce", 3)]}
    return {
        "version": {"major": "1", "minor": "31+", "gitVersion": "v1.31.2"},
        "policies": definition(),
        "waivers": definition(),
        "reports": {"metadata": {"name": REPORTS}},
        DEPLOYMENT: {**shipped["Deployment"], "status": {"availableReplicas": 2}},
        "service": shipped["Service"],
        "validating": validating,
        "mutating": mutating,
        "certificate": shown_secret(leaf().certificate),
        "policy": policy,
        "all waivers": {"items": []},
        "lease": {
            "metadata": {"name": NAME},
            "spec": {"holderIdentity": "pod-1", "renewTime": "2026-11-21T11:59:55.000000Z"},
        },
        "namespaces": {
            "items": [namespace(name) for name in ("default", "kube-system", NAMESPACE, "team-a")]
        },
    }


def scene_of(places: dict[str, Any], hidden: str = "") -> Scene:
    """The scene; the place `hidden` could not be looked at."""
    seen = {key: Observation(found) for key, found in places.items()}
    if hidden:
        seen[hidden] = Observation(why=f"GET /{hidden}: 403 Forbidden", mend="be somebody else")
    subject = subject_of(NAMESPACE, NAME, places[DEPLOYMENT] or {})
    return Scene(subject, seen, NOW, asked_about())


def condition(status: str, reason: str, generation: int, message: str = "m") -> Object:
    return {
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
    }


def definition() -> Object:
    return {
        "spec": {"versions": [{"name": "v1", "served": True}]},
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    }


def namespace(name: str, **labels: str) -> Object:
    own = {"kubernetes.io/metadata.name": name, **labels}
    return {"metadata": {"name": name, "labels": own}}


def waiver(name: str, expires: str, **more: Any) -> Object:
    spec = {"rule": "pii-us-ssn", "subject": "Job/etl", "reason": "r", "owner": "o", "expires": expires}
    return {"metadata": {"namespace": "team-a", "name": name}, "spec": spec, **more}
