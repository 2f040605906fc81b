"""What Helm makes of the chart: the objects of `gatecli-admission manifests`, and what it adds to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from admission.cluster.client import ResourceKind
from admission.deploy.rendering import IMAGE, NAMESPACE, Installation, render_objects
from admission.settings import PREFIX, read_settings
from gatecli.model.policy import PrivacyPolicy
from gatecli.package import VERSION
from tests.admission.chart.test_files import SCHEMA, TEMPLATES
from tests.support.chart_files import CHART, leaves
from tests.support.helm import RELEASE, RefusedError, rendered, run, template
from tests.support.kustomize import Key, by_key

Object = dict[str, Any]
DIGEST = "sha256:" + "0f4b" * 16
OWN_LABELS = {
    "app.kubernetes.io/name": "gatecli-admission",
    "app.kubernetes.io/part-of": "gatecli",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/version": VERSION,
    "app.kubernetes.io/managed-by": "Helm",
    "helm.sh/chart": f"gatecli-admission-{VERSION}",
}
ADDED: frozenset[Key] = frozenset({("Service", NAMESPACE, "gatecli-admission-metrics")})
"""What the chart has by default and the manifests have not, beside hooks."""
EVERYTHING: Mapping[str, Any] = MappingProxyType(
    yaml.safe_load((CHART / "ci" / "everything-values.yaml").read_text("utf-8"))
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same installation as values of the chart and as options of the manifests."""

    values: Mapping[str, Any]
    wanted: Installation = field(default_factory=Installation)


PAIRS = {
    "as shipped": Pair({}),
    "cert-manager": Pair({"certificates": {"issuer": "cert-manager"}}, Installation("cert-manager")),
    "another namespace": Pair({}, Installation(namespace="privacy")),
    "a namespace of digits": Pair({}, Installation(namespace="007")),
    "cert-manager in another namespace": Pair(
        {"certificates": {"issuer": "cert-manager"}}, Installation("cert-manager", namespace="privacy")
    ),
    "an image by its digest": Pair(
        {"image": {"registry": "r.example:5000", "repository": "a/g", "tag": "1", "digest": DIGEST}},
        Installation(image=f"r.example:5000/a/g:1@{DIGEST}"),
    ),
    "one replica": Pair({"replicas": 1}, Installation(replicas=1)),
    "five replicas": Pair({"replicas": 5}, Installation(replicas=5)),
    "a policy": Pair({"policy": {"create": True}}, Installation(extras=["policy"])),
    "audit, and the server may be away": Pair(
        {"policy": {"create": True, "mode": "audit"}, "webhooks": {"failurePolicy": "Ignore"}},
        Installation(mode="audit", failure_policy="Ignore"),
    ),
    "entities": Pair(
        {"policy": {"create": True, "mode": "warn", "entities": {"US_SSN": "deny", "IP_ADDRESS": "ignore"}}},
        Installation(mode="warn", entities={"IP_ADDRESS": "ignore", "US_SSN": "deny"}),
    ),
    "excluded namespaces": Pair(
        {"webhooks": {"excludedNamespaces": ["calico-system", "kube-system", "calico-system"]}},
        Installation(excluded_namespaces=["calico-system", "kube-system"]),
    ),
    "custom resources": Pair(
        {
            "webhooks": {
                "customResources": [
                    {"group": "ray.io", "version": "v1", "plural": "rayclusters"},
                    {"group": "kubeflow.org", "version": "v1beta1", "plural": "notebooks"},
                    {"group": "ray.io", "version": "v1", "plural": "rayclusters"},
                ]
            }
        },
        Installation(
            more_resources=[
                ResourceKind("ray.io", "v1", "rayclusters"),
                ResourceKind("kubeflow.org", "v1beta1", "notebooks"),
            ]
        ),
    ),
    "reports and Secrets": Pair(
        {"policyReports": {"install": True}, "scan": {"secrets": True}},
        Installation(extras=["policy-reports", "scan-secrets"]),
    ),
    "much at once": Pair(
        {
            "certificates": {"issuer": "cert-manager"},
            "replicas": 3,
            "policy": {"create": True, "mode": "mask"},
            "scan": {"secrets": True},
            "webhooks": {"excludedNamespaces": ["a", "b"], "failurePolicy": "Ignore"},
        },
        Installation(
            "cert-manager",
            namespace="privacy",
            replicas=3,
            mode="mask",
            failure_policy="Ignore",
            excluded_namespaces=["a", "b"],
            extras=["scan-secrets"],
        ),
    ),
}


