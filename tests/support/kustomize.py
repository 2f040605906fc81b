"""What kubectl's own kustomize makes of the deploy folder: the control plane's kubectl, whatever its age."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from admission.deploy.rendering import DEPLOY
from tests.support.build_control_plane import UnavailableError, locate

Key = tuple[str, str, str]


def kustomized(overlay: str, folder: Path) -> list[dict[str, Any]]:
    """The objects of an overlay; `folder` is for a copy. Where there is no kubectl a test is skipped, in CI
    it fails.
    """
    shutil.copytree(DEPLOY, folder / "deploy")
    there = folder / "deploy" / "overlays" / overlay
    # Until kubectl 1.21 a folder was named so; newer ones still read it.
    lines = (there / "kustomization.yaml").read_text("utf-8").replace("  - ../../base\n", "")
    (there / "kustomization.yaml").write_text(f"{lines}bases: [../../base]\n", "utf-8")
    built = subprocess.run([_kubectl(), "kustomize", there], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return list(yaml.safe_load_all(built.stdout))


def by_key(objects: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    """The objects by kind, namespace and name."""
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in objects
    }


def _kubectl() -> Path:
    try:
        return locate() / "kubectl"
    except UnavailableError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
