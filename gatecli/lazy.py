"""Modules of gatecli that are imported when they are needed: a run loads what it uses, and no more."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


def module(name: str) -> ModuleType:
    """The module `gatecli.NAME`, imported now if it was not before."""
    return importlib.import_module(f"gatecli.{name}")


def member(reference: str) -> Any:
    """What `MODULE:NAME` is: NAME in `gatecli.MODULE`."""
    home, _, name = reference.partition(":")
    return getattr(module(home), name)
