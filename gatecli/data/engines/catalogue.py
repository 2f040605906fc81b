"""The engines, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gatecli.data.engines.diffpriv_lib import DiffprivLib
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.engines.open_dp import OpenDp
from gatecli.data.engines.py_dp import PyDp
from gatecli.errors import UsageError

ENGINES: Mapping[str, Callable[[], NoiseEngine]] = MappingProxyType(
    {"opendp": OpenDp, "pydp": PyDp, "diffprivlib": DiffprivLib}
)


def engine_named(name: str) -> NoiseEngine:
    """An engine. Raises UsageError for an unknown one, MissingExtraError where it is not installed."""
    if name not in ENGINES:
        raise UsageError(f"{name!r} is not an engine", advice=f"use {', '.join(ENGINES)}")
    return ENGINES[name]()
