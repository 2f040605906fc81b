"""A Kubernetes of one's own on the loopback: etcd, API server and controller manager, real TLS, real RBAC.

There are no nodes: Pods are created and stay pending, and no address of a Service is reachable.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from admission.tls.certificates import new_authority
from tests.e2e.identities import USERS, write_identities
from tests.e2e.processes import LOOPBACK, Program, eventually, free_port

_SPACE = 1 << 30
"""Bytes that must be free in memory before a cluster is kept there; etcd takes 64 MiB at once."""


class Answer(NamedTuple):
    """What a program said."""

    code: int
    stdout: str
    stderr: str


class ControlPlane:
    """A context manager; within it the cluster runs. `programs` is the folder with its binaries.

    Everything it writes lies in `folder`, which is gone afterwards as all its processes are. Enter it in
    the thread that also leaves it (see `Program`).
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._tokens = {user: secrets.token_hex(16) for user in USERS}
        self._running: dict[str, Program] = {}
        self.folder = Path()
        self.authority = new_authority(datetime.now(UTC))
        self._trust = ssl.create_default_context(cadata=self.authority.certificate.decode())
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"https://{LOOPBACK}:{self._port}"

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-", dir=_memory()))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill all and remove all; a second time does nothing."""
        for program in reversed(self._running.values()):
            program.kill()
        self._running.clear()
        shutil.rmtree(self.folder, ignore_errors=not self.folder.exists())

    # What a test asks

    def kubeconfig(self, user: str = "admin") -> Path:
        """The kubeconfig file of one of `USERS`."""
        return self.folder / f"{user}.kubeconfig"

    def kubectl(self, *arguments: str, user: str = "admin", stdin: str = "", seconds: float = 60) -> Answer:
        """Run kubectl as `user`."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KUBECONFIG": str(self.kubeconfig(user)),
        }
        done = subprocess.run(
            [self._programs / "kubectl", *arguments],
            input=stdin,
            env=environment,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def apply(
        self, *objects: Mapping[str, Any], user: str = "admin", options: tuple[str, ...] = ()
    ) -> Answer:
        """`kubectl apply` of these objects, all in one call."""
        return self.kubectl("apply", "-f", "-", *options, user=user, stdin=as_list(objects))

    def create(
        self, *objects: Mapping[str, Any], user: str = "admin", options: tuple[str, ...] = ()
    ) -> Answer:
        """`kubectl create`, which asks nothing first: the quickest way to one admission review."""
        return self.kubectl("create", "-f", "-", *options, user=user, stdin=as_list(objects))

    def get(self, *arguments: str, user: str = "admin") -> dict[str, Any]:
        """The object or list that `kubectl get` shows. Raises LookupError when it shows none."""
        code, stdout, stderr = self.kubectl("get", "-o", "json", *arguments, user=user)
        if code:
            raise LookupError(stderr.strip())
        found: dict[str, Any] = json.loads(stdout)
        return found

    def call(self, method: str, path: str, body: object = None, user: str = "admin") -> tuple[int, Any]:
        """One request to the API, quicker than kubectl: status and JSON. OSError without an answer."""
        headers = {"Authorization": f"Bearer {self._tokens[user]}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        with closing(HTTPSConnection(LOOPBACK, self._port, timeout=30, context=self._trust)) as connection:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, _parsed(answer.read())

    @contextmanager
    def applied(self, *objects: Mapping[str, Any]) -> Iterator[None]:
        """Objects, such as webhook configurations, that are there within the `with` and deleted after it."""
        code, _, stderr = self.apply(*objects)
        if code:
            raise RuntimeError(stderr)
        try:
            yield
        finally:
            gone = self.kubectl(
                "delete", "-f", "-", "--ignore-not-found", "--wait=false", stdin=as_list(objects)
            )
            assert gone.code == 0, gone.stderr

    def add_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> str:
        """A namespace in which Pods can be made, and `editor` may edit; returns once both hold."""
        roles = "rbac.authorization.k8s.io"
        binding = {
            "metadata": {"name": "editor"},
            "roleRef": {"apiGroup": roles, "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"apiGroup": roles, "kind": "User", "name": "editor"}],
        }
        self._post("/api/v1/namespaces", {"metadata": {"name": name, "labels": dict(labels or {})}})
        self._post(f"/apis/{roles}/v1/namespaces/{name}/rolebindings", binding)
        # The controllers make the namespace's service account and fill the role `edit`.
        path = f"/api/v1/namespaces/{name}/pods?dryRun=All"
        pod = {"metadata": {"name": "probe"}, "spec": {"containers": [{"name": "probe", "image": "probe"}]}}
        eventually(
            f"the editor can make a Pod in {name}",
            lambda: self.call("POST", path, pod, "editor")[0] == 201,
            seconds=60,
        )
        return name

    def _post(self, path: str, body: object) -> None:
        status, answer = self.call("POST", path, body)
        if status != 201:
            raise RuntimeError(f"POST {path}: {answer}")

    def delete_namespace(self, name: str) -> None:
        """Begin to delete a namespace; what it holds goes by and by."""
        self.call("DELETE", f"/api/v1/namespaces/{name}")

    def is_ready(self) -> bool:
        """Whether the API server says so."""
        try:
            return self.call("GET", "/readyz")[0] == 200
        except (OSError, HTTPException):
            return False

    def restart_api_server(self) -> None:
        """Stop the API server as a rollout does, start it at the same address, return when it is ready."""
        self.stop_api_server()
        self.start_api_server()

    def stop_api_server(self) -> None:
        """SIGTERM, and SIGKILL soon after, since it waits a minute for open watches; gone on return."""
        self._running.pop("kube-apiserver").stop(seconds=2)

    def start_api_server(self) -> None:
        """Start it with the flags of the first time; it is ready on return."""
        self._launch("kube-apiserver", **self._api_server_flags).wait_until(self.is_ready, seconds=60)

    # How it starts

    def _start(self) -> None:
        etcd, peers, self._port, controllers = (free_port() for _ in range(4))
        write_identities(self.folder, self.url, self._tokens, self.authority)
        self._launch(
            "etcd",
            data_dir=self.folder / "etcd",
            listen_client_urls=f"http://{LOOPBACK}:{etcd}",
            advertise_client_urls=f"http://{LOOPBACK}:{etcd}",
            listen_peer_urls=f"http://{LOOPBACK}:{peers}",
            unsafe_no_fsync="true",
        )
        self._api_server_flags = {
            "etcd_servers": f"http://{LOOPBACK}:{etcd}",
            "bind_address": LOOPBACK,
            "advertise_address": LOOPBACK,
            "secure_port": self._port,
            "endpoint_reconciler_type": "none",  # it refuses to publish an address of the loopback
            "tls_cert_file": self.folder / "server.crt",
            "tls_private_key_file": self.folder / "server.key",
            "token_auth_file": self.folder / "tokens.csv",
            "authorization_mode": "RBAC",
            "service_cluster_ip_range": "10.96.0.0/16",
            "service_account_issuer": "https://kubernetes.default.svc",
            "service_account_key_file": self.folder / "accounts.pub",
            "service_account_signing_key_file": self.folder / "accounts.key",
            "admission_control_config_file": self.folder / "admission.json",
            "allow_privileged": "true",
            **self._with_ephemeral_containers(),
        }
        self.start_api_server()
        self._launch(
            "kube-controller-manager",
            kubeconfig=self.kubeconfig("controllers"),
            bind_address=LOOPBACK,
            secure_port=controllers,
            cert_dir=self.folder / "controllers",
            leader_elect="false",
            horizontal_pod_autoscaler_sync_period="2s",
            use_service_account_credentials="true",  # as clusters have it: requests come from the controllers
            service_account_private_key_file=self.folder / "accounts.key",
            root_ca_file=self.folder / "ca.crt",
            **self._without_plain_port(),
        )

    def _without_plain_port(self) -> dict[str, str]:
        """Before Kubernetes 1.24 the controller manager also listens at a fixed port, unless told not to."""
        return {"port": "0"} if "--port int" in self._help("kube-controller-manager") else {}

    def _with_ephemeral_containers(self) -> dict[str, str]:
        """Before Kubernetes 1.23 they are off unless asked for."""
        gate = "EphemeralContainers"
        return (
            {"feature_gates": f"{gate}=true"}
            if f"{gate}=true|false (ALPHA" in self._help("kube-apiserver")
            else {}
        )

    def _help(self, program: str) -> str:
        command = [str(self._programs / program), "--help"]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout

    def _launch(self, program: str, **flags: object) -> Program:
        words = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        started = Program(program, [str(self._programs / program), *words], self.folder)
        self._running[program] = started
        return started


def as_list(objects: tuple[Mapping[str, Any], ...]) -> str:
    """Objects as one manifest; JSON is YAML."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _memory() -> Path | None:
    """A folder in memory with room enough; None where the system has none."""
    folder = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of our own in it
    usable = folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _SPACE
    return folder if usable else None
