"""The error tree: each class owns its exit code, and every error says how to fix it.

An error is raised only for what stops a whole run (a bad option, a bad policy, nothing to check).
What is wrong with one input among many is a `Finding`, so that the other inputs are still judged.
"""

from __future__ import annotations

from typing import ClassVar


class GatecliError(Exception):
    """A failure that a person can fix.

    `message` says what and where in one sentence; `advice` says how to mend it.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(GatecliError):
    """A bad option or argument."""

    exit_code = 2


class ConfigurationError(GatecliError):
    """A policy, waiver or baseline that cannot be used; nothing is judged by half a policy."""

    exit_code = 2


class MissingExtraError(GatecliError):
    """An optional package is needed; the advice names the extra that holds it."""

    exit_code = 2


class NothingToCheckError(GatecliError):
    """No input of the kind the gate judges was found; that is never a pass."""

    exit_code = 3


class UncheckableError(GatecliError):
    """An input that is there but cannot be judged: unreadable, truncated, unsupported, out of time."""

    exit_code = 4


class InterruptedRunError(GatecliError):
    """A person ended the run; the message says what was kept."""

    exit_code = 130
