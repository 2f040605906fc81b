"""Which rules each gate looks for, by the prefix of their ids."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FAMILIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "check": frozenset({"check"}),
        "release": frozenset({"dp", "release", "waiver"}),
        "anonymity": frozenset({"anon"}),
        "pii": frozenset({"pii"}),
        "terraform": frozenset({"tf", "pii"}),
    }
)
