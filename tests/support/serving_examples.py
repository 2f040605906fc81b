"""examples/serve-…: what the three of them share is written once, and each has its own copy of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.attestation_examples import example_key_pem

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAGEMAKER = EXAMPLES / "serve-sagemaker"
AZUREML = EXAMPLES / "serve-azureml"
KUBERNETES = EXAMPLES / "serve-kubernetes"
RELEASE = ("model/churn.json", "privacy.yaml")
SHARED = (*RELEASE, "churn.sigstore.json", "gatecli.yaml", "model_server.py", "start.py")
"""Written in examples/serve-sagemaker; the others hold copies, so that each folder can be taken alone."""
IMAGE = f"registry.example/churn@sha256:{'0' * 64}"
SIDECAR = KUBERNETES / "sidecar.yaml"
ATTESTED = "1795867200"
"""When the model was attested: 2026-11-28, in seconds."""


def main() -> None:
    """Attest the model again, and write the copies."""
    attest(SAGEMAKER)
    for folder, names in ((AZUREML, SHARED), (KUBERNETES, RELEASE)):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SAGEMAKER / name, folder / name)
    attest(KUBERNETES, IMAGE)
    text = (KUBERNETES / "churn.sigstore.json").read_text("utf-8")
    SIDECAR.write_text(with_attestation(SIDECAR.read_text("utf-8"), text), "utf-8")


def with_attestation(manifest: str, attestation: str) -> str:
    """The sidecar's manifest with another attestation in its annotation."""
    found = re.compile(r"(gatecli\.dev/attestation: )'.*'")
    return found.sub(lambda match: f"{match[1]}'{attestation.strip()}'", manifest)


def attest(folder: Path, *images: str, moment: str | None = ATTESTED) -> None:
    """Check the release in a folder and sign the verdict, as its README has it; no moment is now."""
    fixed = {} if moment is None else {"SOURCE_DATE_EPOCH": moment}
    with tempfile.NamedTemporaryFile(suffix=".pem") as key:
        key.write(example_key_pem("release-team"))
        key.flush()
        subprocess.run(
            [sys.executable, "-m", "gatecli", "attest", "privacy.yaml"]
            + ["--key", key.name, "--output", "churn.sigstore.json"]
            + [f"--image={each}" for each in images],
            cwd=folder,
            env={**os.environ, **fixed},
            check=True,
        )


if __name__ == "__main__":
    main()
