"""How to reach the API server: from inside a pod, or by a kubeconfig."""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from admission.settings import api_server, usual_kubeconfig
from gatecli.errors import ConfigurationError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a service account."""


@dataclass(frozen=True, slots=True)
class Access:
    """An address and how to prove who we are. Tokens, keys and certificates are not shown.

    `token_file` is read anew for every request, and outweighs `token`. PEM bytes, b"" for none.
    """

    server: str
    authority: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    insecure: bool = False
    namespace: str = "default"

    def authorization(self) -> dict[str, str]:
        """The header; empty where a client certificate or nothing speaks for us."""
        token = self.bearer()
        return {"Authorization": f"Bearer {token}"} if token else {}

    def bearer(self) -> str:
        """The token as it is now; "" without one. Raises ConfigurationError for an unreadable file."""
        if self.token_file is None:
            return self.token
        try:
            return self.token_file.read_text("utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"the token {self.token_file} is not readable", advice="mount the service account's token"
            ) from error

    def context(self) -> ssl.SSLContext:
        """TLS to the API server, trusting its authority alone where one is given."""
        context = ssl.create_default_context(cadata=self.authority.decode() if self.authority else None)
        # Python 3.13 asks more of an authority than kubeadm's have.
        context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate:
            load_pair(context, self.certificate, self.key)
        return context


def from_pod(server: str, folder: Path = ACCOUNT) -> Access:
    """Access by the mounted service account."""
    try:
        authority = (folder / "ca.crt").read_bytes()
        namespace = (folder / "namespace").read_text("utf-8").strip()
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} holds no service account",
            advice="run inside a pod with a mounted service account, or give --kubeconfig FILE",
        ) from error
    return Access(server, authority, token_file=folder / "token", namespace=namespace)


def from_kubeconfig(path: Path, context: str = "") -> Access:
    """Access by a context of a kubeconfig, the current one without a name: a token, a token file or a client
    certificate.

    Raises ConfigurationError for what it lacks, and for plug-ins (`exec`, `auth-provider`).
    """
    # PyYAML costs a tenth of a second that a pod need not spend.
    import yaml  # noqa: PLC0415 - see above

    try:
        content = yaml.safe_load(path.read_bytes())
        chosen = _entry_named(content["contexts"], context or content["current-context"])["context"]
        cluster = _entry_named(content["clusters"], chosen["cluster"])["cluster"]
        user = _entry_named(content["users"], chosen["user"])["user"]
        server = cluster["server"].rstrip("/")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ConfigurationError(
            f"{path} is not a kubeconfig with {f'the context {context}' if context else 'a current context'}",
            advice="write one: kubectl config view --raw",
        ) from error
    if user and {"exec", "auth-provider"} & user.keys():
        raise ConfigurationError(
            f"{path} asks a plug-in for credentials", advice="give a user with a token or a certificate"
        )
    user = user or {}
    token_file = user.get("tokenFile")
    return Access(
        server,
        _material(cluster, "certificate-authority", path),
        user.get("token") or "",
        path.parent / token_file if token_file else None,
        _material(user, "client-certificate", path),
        _material(user, "client-key", path),
        bool(cluster.get("insecure-skip-tls-verify")),
        chosen.get("namespace") or "default",
    )


def from_usual(file: Path | None, context: str = "") -> Access:
    """Access for a person's command: by `file`, else as kubectl finds its kubeconfig, else as a pod."""
    if found := file or usual_kubeconfig():
        return from_kubeconfig(found, context)
    try:
        return from_pod(api_server())
    except ConfigurationError:
        raise ConfigurationError(
            "cannot reach a cluster: this process runs outside of a pod, and no kubeconfig was found",
            advice="give --kubeconfig FILE",
        ) from None


def load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Give `context` a certificate with its key. Raises ConfigurationError where they do not fit.

    OpenSSL reads files only: the pair goes through a file in memory where the system has such.
    """
    try:
        with _private_file(certificate + b"\n" + key) as path:
            context.load_cert_chain(path)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            "a certificate and its private key do not belong together",
            advice="give the pair that was issued together",
        ) from error


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("pair")
        try:
            os.write(number, content)
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name


def _entry_named(entries: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def _material(holder: Mapping[str, Any], key: str, path: Path) -> bytes:
    """The bytes of `key-data`, or of the file that `key` names, relative to the kubeconfig."""
    if data := holder.get(f"{key}-data"):
        return bytes(base64.b64decode(data))
    if name := holder.get(key):
        try:
            return bytes((path.parent / name).read_bytes())
        except OSError as error:
            raise ConfigurationError(
                f"{path}: {key} names {name}, which is not readable", advice="give the file, or its data"
            ) from error
    return b""