def is_hook(obj: Object) -> bool:
    return "helm.sh/hook" in obj["metadata"].get("annotations", {})


def compared(obj: Object) -> Object:
    """Without what a release or a choice of layout alone makes different."""
    copy: Object = json.loads(json.dumps(obj))
    metadata = copy["metadata"]
    metadata.pop("labels", None)
    annotations = metadata.pop("annotations", {})
    annotations.pop("helm.sh/resource-policy", None)
    if annotations:
        metadata["annotations"] = annotations
    if copy["kind"] == "Deployment":
        (container,) = copy["spec"]["template"]["spec"]["containers"]
        container["env"] = sorted(container["env"], key=lambda each: str(each["name"]))
        assert container.pop("imagePullPolicy", "IfNotPresent") == "IfNotPresent"
        if container["image"] == f"{IMAGE}:{VERSION}":
            container["image"] = IMAGE
    return copy


def one(objects: Sequence[Object], kind: str, name: str = "gatecli-admission") -> Object:
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def variables(objects: Sequence[Object]) -> dict[str, Any]:
    (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in container["env"]}


def pods(objects: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    """The name of each object that makes Pods, with its Pod's template."""
    for each in objects:
        if each["kind"] in {"Deployment", "Job"}:
            yield each["metadata"]["name"], each["spec"]["template"]
        if each["kind"] == "Pod":
            yield each["metadata"]["name"], each


def selected(objects: Sequence[Object], selector: Mapping[str, str]) -> set[str]:
    return {
        name for name, pod in pods(objects) if selector.items() <= pod["metadata"].get("labels", {}).items()
    }


def test_helm_finds_nothing_wrong() -> None:
    for file in sorted((CHART / "ci").iterdir()):
        done = run("lint", "--strict", CHART, "--values", file)
        assert done.returncode == 0, done.stdout


def test_a_template_is_left_out_by_no_set_of_values() -> None:
    """What `everything` and `cert-manager` make, together, is of every template."""
    texts = [template(dict(EVERYTHING)), template({"certificates": {"issuer": "cert-manager"}})]
    made = {
        line.partition("/templates/")[2]
        for text in texts
        for line in text.splitlines()
        if "# Source:" in line
    }
    files = {file.relative_to(CHART / "templates").as_posix() for file in TEMPLATES}
    assert files - made == {"NOTES.txt", "_helpers.tpl", "validation.yaml"}


@pytest.mark.parametrize("name", PAIRS)
def test_the_chart_and_the_manifests_are_the_same_objects(name: str) -> None:
    pair = PAIRS[name]
    namespace = pair.wanted.namespace
    made = by_key(
        [compared(each) for each in rendered(pair.values, namespace=namespace) if not is_hook(each)]
    )
    # Helm makes the namespace itself, or an administrator does.
    manifests = [each for each in render_objects(pair.wanted) if each["kind"] != "Namespace"]
    expected = by_key([compared(each) for each in manifests])
    added = {(kind, namespace, name) for kind, _, name in ADDED}
    assert set(made) - set(expected) == added
    assert {key: made.get(key) for key in expected} == expected


def test_every_kind_of_choice_of_the_manifests_is_compared() -> None:
    shipped = Installation()
    for each in Installation.__slots__:
        assert any(getattr(pair.wanted, each) != getattr(shipped, each) for pair in PAIRS.values()), each


# Each value does something

SAMPLES: Mapping[str, Any] = MappingProxyType(
    {
        "affinity": {"nodeAffinity": {}},
        "autoscaling.behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
        "certificates.issuerRef": {"kind": "ClusterIssuer", "name": "ours"},
        "certificates.issuer": "cert-manager",
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "extraVolumeMounts": [{"name": "keys", "mountPath": "/keys"}],
        "extraVolumes": [{"name": "keys", "secret": {"secretName": "keys"}}],
        "image.digest": DIGEST,
        "image.pullPolicy": "Always",
        "imagePullSecrets": [{"name": "pull"}],
        "livenessProbe": {"tcpSocket": {"port": "webhook"}},
        "networkPolicy.apiServerPorts": [8443],
        "networkPolicy.metricsFrom": [{"namespaceSelector": {}}],
        "podDisruptionBudget.minAvailable": "50%",
        "policy.entities": {"US_SSN": "warn"},
        "policy.existing": "deny",
        "policy.mode": "audit",
        "policy.spec": {"pii": {"onIncomplete": "warn"}},
        "priorityClass.preemptionPolicy": "Never",
        "prometheusRule.disabled": ["GatecliAdmissionSlow"],
        "readinessProbe": {"tcpSocket": {"port": "webhook"}},
        "resources": {"limits": {"memory": "1Gi"}},
        "podSecurityContext": {"runAsUser": 1000},
        "securityContext": {"runAsNonRoot": True},
        "settings.failMode": "allow",
        "settings.logLevel": "debug",
        "settings.requestSeconds": 3,
        "settings.drainSeconds": 5,
        "serviceMonitor.interval": "1m",
        "serviceMonitor.scrapeTimeout": "5s",
        "serviceMonitor.metricRelabelings": [{"action": "drop", "sourceLabels": ["kind"], "regex": "x"}],
        "serviceMonitor.relabelings": [{"targetLabel": "team", "replacement": "privacy"}],
        "strategy": {"type": "Recreate"},
        "tolerations": [{"key": "infra", "operator": "Exists"}],
        "topologySpreadConstraints": [],
        "webhooks.customResources": [{"group": "ray.io", "version": "v1", "plural": "rayclusters"}],
        "webhooks.excludedNamespaces": ["calico-system"],
        "webhooks.failurePolicy": "Ignore",
        "webhooks.matchConditions": [{"name": "not-a-node", "expression": "true"}],
        "webhooks.namespaceSelector": [{"key": "privacy", "operator": "Exists"}],
        "webhooks.timeoutSeconds": 10,
        "dnsPolicy": "ClusterFirstWithHostNet",
    }
)
BEFORE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "certificates.certManagerNamespace": {"certificates": {"issuer": "cert-manager"}},
        "certificates.issuerRef": {"certificates": {"issuer": "cert-manager"}},
        "metricsService.enabled": {},
        "replicas": {},
        "priorityClassName": {},
    }
)
"""What must hold for a value to mean something, where everything being switched on is not it."""


