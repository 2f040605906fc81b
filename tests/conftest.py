"""What all tests share: how Hypothesis searches."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A shared machine is slow now and then; what a test may take is pytest's business, not Hypothesis'.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("search", **_COMMON)  # type: ignore[arg-type]  # a table of keyword arguments
settings.register_profile("repeatable", derandomize=True, **_COMMON)  # type: ignore[arg-type]  # the same
settings.load_profile("repeatable" if os.environ.get("CI") else "search")
