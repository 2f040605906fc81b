"""What a cluster does with workloads that hold a value from before the webhook: all of it goes on.

The controllers are the real ones of the control plane. There is no node: what a kubelet does (a Pod that is
bound and ends) is asked of the API here. HPAs scale to their minimum, for which they need no metrics.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.control_plane import Answer, ControlPlane
from tests.e2e.installation import Installation
from tests.support.reviews import MASK, OTHER_ID, RESIDENT_ID, manifest

Object = dict[str, Any]
BEFORE = "it was there before"
CONTROLLER = "system:serviceaccount:kube-system:replicaset-controller"
LABELS = {"app": "etl"}


@pytest.fixture(scope="module", name="webhook")
def the_webhook(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(cluster, tmp_path_factory.mktemp("webhook"), names=("one",)) as running:
        yield running
        logs = "".join(replica.logged() for replica in running.replicas)
    assert RESIDENT_ID not in logs
    assert "Traceback" not in logs


@pytest.fixture(params=["deny", "mask"])
def mode(request: pytest.FixtureRequest) -> str:
    """What the policy says once the workloads are there."""
    return str(request.param)


class Cluster:
    """A namespace with workloads in it that hold a value, and kubectl for its editor."""

    def __init__(self, webhook: Installation, namespace: str) -> None:
        self.webhook, self.cluster, self.namespace = webhook, webhook.cluster, namespace

    def kubectl(self, *arguments: str, user: str = "editor", stdin: str = "") -> Answer:
        return self.cluster.kubectl(*arguments, "--namespace", self.namespace, user=user, stdin=stdin)

    def done(self, *arguments: str, user: str = "editor") -> str:
        """The warnings of a call that must not fail."""
        answer = self.kubectl(*arguments, user=user)
        assert answer.code == 0, answer
        assert RESIDENT_ID not in answer.stderr
        return answer.stderr

    def apply(self, obj: Object, *options: str) -> Answer:
        return self.cluster.apply(obj, user="editor", options=("--namespace", self.namespace, *options))

    def get(self, what: str) -> Object:
        return self.cluster.get(what, "--namespace", self.namespace)

    def pods(self) -> list[Object]:
        """The Pods that nobody is deleting."""
        found = self.cluster.get("pods", "-l", "app=etl", "--namespace", self.namespace)["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def wait_for_pods(self, number: int) -> list[Object]:
        def looked() -> list[Object] | None:
            pods = self.pods()
            return pods if len(pods) == number else None

        pods: list[Object] = self.webhook.wait_for(f"{number} Pods", looked, 45)
        assert all(value_of(pod) == RESIDENT_ID for pod in pods), "an old value is never masked in a copy"
        return pods

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return self.cluster.call(method, f"/api/v1/namespaces/{self.namespace}/{path}", body)


def value_of(pod: Object) -> str:
    value: str = pod["spec"]["containers"][0]["env"][1]["value"]
    return value


def deployment(value: str = RESIDENT_ID) -> Object:
    made = manifest("Deployment", value)
    made["metadata"]["labels"] = LABELS
    made["spec"] |= {"replicas": 1, "selector": {"matchLabels": LABELS}}
    return made


def job() -> Object:
    made = manifest("Job", name="once")
    made["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    return made


def under(webhook: Installation, namespace: str, mode: str, *objects: Object) -> Cluster:
    """A namespace in which `objects` were made before `mode` came."""
    webhook.set_policy(admission={"mode": "audit"})
    found = Cluster(webhook, namespace)
    for obj in objects:
        answer = found.apply(obj)
        assert answer.code == 0, answer
    if objects:
        found.wait_for_pods(len(objects))
    webhook.set_policy(admission={"mode": mode})
    return found


@pytest.fixture(name="running")
def a_running_deployment(webhook: Installation, namespace: str, mode: str) -> Cluster:
    return under(webhook, namespace, mode, deployment())


def test_a_horizontal_autoscaler_scales(running: Cluster) -> None:
    running.done("autoscale", "deployment/etl", "--min=3", "--max=4", "--cpu-percent=80")
    running.wait_for_pods(3)


def test_kubectl_scales_a_deployment_and_its_replica_set(running: Cluster) -> None:
    running.done("scale", "deployment/etl", "--replicas=2")
    (replicas,) = running.get("replicasets")["items"]
    running.wait_for_pods(2)
    running.done("delete", "deployment/etl", "--cascade=orphan")
    running.done("scale", f"replicaset/{replicas['metadata']['name']}", "--replicas=3")
    running.wait_for_pods(3)


def test_a_drained_node_loses_its_pods_and_others_take_their_place(running: Cluster) -> None:
    (pod,) = running.pods()
    name, node = pod["metadata"]["name"], f"node-{running.namespace}"
    assert running.cluster.call("POST", "/api/v1/nodes", {"metadata": {"name": node}})[0] == 201
    try:
        binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": node}}
        assert running.call("POST", f"pods/{name}/binding", binding)[0] == 201
        drain = ("drain", node, "--grace-period=0", "--force", "--timeout=30s")
        drained = running.cluster.kubectl(*drain)
        assert drained.code == 0, drained
        (fresh,) = running.wait_for_pods(1)
        assert fresh["metadata"]["name"] != name
    finally:
        running.cluster.call("DELETE", f"/api/v1/nodes/{node}")


def test_a_rollout_goes_forward_restarts_and_back(running: Cluster) -> None:
    def rolled(*command: str) -> None:
        before = {pod["metadata"]["uid"] for pod in running.pods()}
        running.done(*command)

        def replaced() -> bool:
            sets = running.get("replicasets")["items"]
            return (
                any(
                    pod["metadata"]["uid"] not in before and value_of(pod) == RESIDENT_ID
                    for pod in running.pods()
                )
                and len(sets) > 1
            )

        running.webhook.wait_for("a Pod of the new version", replaced, 45)

    running.done("patch", "deployment/etl", "-p", '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1}}}}')
    rolled("set", "image", "deployment/etl", "main=registry.example/etl:2")
    rolled("rollout", "restart", "deployment/etl")
    # No Pod becomes ready without a node, so the way back deletes the newest and makes none.
    running.done("rollout", "undo", "deployment/etl", "--to-revision=1")


def test_labels_and_annotations_of_all_that_is_there_change(running: Cluster) -> None:
    (pod,) = running.pods()
    (replicas,) = running.get("replicasets")["items"]
    for what in (
        "deployment/etl",
        f"replicaset/{replicas['metadata']['name']}",
        f"pod/{pod['metadata']['name']}",
    ):
        assert BEFORE in running.done("label", what, "team=a")
        assert BEFORE in running.done("annotate", what, f"{what.partition('/')[0]}=a")
        assert BEFORE in running.done("label", what, "team-")
    assert value_of(running.pods()[0]) == RESIDENT_ID


def test_server_side_apply_changes_what_it_does_not_bring(running: Cluster) -> None:
    more = deployment()
    more["spec"]["replicas"] = 2
    more["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/etl:1.2.3"
    answer = running.apply(more, "--server-side", "--force-conflicts")
    assert answer.code == 0, answer
    assert BEFORE in answer.stderr
    running.wait_for_pods(2)
    more["metadata"]["annotations"] = {"note": OTHER_ID}
    masks = running.apply(more, "--server-side", "--force-conflicts")
    if masks.code:
        assert "/metadata/annotations/note" in masks.stderr
    else:
        assert running.get("deployment/etl")["metadata"]["annotations"]["note"] == "*" * 16 + "39"
    assert OTHER_ID not in masks.stderr


def test_kubectl_apply_takes_the_value_out_and_moves_it_to_a_secret(running: Cluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "person"}}
    answer = running.apply({**secret, "stringData": {"id": RESIDENT_ID}})
    assert answer == Answer(0, "secret/person created\n", "")
    mended = deployment()
    reference = {"secretKeyRef": {"name": "person", "key": "id"}}
    env = mended["spec"]["template"]["spec"]["containers"][0]["env"]
    env[1] = {"name": "CUSTOMER_ID", "valueFrom": reference}
    assert running.apply(mended) == Answer(0, "deployment.apps/etl configured\n", "")
    assert RESIDENT_ID not in json.dumps(running.get("deployment/etl"))


def test_an_ephemeral_container_is_added_to_an_old_pod(running: Cluster) -> None:
    name = running.pods()[0]["metadata"]["name"]
    path = f"pods/{name}/ephemeralcontainers"

    def debug(value: str) -> tuple[int, Any]:
        container = {"name": "debug", "image": "busybox", "env": [{"name": "ID", "value": value}]}
        container |= {"terminationMessagePolicy": "File", "imagePullPolicy": "Always"}
        found = running.call("GET", path)[1]
        return running.call("PUT", path, {**found, "ephemeralContainers": [container]})

    status, answer = debug(OTHER_ID)
    if status == 403:
        assert debug("batch-7")[0] == 200
    else:
        assert answer["ephemeralContainers"][0]["env"][0]["value"] == "*" * 16 + "39"


@pytest.mark.parametrize(
    "change",
    [
        ("set", "env", "deployment/etl", f"OTHER={OTHER_ID}"),
        ("set", "env", "deployment/etl", f"CUSTOMER_ID={OTHER_ID}"),
        ("annotate", "deployment/etl", f"customer={RESIDENT_ID}"),
    ],
    ids=["another", "instead", "copied"],
)
def test_what_an_update_brings_is_refused_or_masked(running: Cluster, change: tuple[str, ...]) -> None:
    answer = running.kubectl(*change)
    assert OTHER_ID not in answer.stderr
    assert RESIDENT_ID not in answer.stderr
    if answer.code:
        assert "denied the request" in answer.stderr
    else:
        assert ": masked" in answer.stderr
        stored = running.get("deployment/etl")
        assert OTHER_ID not in json.dumps(stored)
        assert RESIDENT_ID not in json.dumps(stored["metadata"].get("annotations", {}).get("customer", ""))


def test_a_job_ends_and_goes(webhook: Installation, namespace: str, mode: str) -> None:
    made = job()
    made["metadata"]["finalizers"] = ["example.dev/kept"]
    running = under(webhook, namespace, mode, made)
    (pod,) = running.pods()
    name = pod["metadata"]["name"]
    assert running.call("PUT", f"pods/{name}/status", {**pod, "status": {"phase": "Succeeded"}})[0] == 200

    def complete() -> bool:
        conditions = running.get("job/once").get("status", {}).get("conditions", [])
        return any(each["type"] == "Complete" for each in conditions)

    webhook.wait_for("the Job is complete", complete, 30)
    assert BEFORE in running.done(
        "patch", "job/once", "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )
    running.done("delete", "job/once", "--cascade=foreground")


def test_a_failed_pod_of_a_job_is_tried_again(webhook: Installation, namespace: str, mode: str) -> None:
    running = under(webhook, namespace, mode, job())
    (pod,) = running.pods()
    name = pod["metadata"]["name"]
    assert running.call("PUT", f"pods/{name}/status", {**pod, "status": {"phase": "Failed"}})[0] == 200
    webhook.wait_for("a second Pod", lambda: len(running.pods()) == 2, 45)


def test_a_cron_job_from_before_makes_jobs(webhook: Installation, namespace: str, mode: str) -> None:
    made = manifest("CronJob")
    made["apiVersion"] = "batch/v1beta1"
    made["spec"]["schedule"] = "*/1 * * * *"
    made["spec"]["suspend"] = True
    made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    webhook.set_policy(admission={"mode": "audit"})
    running = Cluster(webhook, namespace)
    assert running.apply(made).code == 0
    webhook.set_policy(admission={"mode": mode})
    owner = running.get("cronjob/etl")
    made_now = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "etl-1", "ownerReferences": [reference_to(owner)]},
        "spec": owner["spec"]["jobTemplate"]["spec"],
    }
    as_controller = "--as=system:serviceaccount:kube-system:cronjob-controller"
    answer = running.kubectl("create", "-f", "-", as_controller, user="admin", stdin=json.dumps(made_now))
    assert answer.code == 0, answer
    assert "its CronJob holds it" in answer.stderr
    running.wait_for_pods(1)


def reference_to(owner: Object) -> Object:
    metadata = owner["metadata"]
    head = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
    return {**head, "name": metadata["name"], "uid": metadata["uid"], "blockOwnerDeletion": True}


def test_nobody_gets_in_by_claiming_an_owner(webhook: Installation, namespace: str) -> None:
    running = under(webhook, namespace, "deny", deployment())
    (replicas,) = running.get("replicasets")["items"]
    real = reference_to(replicas)

    def create(reference: Object, value: str = RESIDENT_ID, *options: str, user: str = "admin") -> Answer:
        pod = manifest("Pod", value, name="claims")
        pod["metadata"]["ownerReferences"] = [reference]
        options = ("--dry-run=server", *options)
        return running.kubectl("create", "-f", "-", *options, user=user, stdin=json.dumps(pod))

    as_controller = f"--as={CONTROLLER}"
    assert create(real, RESIDENT_ID, as_controller).code == 0
    refused = {
        "another user": create(real, user="editor"),
        "another value": create(real, OTHER_ID, as_controller),
        "another uid": create(
            {**real, "uid": "8f0f5b0e-2d0c-4d5e-9c55-0d7a7d5c8f11"}, RESIDENT_ID, as_controller
        ),
        "another owner": create({**real, "name": "nobody"}, RESIDENT_ID, as_controller),
        "no controller": create({**real, "controller": False}, RESIDENT_ID, as_controller),
    }
    for what, answer in refused.items():
        assert answer.code == 1, what
        assert "denied the request" in answer.stderr, what


def test_a_policy_may_judge_what_was_there_as_if_it_were_new(webhook: Installation, namespace: str) -> None:
    running = under(webhook, namespace, "deny", deployment())
    webhook.set_policy(admission={"mode": "deny", "existing": "deny"})
    refused = running.kubectl("label", "deployment/etl", "team=a")
    assert "denied the request" in refused.stderr
    webhook.set_policy(admission={"mode": "deny", "grandfather": True})
    assert BEFORE in running.done("label", "deployment/etl", "team=a")


# The way that a refusal names


def test_the_way_that_a_refusal_names_works_from_the_first_apply_on(
    webhook: Installation, namespace: str
) -> None:
    walk = under(webhook, namespace, "deny")
    refused = walk.apply(deployment())
    assert "Move it to a Secret" in refused.stderr
    secret: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "person"}}
    first = walk.apply({**secret, "stringData": {"id": RESIDENT_ID}})
    assert first == Answer(0, "secret/person created\n", "")
    again = walk.apply({**secret, "stringData": {"id": RESIDENT_ID, "other": OTHER_ID}})
    assert again == Answer(0, "secret/person configured\n", "")
    mended = deployment()
    reference = {"secretKeyRef": {"name": "person", "key": "id"}}
    mended["spec"]["template"]["spec"]["containers"][0]["env"][1] = {"name": "ID", "valueFrom": reference}
    assert walk.apply(mended) == Answer(0, "deployment.apps/etl created\n", "")
    registry = ("create", "secret", "docker-registry", "pull", "--save-config")
    login = ("--docker-server=registry.example", "--docker-username=bob", "--docker-password=s3cr%40t")
    assert walk.kubectl(*registry, *login) == Answer(0, "secret/pull created\n", "")
    webhook.set_policy(admission={"mode": "deny", "secrets": "data"})
    assert walk.kubectl(*registry[:3], "second", *login) == Answer(0, "secret/second created\n", "")
    assert "Keep it outside the cluster" in walk.apply(deployment()).stderr


def test_the_way_out_of_an_old_copy_works(webhook: Installation, namespace: str) -> None:
    walk = under(webhook, namespace, "deny", deployment())
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    walk.done("create", "secret", "generic", "customer", f"--from-literal=id={RESIDENT_ID}")
    said = walk.done("set", "env", "deployment/etl", "CUSTOMER_ID-")
    assert BEFORE in said
    walk.done("set", "env", "deployment/etl", "--from=secret/customer")
    assert RESIDENT_ID in walk.get("deployment/etl")["metadata"]["annotations"][applied]
    dumped = walk.get("deployment/etl")
    dumped["metadata"] = {key: dumped["metadata"][key] for key in ("labels", "annotations")} | {"name": "two"}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    assert "Remove this annotation" in webhook.cluster.call("POST", path, dumped)[1]["message"]
    assert walk.done("annotate", "deployment/etl", f"{applied}-") == ""
    assert RESIDENT_ID not in json.dumps(walk.get("deployment/etl"))
    assert walk.apply(deployment("batch-8")).code == 0


# What is masked is valid


def texts_below(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where there is a text in an object."""
    if isinstance(value, str):
        yield keys
    for key, child in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from texts_below(child, (*keys, key))


