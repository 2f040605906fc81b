"""What a folder of Terraform's files says without a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatecli.model.plan import Plan


@dataclass(frozen=True, slots=True)
class StaticPlan:
    """A module as its text has it: what only a plan knows is marked unknown.

    `doubtful` are the addresses of resources that may not be there. `called` says that another folder calls
    it: what that gives and waits for is not known. `calls` is by module call what it refers to. `unread` are
    files that could not be read whole.
    """

    plan: Plan = field(repr=False)
    doubtful: frozenset[str] = frozenset()
    calls: Mapping[str, frozenset[str]] = field(default_factory=dict)
    called: bool = False
    unread: tuple[str, ...] = ()
    unset: frozenset[str] = frozenset()
    """The variables that have no literal value, as nodes: `var.x`."""
