"""A command's groups are read as options of its own."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.testing import CliRunner

from gatecli.frontdoor.option_groups import spread


@dataclass(frozen=True, slots=True)
class Size:
    """Two options."""

    width: Annotated[int, typer.Option("--width", help="How wide.")]
    height: Annotated[int, typer.Option("--height")] = 2


_seen: list[Any] = []


@spread
def draw(
    name: Annotated[str, typer.Argument()],
    size: Size,
    pen: Annotated[str, typer.Option("--pen")] = "red",
) -> None:
    """Draw it."""
    _seen.append((name, size, pen))


def run(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(draw)
    return CliRunner().invoke(app, arguments)


def test_a_group_is_filled_from_its_options() -> None:
    _seen.clear()
    assert run("box", "--width", "3", "--pen", "blue").exit_code == 0
    assert _seen == [("box", Size(3, 2), "blue")]


def test_an_option_of_a_group_without_a_default_is_required() -> None:
    assert run("box").exit_code == 2


def test_a_group_keeps_its_place_and_its_help() -> None:
    assert list(inspect.signature(draw).parameters) == ["name", "width", "height", "pen"]
    shown = run("--help").output
    assert "Draw it." in shown
    assert "How wide." in shown
