"""docs/cli.md, written from the command tree itself: what exists is what is documented."""

from __future__ import annotations

from collections.abc import Iterator
from enum import EnumType
from typing import Any, Literal, get_args, get_origin

import typer

from gatecli.cli.app import app

HEAD = """\
# Command line

Look up a command, an option or its variable here. The command line shows the same:

```
gatecli release check --help
```

- Reports go to stdout or to the files that `--report` names. Everything else goes to stderr.
- Every option has a variable. If both are given, the option wins.
- [Exit codes](exit-codes.md) are the same everywhere.

This page is generated (`make generated`) from the code.
"""


def commands(of: typer.Typer = app, name: str = "gatecli") -> Iterator[tuple[str, Any]]:
    """Every command with its full name, depth first."""
    root = typer.main.get_command(of)
    context = typer.Context(root, info_name=name)
    yield name, root
    yield from _below(name, root, context)


def _below(name: str, group: Any, context: Any) -> Iterator[tuple[str, Any]]:
    for child in group.list_commands(context):
        command = group.get_command(context, child)
        yield f"{name} {child}", command
        if hasattr(command, "list_commands"):
            yield from _below(f"{name} {child}", command, context)


def options(command: Any) -> Iterator[Any]:
    """Its options and arguments, the help flag and completion aside."""
    skipped = {"help", "install_completion", "show_completion"}
    return (param for param in command.params if param.name not in skipped)


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(section(name, command) for name, command in commands())])


def section(name: str, command: Any) -> str:
    """One command: what it does, and a table of its options."""
    rows = [_row(param) for param in options(command)]
    table = ["| option | variable | default | meaning |", "|---|---|---|---|", *rows, ""] if rows else []
    return "\n".join([f"## {name}", "", (command.help or "").strip(), "", *table])


def _row(param: Any) -> str:
    is_option = param.opts[0].startswith("-")
    names = ", ".join(f"`{name}`" for name in (_spelt(param) if is_option else [_argument(param)]))
    value = f" `{_metavar(param)}`" if is_option and param.metavar else ""
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    kinds = "".join(f" `{choice}`" for choice in _choices(annotation))
    variable = f"`{param.envvar}`" if param.envvar else ""
    return f"| {names}{value}{kinds} | {variable} | {_default(param)} | {param.help or ''} |"


def _choices(annotation: Any) -> list[Any]:
    if isinstance(annotation, EnumType):
        return [choice.value for choice in annotation]  # type: ignore[var-annotated]  # any enum
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []


def _spelt(param: Any) -> list[str]:
    """An option's names; with `--no-…` where that is the one to give."""
    return [*param.opts, *param.secondary_opts]


def _argument(param: Any) -> str:
    name = _metavar(param) if param.required else f"[{_metavar(param)}]"
    return name + ("..." if param.nargs != 1 else "")


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name.upper()).replace("|", "\\|")


def _default(param: Any) -> str:
    default = param.default
    if default is None or default in ([], "") or default is False:
        return ""
    return f"`{getattr(default, 'value', default)}`"
