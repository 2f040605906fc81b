"""Groups of commands that import a command's module only when it is asked for: that keeps the start fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from gatecli import package


class LazyGroup(TyperGroup):
    """A group whose commands are named in a table: `MODULE:MEMBER` of this package by name.

    A member is a function, which becomes a command of that name, or a `typer.Typer` of its own.
    """

    members: ClassVar[Mapping[str, str]] = {}
    panels: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base's signature
        return list(self.members)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.members:
            return None
        command = _command(cmd_name, package.member(f"cli.{self.members[cmd_name]}"))
        command.name = cmd_name
        if cmd_name in self.panels:
            command.rich_help_panel = self.panels[cmd_name]
        without_types_of_flags(command, ctx)
        return command


def _command(name: str, member: Any) -> Any:
    if not isinstance(member, typer.Typer):
        alone = typer.Typer()
        alone.command(name)(member)
        member = alone
    return typer.main.get_command(member)


def without_types_of_flags(command: Any, ctx: Any) -> None:
    """Show a flag as one: typer writes `<bool>` beside it, as if a value were to follow."""
    for param in (*command.params, command.get_help_option(ctx)):
        if getattr(param, "is_flag", False) or getattr(param, "count", False):
            param.metavar = ""
    for name in getattr(command, "commands", ()):
        without_types_of_flags(command.commands[name], ctx)