def sample(name: str, schema: Mapping[str, Any]) -> object:
    """Another value than the default."""
    if name in SAMPLES:
        return SAMPLES[name]
    kinds: Mapping[str, object] = {
        "boolean": not schema.get("default"),
        "integer": schema.get("default", (schema.get("examples") or [1])[0]),
        "number": schema.get("default", (schema.get("examples") or [1])[0]),
        "object": {"a.example/b": "c"},
        "string": "another",
    }
    found = kinds[schema["type"]]
    return found + 1 if isinstance(found, int | float) and not isinstance(found, bool) else found


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: merged(old[key], new[key]) for key in new if isinstance(new[key], dict) and key in old}
    return {**old, **new, **both}


def nested(name: str, value: object) -> dict[str, Any]:
    for part in reversed(name.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def before_changing(name: str, value: object) -> dict[str, Any]:
    """Values under which another value of `name` means something."""
    everything = dict(BEFORE.get(name, EVERYTHING))
    return everything if merged(everything, nested(name, value)) != everything else {}


@pytest.mark.parametrize(
    ("name", "schema"), list(leaves(SCHEMA)), ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_value_changes_what_is_rendered(name: str, schema: Mapping[str, Any]) -> None:
    value = sample(name, schema)
    before = before_changing(name, value)
    assert template(merged(before, nested(name, value))) != rendered_before(json.dumps(before))


@cache
def rendered_before(values: str) -> str:
    return template(json.loads(values))


# What contradicts itself is refused


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"webhooks": {"timeoutSeconds": 4}}, "settings.requestSeconds"),
        ({"settings": {"requestSeconds": 5}}, "webhooks.timeoutSeconds"),
        ({"terminationGracePeriodSeconds": 15}, "settings.drainSeconds"),
        ({"settings": {"drainSeconds": 60}}, "terminationGracePeriodSeconds"),
        ({"autoscaling": {"enabled": True, "minReplicas": 7}}, "autoscaling.maxReplicas"),
        (
            {"serviceMonitor": {"enabled": True}, "metricsService": {"enabled": False}},
            "metricsService.enabled",
        ),
        ({"certificates": {"issuerRef": {"name": "ours"}}}, "cert-manager"),
        ({"prometheusRule": {"enabled": True, "disabled": ["Typo"]}}, "GatecliAdmissionSlow"),
        ({"replica": 2}, "replica"),
        ({"settings": {"port": 1}}, "port"),
        ({"nodeSelector": {"gpu": True}}, "nodeSelector"),
    ],
)
def test_values_that_cannot_work_are_refused_with_what_to_change(values: dict[str, Any], word: str) -> None:
    with pytest.raises(RefusedError, match=word):
        rendered(values)


