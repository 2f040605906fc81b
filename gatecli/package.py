"""The package itself: its version, and its modules, imported when they are needed.

A run loads what it uses, and no more.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for true; an import of gatecli does not wait for typing

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

VERSION = "0.2.0"


def module(name: str) -> ModuleType:
    """The module `gatecli.NAME`, imported now if it was not before."""
    return import_module(f"gatecli.{name}")


def member(reference: str) -> Any:
    """What `MODULE:NAME` is: NAME in `gatecli.MODULE`, or the module itself where there is no name."""
    home, _, name = reference.partition(":")
    return getattr(module(home), name) if name else module(home)
