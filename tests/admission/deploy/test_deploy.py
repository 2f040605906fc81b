"""What `kubectl apply -k` would apply."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from admission.review.objects import KINDS
from admission.scan.kinds import KINDS as SCANNED
from admission.scan.kinds import SECRET
from admission.scan.policy_report import CLUSTER_REPORTS, REPORTS
from admission.scan.scanner import State
from admission.settings import FIELDS, PREFIX, WebhookSettings
from gatecli.checks.served_models import MANIFEST
from gatecli.checks.terraform.form_table import shipped_forms
from tests.support.kustomize import kustomized

DEPLOY = Path(__file__).resolve().parents[3] / "admission" / "deploy"
BASE = DEPLOY / "base"
SETTINGS = WebhookSettings()


def objects() -> list[dict[str, Any]]:
    names = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))["resources"]
    return [each for name in names for each in yaml.safe_load_all((BASE / name).read_text("utf-8"))]


def of(kind: str) -> list[dict[str, Any]]:
    return [each for each in objects() if each["kind"] == kind]


def webhooks() -> list[dict[str, Any]]:
    kinds = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
    return [hook for kind in kinds for each in of(kind) for hook in each["webhooks"]]


def test_the_webhooks_fail_closed_and_within_the_settings_own_times() -> None:
    assert len(webhooks()) == 2
    for hook in webhooks():
        assert hook["failurePolicy"] == "Fail"
        assert hook["timeoutSeconds"] > SETTINGS.request_seconds > SETTINGS.scan_seconds
        assert hook["clientConfig"]["service"]["path"] in {"/validate", "/mutate"}
        assert {operation for rule in hook["rules"] for operation in rule["operations"]} == {
            "CREATE",
            "UPDATE",
        }


def test_the_cluster_and_the_webhook_itself_can_always_start() -> None:
    for hook in webhooks():
        label, name = hook["namespaceSelector"]["matchExpressions"]
        assert {"kube-system", SETTINGS.namespace} <= set(name["values"])
        assert label == {"key": "gatecli.dev/unchecked", "operator": "NotIn", "values": ["true"]}
    (namespace,) = of("Namespace")
    assert namespace["metadata"]["labels"]["gatecli.dev/unchecked"] == "true"


def test_pods_are_restricted_and_outlive_their_draining() -> None:
    (deployment,) = of("Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert deployment["spec"]["replicas"] >= 2
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["enableServiceLinks"] is False
    assert pod["terminationGracePeriodSeconds"] > SETTINGS.drain_seconds + SETTINGS.request_seconds
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"webhook": SETTINGS.port, "metrics": SETTINGS.metrics_port}
    names = [each["name"].removeprefix(PREFIX).lower() for each in container["env"]]
    assert set(names) <= set(FIELDS)


def test_no_role_may_read_what_it_does_not_need() -> None:
    for role in (*of("ClusterRole"), *of("Role")):
        for rule in role["rules"]:
            assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
            if "secrets" in rule["resources"] and "get" in rule["verbs"]:
                assert role["kind"] == "Role"
                assert rule["resourceNames"] == [f"{SETTINGS.name}-tls"]


def test_the_background_scan_may_list_every_kind_but_secrets_and_read_no_other_object() -> None:
    (role,) = (each for each in of("ClusterRole") if each["metadata"]["name"] == "gatecli-admission-scan")
    may = {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    for kind in SCANNED:
        assert may.get((kind.group, kind.plural)) == (None if kind is SECRET else {"list"})
    assert may["", "events"] == {"create", "patch"}
    assert all(may[each] == {"list"} for each in serving_kinds())
    assert set(may) - {(kind.group, kind.plural) for kind in SCANNED} - serving_kinds() == {
        ("", "events"),
        ("wgpolicyk8s.io", "policyreports"),
        ("wgpolicyk8s.io", "clusterpolicyreports"),
    }


def test_the_kinds_that_are_scanned_are_those_that_the_webhooks_judge() -> None:
    judged = {
        (group, resource)
        for hook in webhooks()
        for rule in hook["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if "/" not in resource
    }
    assert judged == {(kind.group, kind.plural) for kind in SCANNED} | serving_kinds()


def serving_kinds() -> set[tuple[str, str]]:
    """The kinds beside Kubernetes' own that the webhooks judge."""
    return {
        (group, resource)
        for rule in webhooks()[0]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if "." in group
    }


def test_every_kind_beside_kubernetes_own_serves_a_model_by_the_table() -> None:
    patterns = [
        condition.matches
        for row in shipped_forms()
        if row.type == MANIFEST and row.holds == "model"
        for condition in row.when
        if condition.path == "manifest.apiVersion" and condition.matches
    ]
    for group, _ in serving_kinds():
        assert any(re.search(pattern, f"{group}/v1") for pattern in patterns), group


@pytest.mark.parametrize("part", ["policy", "policy-reports", "scan-secrets"])
def test_an_optional_part_holds_what_its_kustomization_names(part: str) -> None:
    folder = DEPLOY / "optional" / part
    names = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert {file.name for file in folder.iterdir()} == {"kustomization.yaml", *names}


def test_a_report_has_no_field_that_the_optional_definition_does_not_know() -> None:
    text = (DEPLOY / "optional/policy-reports/crds.yaml").read_text("utf-8")
    own, cluster = yaml.safe_load_all(text)
    assert own["spec"]["versions"] == cluster["spec"]["versions"]
    schema = own["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    result = schema["results"]["items"]["properties"]
    assert {str(state) for state in State} < set(result["result"]["enum"])
    assert {"pass", *map(str, State)} == set(schema["summary"]["properties"])
    assert [each["spec"]["names"]["plural"] for each in (own, cluster)] == [
        REPORTS.plural,
        CLUSTER_REPORTS.plural,
    ]


@pytest.mark.parametrize("overlay", ["self-signed", "cert-manager"])
def test_an_overlay_can_be_built(overlay: str, tmp_path: Path) -> None:
    kinds = {each["kind"] for each in kustomized(overlay, tmp_path)}
    assert {"CustomResourceDefinition", "Deployment", "NetworkPolicy"} <= kinds
    # Or one `kubectl apply -k` would not do: the kind is served only after its definition is applied.
    assert "PrivacyPolicy" not in kinds


def test_the_webhooks_are_asked_about_every_kind_that_is_known_and_no_other() -> None:
    # A plural in English, but for the sub-resource, whose kind was its own before Kubernetes 1.22.
    plurals = {(group, f"{kind.lower()}s") for group, kind in KINDS if kind != "EphemeralContainers"}
    plurals |= serving_kinds()
    for hook in webhooks():
        asked = {
            (group, name)
            for rule in hook["rules"]
            for group in rule["apiGroups"]
            for name in rule["resources"]
        }
        assert asked == plurals | {("", "pods/ephemeralcontainers")}