def with_text(obj: Object, keys: tuple[str | int, ...], text: str) -> Object:
    made = copy.deepcopy(obj)
    at: Any = made
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = text
    return made


RICH: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "rich",
        "labels": {"app": "rich"},
        "annotations": {"note": "x"},
        "finalizers": ["example.dev/kept"],
    },
    "spec": {
        "hostname": "rich",
        "subdomain": "x",
        "nodeName": "one",
        "schedulerName": "default-scheduler",
        "serviceAccountName": "default",
        "restartPolicy": "Always",
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["10.0.0.1"],
            "searches": ["example.dev"],
            "options": [{"name": "ndots", "value": "2"}],
        },
        "hostAliases": [{"ip": "10.0.0.2", "hostnames": ["other"]}],
        "imagePullSecrets": [{"name": "pull"}],
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "zone",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app": "rich"}},
            }
        ],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["fast"]}]}
                    ]
                }
            }
        },
        "volumes": [
            {"name": "host", "hostPath": {"path": "/var/data", "type": "Directory"}},
            {"name": "map", "configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}},
            {"name": "secret", "secret": {"secretName": "s"}},
            {"name": "claim", "persistentVolumeClaim": {"claimName": "p"}},
            {"name": "nfs", "nfs": {"server": "files.example", "path": "/exports"}},
            {
                "name": "down",
                "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]},
            },
        ],
        "containers": [
            {
                "name": "main",
                "image": "registry.example/rich:1",
                "imagePullPolicy": "Always",
                "command": ["run"],
                "args": ["--all"],
                "workingDir": "/srv",
                "env": [
                    {"name": "MODE", "value": "batch"},
                    {"name": "FROM", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
                    {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                ],
                "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}],
                "ports": [{"name": "web", "containerPort": 80, "protocol": "TCP"}],
                "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}},
                "volumeMounts": [{"name": "host", "mountPath": "/data", "subPath": "a"}],
                "livenessProbe": {
                    "httpGet": {
                        "path": "/",
                        "port": "web",
                        "host": "rich.example",
                        "scheme": "HTTP",
                        "httpHeaders": [{"name": "X-A", "value": "b"}],
                    }
                },
                "lifecycle": {"preStop": {"exec": {"command": ["stop"]}}},
                "terminationMessagePath": "/dev/log",
                "securityContext": {
                    "capabilities": {"add": ["NET_ADMIN"]},
                    "seLinuxOptions": {"level": "s0"},
                },
            }
        ],
    },
}
SERVICE: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "rich", "annotations": {"note": "x"}},
    "spec": {
        "type": "LoadBalancer",
        "selector": {"app": "rich"},
        "ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": "web"}],
        "externalIPs": ["192.0.2.1"],
        "loadBalancerSourceRanges": ["192.0.2.0/24"],
        "loadBalancerIP": "192.0.2.7",
        "sessionAffinity": "None",
        "externalTrafficPolicy": "Cluster",
    },
}


@pytest.mark.parametrize("obj", [RICH, SERVICE], ids=["Pod", "Service"])
def test_what_is_masked_is_an_object_that_the_api_server_takes(
    webhook: Installation, namespace: str, obj: Object
) -> None:
    webhook.set_policy(admission={"mode": "mask"})
    collection = f"/api/v1/namespaces/{namespace}/{obj['kind'].lower()}s?dryRun=All"
    status, answer = webhook.cluster.call("POST", collection, obj)
    assert status == 201, answer
    stored = 0
    for keys in texts_below(obj):
        if keys[0] in {"apiVersion", "kind"}:
            continue
        where = "/".join(map(str, keys))
        status, answer = webhook.cluster.call("POST", collection, with_text(obj, keys, RESIDENT_ID))
        # The account is looked up before a webhook is asked.
        assert status in {201, 403}, (where, status, answer["message"].replace(RESIDENT_ID, "…"))
        if status == 201:
            stored += 1
            assert RESIDENT_ID not in json.dumps(answer), where
            assert MASK in json.dumps(answer), where
    assert stored > (5 if obj is RICH else 0)
