"""What all tests share: how Hypothesis searches, and what a test finds around it."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import QUICK, USUAL

pytest_plugins = ("tests.support.distribution", "tests.support.selection")


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
