"""One cluster for all end-to-end tests of a run, a namespace for each."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.support.build_control_plane import UnavailableError, locate


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the control plane's programs; where there is none a test is skipped, in CI it fails."""
    try:
        return locate()
    except UnavailableError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def cluster(programs: Path) -> Iterator[ControlPlane]:
    """The running control plane."""
    with ControlPlane(programs) as running:
        yield running


@pytest.fixture
def namespace(cluster: ControlPlane) -> Iterator[str]:
    """A namespace of the test's own; the user `editor` may edit in it."""
    name = cluster.add_namespace(f"t-{secrets.token_hex(4)}")
    yield name
    cluster.delete_namespace(name)
