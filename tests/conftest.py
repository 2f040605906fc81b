"""What all tests share: how Hypothesis searches, and what a test finds around it."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import ORDINARY, QUICK, THOROUGH

pytest_plugins = ("tests.support.distribution", "tests.support.selection")


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis tries fewer examples with `--quick`; with `--thorough` many, and others each time.

    A shared machine is slow now and then; what a test may take is pytest's business, not Hypothesis'.
    """
    is_quick, is_thorough = config.getoption("--quick"), config.getoption("--thorough")
    settings.register_profile(
        "suite",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=bool(os.environ.get("CI")) and not is_thorough,
        max_examples=QUICK if is_quick else THOROUGH if is_thorough else ORDINARY,
    )
    settings.load_profile("suite")


# A shell that starts the suite in the background has it ignore the interrupt, and all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Programs that tests start would be compiled anew at each start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test depends on what another run left behind; those of the cache ask for one.
os.environ["GATECLI_NO_CACHE"] = "1"
