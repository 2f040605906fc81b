"""How many examples Hypothesis tries."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
QUICK = 12


def share(examples: int) -> int:
    """So many in a complete run, and the profile's share of them, at least three, with `--quick`."""
    assert settings.default is not None
    return max(min(examples, 3), examples * settings.default.max_examples // USUAL)
