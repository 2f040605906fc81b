"""No command needs or tries the network: they run in a namespace that has none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.attestations import ed25519_pem, write_keys
from tests.support.declarations import GOOD, write

UNSHARE = ["unshare", "--net", "--map-root-user"]


def isolated() -> bool:
    """Whether this machine can make a namespace without network (Linux, user namespaces permitted)."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.network_none,
    pytest.mark.skipif(not isolated(), reason="no namespaces without network on this machine"),
]


def alone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*UNSHARE, sys.executable, "-m", "gatecli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_personal_data_of_every_kind_is_found_without_network(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "email: carol@corporation.io\nssn: 536-90-4399\nid: 440308199901101512\n"
        "phone: +49 30 901820\niban: DE89370400440532013000\ncard: 4539 1488 0343 6467\n"
    )
    done = alone("pii", "scan", tmp_path)
    assert done.returncode == 1, done.stderr
    for rule in ("pii-email-address", "pii-us-ssn", "pii-cn-resident-id", "pii-iban-code", "pii-credit-card"):
        assert rule in done.stdout


def test_a_release_is_judged_without_network(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert alone("release", "check", tmp_path).returncode == 0


def test_an_attestation_is_made_and_verified_without_network(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    write(model, GOOD)
    private, public = write_keys(tmp_path, ed25519_pem())
    bundle = tmp_path / "a.json"
    assert alone("attest", model, "--key", private, "-o", bundle).returncode == 0
    assert alone("verify", bundle, "--artifact", model, "--key", public).returncode == 0
