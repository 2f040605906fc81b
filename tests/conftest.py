"""What all tests share: how Hypothesis searches, and what runs beside what."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.examples import QUICK, USUAL

pytest_plugins = ("tests.support.selection",)


def pytest_configure(config: pytest.Config) -> None:
    """With `--quick` Hypothesis tries an eighth of its examples.

    A shared machine is slow now and then; what a test may take is pytest's business, not Hypothesis'.
    """
    settings.register_profile(
        "suite",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=bool(os.environ.get("CI")),
        max_examples=QUICK if config.getoption("--quick") else USUAL,
    )
    settings.load_profile("suite")


# A shell that starts the suite in the background has it ignore the interrupt, and all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Programs that tests start would be compiled anew at each start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test depends on what another run left behind; those of the cache ask for one.
os.environ["GATECLI_NO_CACHE"] = "1"

TOGETHER = (
    "tests/e2e/",
    "tests/architecture/",
    "tests/cli/test_pre_commit.py",
    "tests/contract/test_tables.py::TestSpark",
    "tests/install/test_install.py",
    "tests/registries/",
)
"""Prefixes of tests that share what takes long to make."""


class OneCluster(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Tests go to whichever worker is free; those of `TOGETHER` all to one, which runs the one cluster.

    A stand-in for `--dist loadgroup`, which pytest-xdist 3.8 ignores under pytest 9.2
    (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)


@pytest.hookimpl(optionalhook=True)  # -p no:xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneCluster:
    return OneCluster(config, log)
