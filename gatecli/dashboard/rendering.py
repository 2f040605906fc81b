"""Pages from templates. Whatever is not written in a template is text: it is escaped, and its control and
bidirectional characters are spelt out. The style sheet is that of the HTML report, and `page.css`.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gatecli.package import VERSION
from gatecli.reports.escaping import visible
from gatecli.reports.html.stylesheet import STYLE

_HERE = Path(__file__).parent


def _finalize(value: object) -> object:
    """A text on one line, nothing of it hidden; markup of the templates themselves is left as it is."""
    return visible(value) if type(value) is str else value


@cache
def style_sheet() -> str:
    """The one style sheet."""
    return STYLE + (_HERE / "page.css").read_text("utf-8")


@cache
def shipped_file(name: str) -> bytes:
    """A file of this package, as it is."""
    return (_HERE / name).read_bytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "version": VERSION,
        "style": f"/style.css?{hashlib.sha256(style_sheet().encode()).hexdigest()[:12]}",
    }
    return environment


def load_templates() -> None:
    """Compile the templates before the first reader has to wait for it."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)
    style_sheet()


def render(template: str, **values: Any) -> str:
    """The page that a template makes of values."""
    return _environment().get_template(template).render(values)