def test_it_is_not_installed_beside_what_must_start_without_it() -> None:
    with pytest.raises(RefusedError, match="namespace of its own"):
        rendered(namespace="kube-system")


# What the chart adds


def test_every_object_says_which_release_it_belongs_to() -> None:
    for each in rendered(EVERYTHING):
        if each["kind"] == "CustomResourceDefinition" and each["spec"]["group"] == "gatecli.dev":
            continue  # of crds/, which Helm does not render
        if each["kind"] != "Pod":
            assert OWN_LABELS.items() <= each["metadata"]["labels"].items(), each["metadata"]["name"]


def test_labels_of_one_s_own_come_to_every_object_and_replace_none() -> None:
    for each in rendered({**EVERYTHING, "commonLabels": {"team": "privacy", "app.kubernetes.io/name": "x"}}):
        labels = each["metadata"]["labels"]
        if "helm.sh/chart" in labels:
            assert labels["team"] == "privacy"
            assert labels["app.kubernetes.io/name"] == "gatecli-admission"


@pytest.mark.parametrize("values", [{}, dict(EVERYTHING)], ids=["default", "everything"])
def test_every_pod_keeps_the_restricted_standard_and_its_node_free(values: dict[str, Any]) -> None:
    names = set()
    for name, pod in pods(rendered(values)):
        names.add(name)
        context, (container,) = pod["spec"]["securityContext"], pod["spec"]["containers"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert container["image"] == f"{IMAGE}:{VERSION}"
        assert "hostNetwork" not in pod["spec"]
    assert names == {"gatecli-admission", "gatecli-admission-disarm", "gatecli-admission-test"}


@pytest.mark.parametrize("values", [{}, dict(EVERYTHING)], ids=["default", "everything"])
def test_what_selects_pods_selects_those_of_the_deployment_alone(values: dict[str, Any]) -> None:
    objects, ours = rendered(values), {"gatecli-admission"}
    for each in objects:
        if each["kind"] == "Service":
            assert selected(objects, each["spec"]["selector"]) == ours
        if each["kind"] in {"Deployment", "PodDisruptionBudget"}:
            assert selected(objects, each["spec"]["selector"]["matchLabels"]) == ours
        if each["kind"] == "NetworkPolicy":
            assert selected(objects, each["spec"]["podSelector"]["matchLabels"]) == ours
    (pod,) = (pod for name, pod in pods(objects) if name == "gatecli-admission")
    for constraint in pod["spec"]["topologySpreadConstraints"]:
        assert selected(objects, constraint["labelSelector"]["matchLabels"]) == ours


def test_prometheus_reads_each_replica_once() -> None:
    objects = rendered({"serviceMonitor": {"enabled": True}})
    monitor = one(objects, "ServiceMonitor")["spec"]
    (service,) = (
        each
        for each in objects
        if each["kind"] == "Service"
        and monitor["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
    )
    assert service["metadata"]["name"] == "gatecli-admission-metrics"
    assert [each["name"] for each in service["spec"]["ports"]] == [
        each["port"] for each in monitor["endpoints"]
    ]
    assert monitor["namespaceSelector"] == {"matchNames": [NAMESPACE]}


def test_settings_become_variables_that_the_webhook_reads() -> None:
    settings = {
        "bodyBytes": 8_388_608,
        "scanSeconds": 0.5,
        "logLevel": "debug",
        "workers": 4,
        "drainSeconds": 0,
    }
    values = {"settings": settings, "ports": {"webhook": 10443, "metrics": 10080}, "scan": {"secrets": True}}
    found = {name: value for name, value in variables(rendered(values)).items() if value is not None}
    read = read_settings(found)
    assert (read.body_bytes, read.scan_seconds, read.log_level) == (8_388_608, 0.5, "debug")
    assert (read.workers, read.drain_seconds, read.scan_secrets) == (4, 0, True)
    assert (read.port, read.metrics_port) == (10443, 10080)
    assert all(name.startswith(PREFIX) for name in found)


def test_an_autoscaler_alone_says_how_many_replicas_there_are() -> None:
    objects = rendered({"autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 9}})
    deployment, scaler = one(objects, "Deployment"), one(objects, "HorizontalPodAutoscaler")["spec"]
    assert "replicas" not in deployment["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 9)
    assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    kinds = {each["kind"] for each in rendered({"autoscaling": {"enabled": True, "minReplicas": 1}})}
    assert "PodDisruptionBudget" not in kinds


def test_a_priority_of_one_s_own_is_that_of_the_pods() -> None:
    objects = rendered({"priorityClass": {"create": True, "value": 7}})
    assert one(objects, "PriorityClass")["value"] == 7
    (pod,) = (pod for name, pod in pods(objects) if name == "gatecli-admission")
    assert pod["spec"]["priorityClassName"] == "gatecli-admission"


def test_the_policy_can_be_used() -> None:
    values = {"policy": {"create": True, "mode": "warn", "spec": {"admission": {"secretRef": True}}}}
    made = one(rendered(values), "PrivacyPolicy", "default")
    policy = PrivacyPolicy.from_file({**made, "metadata": {"name": "default"}})
    assert policy.spec.admission.mode == "warn"
    assert policy.spec.admission.secret_ref
    assert policy.spec.admission.existing == "warn"


def test_the_alerts_are_the_file_s_own() -> None:
    told = yaml.safe_load((CHART / "files/alerts.yaml").read_text("utf-8"))["groups"]
    assert one(rendered({"prometheusRule": {"enabled": True}}), "PrometheusRule")["spec"]["groups"] == told


def test_an_alert_gets_a_team_and_a_runbook_and_can_be_left_out() -> None:
    values = {
        "enabled": True,
        "alertLabels": {"team": "privacy", "severity": "none"},
        "disabled": ["GatecliAdmissionSlow"],
        "runbookUrl": "https://docs.example/admission-operations/",
    }
    (group,) = one(rendered({"prometheusRule": values}), "PrometheusRule")["spec"]["groups"]
    rules = {each["alert"]: each for each in group["rules"]}
    assert "GatecliAdmissionSlow" not in rules
    absent = rules["GatecliAdmissionAbsent"]
    assert absent["labels"] == {"team": "privacy", "severity": "critical"}
    url = "https://docs.example/admission-operations/#gatecliadmissionabsent"
    assert absent["annotations"]["runbook_url"] == url


def test_grafana_s_sidecar_finds_the_dashboard() -> None:
    made = one(rendered({"dashboard": {"enabled": True}}), "ConfigMap", "gatecli-admission-dashboard")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    ((name, text),) = made["data"].items()
    assert name.endswith(".json")
    assert json.loads(text) == json.loads((CHART / "files/dashboard.json").read_text("utf-8"))


# Hooks


def hooks(objects: Sequence[Object], event: str) -> list[Object]:
    return [each for each in objects if each["metadata"].get("annotations", {}).get("helm.sh/hook") == event]


def test_the_webhook_configurations_go_before_the_rest_and_by_no_more_right_than_that() -> None:
    made = hooks(rendered(), "pre-delete")
    assert [each["kind"] for each in made] == ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Job"]
    account, role, binding, job = made
    assert role["rules"] == [
        {
            "apiGroups": ["admissionregistration.k8s.io"],
            "resources": ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
            "resourceNames": ["gatecli-admission"],
            "verbs": ["delete"],
        }
    ]
    assert binding["subjects"][0]["name"] == account["metadata"]["name"]
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["args"] == ["disarm"]


@pytest.mark.parametrize("event", ["pre-delete", "test"])
def test_what_a_hook_needs_comes_before_it_and_goes_with_it(event: str) -> None:
    *needed, worker = hooks(rendered(), event)
    weights = [int(each["metadata"]["annotations"]["helm.sh/hook-weight"]) for each in (*needed, worker)]
    assert max(weights[:-1]) < weights[-1]
    for each in needed:
        policy = set(each["metadata"]["annotations"]["helm.sh/hook-delete-policy"].split(","))
        assert policy == {"before-hook-creation", "hook-succeeded", "hook-failed"}


def test_hooks_can_be_left_out() -> None:
    objects = rendered({"disarm": {"enabled": False}, "test": {"enabled": False}})
    assert not [each for each in objects if is_hook(each)]


def test_no_right_is_to_everything() -> None:
    for each in rendered(EVERYTHING):
        for rule in each.get("rules") or ():
            assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
            if "secrets" in rule["resources"] and {"get", "update", "patch"} & set(rule["verbs"]):
                assert each["kind"] == "Role"
                assert rule["resourceNames"]


def test_whoever_uninstalls_keeps_the_reports_of_other_tools() -> None:
    for each in rendered({"policyReports": {"install": True}}):
        if each["kind"] == "CustomResourceDefinition" and each["spec"]["group"] == "wgpolicyk8s.io":
            assert each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def notes(values: Mapping[str, Any]) -> str:
    done = run("install", RELEASE, CHART, "--dry-run=client", "--namespace", NAMESPACE, values=values)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:")[2]


def test_the_notes_say_what_to_do_next_and_what_is_risky() -> None:
    plain = notes({})
    assert "helm test gatecli-admission -n gatecli-system" in plain
    assert "in mode deny" in plain
    assert "image.digest" in plain
    safe = notes({"image": {"digest": DIGEST}, "policy": {"create": True, "mode": "audit"}})
    assert "WARNING" not in safe
    assert "mode audit" in safe
    extended = notes({"policy": {"create": True, "spec": {"admission": {"mode": "audit"}}}})
    assert "mode audit" in extended
    from_a_file = notes({"settings": {"policy": "/etc/gatecli/policy.yaml"}})
    assert "Policies of the cluster are not read" in from_a_file
    assert "without a search" in notes({"webhooks": {"failurePolicy": "Ignore"}})
    risky = notes({"replicas": 1, "disarm": {"enabled": False}})
    assert "single replica" in risky
    assert "before you uninstall" in risky
