"""How many examples Hypothesis tries."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
"""What the numbers of `share` are stated for."""
QUICK, ORDINARY, THOROUGH = 12, 40, 200
"""With `--quick`, in a complete run, and with `--thorough`."""


def share(examples: int) -> int:
    """The profile's share of so many examples, at least three."""
    assert settings.default is not None
    return max(min(examples, 3), examples * settings.default.max_examples // USUAL)
