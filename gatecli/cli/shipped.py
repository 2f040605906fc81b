"""Texts that ship with the program: the rules' explanations, the schemas, the templates."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def shipped_text(name: str) -> str:
    """A text by name: inside the installed package, or in `docs/` of a source checkout."""
    inside, checkout = PACKAGE / "shipped" / name, PACKAGE.parent / "docs" / name
    return (inside if inside.is_file() else checkout).read_text("utf-8")


def template(name: str) -> str:
    """A starting file that `gatecli init` writes."""
    return (PACKAGE / "cli" / "templates" / name).read_text("utf-8")


def section(text: str, heading: str) -> str | None:
    """The part of a Markdown text under `## heading`, without the heading."""
    _, found, rest = f"\n{text}".partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0].strip() + "\n" if found else None
