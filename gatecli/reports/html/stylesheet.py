"""The page's one style sheet: light and dark, phone and paper. Colours are custom properties at its top;
its rules are in `screen.css` and `print.css` beside this module.

Text has a contrast of at least 4.5 : 1 on its ground, marks at least 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

LIGHT = {
    "ground": "#f6f7f9",
    "card": "#fff",
    "ink": "#16202c",
    "soft": "#55606e",
    "line": "#dfe3e8",
    "inset": "#f0f2f5",
    "link": "#0b57c2",
    "error": "#b92020",
    "error-soft": "#fdecec",
    "warning": "#855000",
    "warning-soft": "#fff3dc",
    "note": "#0b6074",
    "note-soft": "#e2f4f8",
    "blind": "#7a2bb8",
    "blind-soft": "#f4e9fd",
    "good": "#1a6b3c",
    "good-soft": "#e3f5ea",
    "bar": "#3470d0",
    "pale": "#c3d7f4",
    "bad": "#d23c36",
    "one": "#c62f2a",
    "two": "#1f4f9e",
    "three": "#0a766b",
}
DARK = {
    "ground": "#0e1319",
    "card": "#171e27",
    "ink": "#e7ecf2",
    "soft": "#9eabb9",
    "line": "#2b3542",
    "inset": "#212b36",
    "link": "#83b4ff",
    "error": "#ff8f88",
    "error-soft": "#351a1c",
    "warning": "#f3b557",
    "warning-soft": "#32260f",
    "note": "#6fcde2",
    "note-soft": "#102d36",
    "blind": "#cfa3f7",
    "blind-soft": "#2a1c3a",
    "good": "#6bd596",
    "good-soft": "#122d1e",
    "bar": "#5e97f2",
    "pale": "#2f4a72",
    "bad": "#f2716b",
    "one": "#ff8079",
    "two": "#9cc0ff",
    "three": "#45cdbd",
}
PAPER = LIGHT | {"ground": "#fff", "ink": "#000", "soft": "#444", "line": "#bbb", "inset": "#eee"}


def _properties(colours: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())


def _rules(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8").strip()


STYLE = f"""
:root{{color-scheme:light dark;{_properties(LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{{_properties(DARK)}}}}}
{_rules("screen.css")}
@media print{{
:root{{color-scheme:light;{_properties(PAPER)}}}
{_rules("print.css")}
}}
"""

STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""SHA-256 as a Content Security Policy states it: no other style, and no script, may run in the page."""
