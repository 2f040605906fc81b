"""The webhook as it is shipped on the real API server: the deploy folder, and processes for its Pods."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from admission.deploy.rendering import DEPLOY
from tests.e2e.balancer import Balancer
from tests.e2e.control_plane import ControlPlane, as_list
from tests.e2e.harness import WebhookProcess, render_service_overlay
from tests.e2e.identities import WEBHOOK_ACCOUNT, WEBHOOK_NAMESPACE
from tests.e2e.processes import LOOPBACK, eventually
from tests.support.kustomize import kustomized
from tests.support.reviews import RESIDENT_ID

POLICY = DEPLOY / "optional" / "policy"
CONFIGURATIONS = ("validatingwebhookconfiguration", "mutatingwebhookconfiguration")
QUICK: Mapping[str, object] = MappingProxyType(
    {"poll_seconds": 0.3, "settle_seconds": 1, "drain_seconds": 1, "policy_name": "default"}
)
"""Settings whose shipped values are for clusters, where nobody waits for a test."""
_OLDER = {"policy/v1": "policy/v1beta1", "autoscaling/v2": "autoscaling/v2beta2"}
"""What a server before 1.21, and before 1.23, calls the same thing."""
_GENERATION = re.compile(r"^gatecli_admission_policy_generation (\S+)$", re.MULTILINE)


class Installation:
    """A context manager: within it the webhook is armed, and its replicas stand behind its Service.

    The Pods of its Deployment stay pending, since there are no nodes; the processes do their work, as the
    account and under the access rules of the deploy folder.
    """

    def __init__(
        self,
        cluster: ControlPlane,
        folder: Path,
        names: Sequence[str] = ("one", "two"),
        settings: Mapping[str, object] = MappingProxyType({}),
        overlay: str = "self-signed",
    ) -> None:
        self.cluster, self._overlay = cluster, overlay
        own = {**QUICK, "kubeconfig": cluster.kubeconfig("webhook"), **settings}
        self.replicas = tuple(WebhookProcess(name, folder, own) for name in names)
        self.balancer = Balancer()
        self._stack = ExitStack()
        self._applied: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.balancer)
            self._apply(self.balancer.port)
            stack.callback(self._remove)
            for replica in self.replicas:
                stack.callback(replica.end)
                replica.start(ready=False)
            for replica in self.replicas:
                replica.program.wait_until(replica.is_ready, seconds=90)
                self.balancer.add(replica.port)
            self.wait_until_armed()
            assert self.cluster.kubectl("apply", "-k", str(POLICY)).code == 0
            self.wait_for_generation(1)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def wait_until_armed(self) -> None:
        """Return when the API server asks the webhook and trusts it."""
        probe = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "armed"},
            "data": {"id": RESIDENT_ID},
        }
        path = "/api/v1/namespaces/default/configmaps?dryRun=All"

        def denies() -> bool:
            status, answer = self.cluster.call("POST", path, probe)
            return status == 403 and "pii-cn-resident-id" in answer["message"]

        eventually("the webhook denies", denies, seconds=60)

    def wait_for_namespace(self, namespace: str) -> None:
        """Return when a clean object is let in there, and another denied."""
        path = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"

        def status(value: str) -> int:
            return self.cluster.call("POST", path, {"metadata": {"name": "probe"}, "data": {"id": value}})[0]

        self.wait_for("clean objects are let in", lambda: status("batch-7") == 201, 30)
        assert status(RESIDENT_ID) == 403

    # Policies

    def set_policy(self, **spec: Any) -> None:
        """Change the PrivacyPolicy `default`; every replica judges by it on return."""
        policy = {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "default"},
            "spec": {"extends": "default", **spec},
        }
        code, _, stderr = self.cluster.kubectl("replace", "-f", "-", stdin=as_list((policy,)))
        assert code == 0, stderr
        generation = self.cluster.get("privacypolicy", "default")["metadata"]["generation"]
        self.wait_for_generation(generation)

    def wait_for_generation(self, generation: int) -> None:
        """Return when every running replica judges by it."""
        for replica in self.replicas:
            if replica.program.exit_code() is None:
                eventually(
                    f"{replica.name} judges by generation {generation}",
                    lambda replica=replica: generation_of(replica) == generation,  # type: ignore[misc]  # typed as called
                    seconds=30,
                )

    def wait_for(self, what: str, looked: Callable[[], Any], seconds: float = 20.0) -> Any:
        """As `eventually`, with the replicas' logs where it does not come about."""
        try:
            return eventually(what, looked, seconds=seconds)
        except TimeoutError as error:
            logs = "\n".join(f"{each.name}:\n{each.logged()[-2000:]}" for each in self.replicas)
            raise TimeoutError(f"{error}\n{logs}") from error

    # How it is installed

    def _apply(self, port: int) -> None:
        manifests = [adapted(each) for each in self.rendered()]
        self._applied = objects = render_service_overlay(manifests, port)
        first = [each for each in objects if each["kind"] in {"Namespace", "CustomResourceDefinition"}]
        # What an earlier test took away may still be going, and a kind is served a moment after it is made.
        for batch in (first, objects):
            eventually("the deploy folder is applied", lambda batch=batch: self._try(batch), seconds=90)  # type: ignore[misc]  # typed as called
        label = ("label", "--overwrite", "namespace", "kube-system", "gatecli.dev/unchecked=true")
        assert self.cluster.kubectl(*label).code == 0

    def _try(self, objects: Sequence[Mapping[str, Any]]) -> bool:
        # Rules of CEL came after this server.
        return self.cluster.apply(*objects, options=("--validate=false",)).code == 0

    def rendered(self) -> list[dict[str, Any]]:
        """What `kubectl apply -k` of the shipped overlay applies."""
        return kustomized(self._overlay, Path(tempfile.mkdtemp(dir=self.cluster.folder)))

    def _remove(self) -> None:
        """All but the namespace and the kinds, which take long to go and which others use again."""
        kept = {"Namespace", "CustomResourceDefinition"}
        self.cluster.kubectl("delete", "privacypolicy,privacywaiver", "--all", "--all-namespaces")
        gone = [each for each in self._applied if each["kind"] not in kept]
        options = ("--ignore-not-found", "--wait=false")
        self.cluster.kubectl("delete", "-f", "-", *options, stdin=as_list(tuple(gone)))
        own = ("--namespace", WEBHOOK_NAMESPACE, *options)
        self.cluster.kubectl("delete", f"secret/{WEBHOOK_ACCOUNT}-tls", f"lease/{WEBHOOK_ACCOUNT}", *own)


def adapted(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with the version that the tests' server serves."""
    version = manifest["apiVersion"]
    return {**manifest, "apiVersion": _OLDER.get(version, version)}


def generation_of(replica: WebhookProcess) -> float | None:
    """The generation of the policy by which a replica judges; None while it does not say."""
    try:
        found = _GENERATION.search(metrics_of(replica))
    except OSError:
        return None
    return float(found[1]) if found else None


def metrics_of(replica: WebhookProcess) -> str:
    """What Prometheus would scrape. Raises OSError."""
    connection = HTTPConnection(LOOPBACK, replica.metrics_port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def bundle_of(cluster: ControlPlane) -> bytes:
    """The authorities that the API server trusts the webhook by."""
    found = cluster.get(CONFIGURATIONS[0], WEBHOOK_ACCOUNT)["webhooks"][0]["clientConfig"]["caBundle"]
    return base64.b64decode(found)
