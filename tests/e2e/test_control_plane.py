"""The cluster of the end-to-end tests is a cluster: controllers, access rules, webhooks, restarts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.harness import (
    STUB,
    WebhookProcess,
    render_service_overlay,
    render_url_overlay,
    write_certificates,
)
from tests.e2e.identities import API_SERVER
from tests.e2e.processes import eventually, is_running

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "stub"},
    "spec": {"ports": [{"port": 443}]},
}


def config_map(namespace: str, name: str, *, deny: bool) -> dict[str, Any]:
    labels = {"deny": str(deny).lower()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
    }


def deployment(namespace: str) -> dict[str, Any]:
    labels = {"app": "web"}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "example.com/web"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    }


def configuration(namespace: str, authority: bytes) -> dict[str, Any]:
    """The stub's own, for one namespace, by its Service."""
    webhook = {
        "name": "stub.gatecli.dev",
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["configmaps"],
            }
        ],
        "clientConfig": {
            "service": {"name": "stub", "namespace": namespace, "path": "/validate"},
            "caBundle": base64.b64encode(authority).decode(),
        },
        "namespaceSelector": {"matchLabels": {"guarded-by": namespace}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "failurePolicy": "Fail",
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"stub-{namespace}"},
        "webhooks": [webhook],
    }


@pytest.fixture
def guarded(cluster: ControlPlane, namespace: str) -> str:
    """A namespace that `configuration` selects."""
    assert cluster.kubectl("label", "namespace", namespace, f"guarded-by={namespace}").code == 0
    return namespace


@pytest.fixture
def stub(cluster: ControlPlane, guarded: str, tmp_path: Path) -> Iterator[WebhookProcess]:
    """A running webhook with a certificate of the cluster's authority."""
    certificates = write_certificates(tmp_path / "tls", cluster.authority, f"stub.{guarded}.svc")
    settings = {"certificates": certificates, "client_ca": cluster.folder / "ca.crt"}
    with WebhookProcess("stub", tmp_path, settings, STUB) as running:
        yield running


def wait_until_armed(cluster: ControlPlane, namespace: str) -> None:
    """The API server reads webhook configurations a moment after they are written."""
    probe = config_map(namespace, "probe", deny=True)
    path = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"
    eventually("the webhook denies", lambda: cluster.call("POST", path, probe)[0] == 403)


def test_a_deployment_gets_its_pods_from_the_controllers(cluster: ControlPlane, namespace: str) -> None:
    assert cluster.apply(deployment(namespace), user="editor").code == 0

    def pods() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = cluster.get("pods", "-n", namespace)["items"]
        return found if len(found) == 2 else None

    owners = {pod["metadata"]["ownerReferences"][0]["kind"] for pod in eventually("two Pods", pods)}
    assert owners == {"ReplicaSet"}


def test_an_editor_may_edit_his_namespace_and_nothing_else(cluster: ControlPlane, namespace: str) -> None:
    def may(verb: str, resource: str, *options: str) -> str:
        return cluster.kubectl("auth", "can-i", verb, resource, *options, user="editor").stdout.strip()

    assert may("create", "deployments", "-n", namespace) == "yes"
    assert may("create", "rolebindings", "-n", namespace) == "no"
    assert may("create", "deployments", "-n", "kube-system") == "no"
    assert may("patch", "namespaces") == "no"
    assert may("update", "validatingwebhookconfigurations") == "no"


def test_the_webhooks_account_may_nothing_until_a_role_is_bound(
    cluster: ControlPlane, namespace: str
) -> None:
    refused = cluster.kubectl("get", "pods", "-n", namespace, user="webhook")
    assert refused.code == 1
    assert "system:serviceaccount:gatecli-system:gatecli-admission" in refused.stderr


def test_a_webhook_by_url_denies_and_allows(
    cluster: ControlPlane, guarded: str, stub: WebhookProcess
) -> None:
    authority = cluster.authority.certificate
    rendered = render_url_overlay([configuration(guarded, b"")], stub.url, authority)
    with cluster.applied(*rendered):
        wait_until_armed(cluster, guarded)
        denied = cluster.apply(config_map(guarded, "a", deny=True))
        assert denied.code == 1
        assert 'admission webhook "stub.gatecli.dev" denied the request: denied by stub' in denied.stderr
        assert cluster.apply(config_map(guarded, "a", deny=False)).code == 0


def test_a_webhook_by_service_is_reached_at_the_loopback(
    cluster: ControlPlane, guarded: str, stub: WebhookProcess
) -> None:
    service = {**SERVICE, "metadata": {"name": "stub", "namespace": guarded}}
    manifests = (service, configuration(guarded, cluster.authority.certificate))
    with cluster.applied(*render_service_overlay(manifests, stub.port)):
        wait_until_armed(cluster, guarded)
        assert cluster.apply(config_map(guarded, "a", deny=False)).code == 0


def test_the_api_server_shows_webhooks_its_certificate(
    cluster: ControlPlane, guarded: str, stub: WebhookProcess
) -> None:
    authority = cluster.authority.certificate
    with cluster.applied(*render_url_overlay([configuration(guarded, b"")], stub.url, authority)):
        wait_until_armed(cluster, guarded)
        denied = cluster.apply(config_map(guarded, "a", deny=True))
        assert f"denied by stub for {API_SERVER}" in denied.stderr


def test_a_dead_webhook_fails_closed_in_its_namespaces_alone(
    cluster: ControlPlane, guarded: str, stub: WebhookProcess
) -> None:
    rendered = render_url_overlay([configuration(guarded, b"")], stub.url, cluster.authority.certificate)
    with cluster.applied(*rendered):
        wait_until_armed(cluster, guarded)
        stub.kill()
        refused = cluster.apply(config_map(guarded, "a", deny=False))
        assert refused.code == 1
        assert "failed calling webhook" in refused.stderr
        assert cluster.apply(config_map("default", "a", deny=True)).code == 0


def test_the_cluster_survives_a_restart_of_its_api_server(cluster: ControlPlane, namespace: str) -> None:
    assert cluster.apply(config_map(namespace, "kept", deny=False)).code == 0
    cluster.restart_api_server()
    assert cluster.get("configmap", "kept", "-n", namespace)["metadata"]["name"] == "kept"


def test_a_custom_resource_may_have_labels(cluster: ControlPlane, namespace: str) -> None:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "labelled.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "labelled", "singular": "labelled", "kind": "Labelled"},
            "versions": [version],
        },
    }
    labelled = {
        "apiVersion": "example.com/v1",
        "kind": "Labelled",
        "metadata": {"name": "one", "namespace": namespace, "labels": {"a": "b"}},
    }
    with cluster.applied(definition):
        eventually("the kind is served", lambda: cluster.apply(labelled).code == 0)
        assert cluster.get("labelled", "one", "-n", namespace)["metadata"]["labels"] == {"a": "b"}


def test_nothing_of_a_cluster_is_left_when_it_cannot_start(tmp_path: Path) -> None:
    mark = tmp_path / "etcd.pid"
    scripts = {
        "etcd": f"echo $$ >{mark}; exec sleep 60",
        "kube-apiserver": f"until [ -s {mark} ]; do :; done; exit 1",
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    plane = ControlPlane(tmp_path)
    with pytest.raises(RuntimeError, match="kube-apiserver ended with 1"), plane:
        pass
    assert not plane.folder.exists()
    eventually("etcd is gone", lambda: not is_running(int(mark.read_text())))
