"""The page about the library: its snippets print what it shows, and it names all that is public."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

import gatecli

TEXT = (Path(__file__).parents[2] / "docs/library.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_every_snippet_shows_what_it_prints() -> None:
    assert len(BLOCKS) == TEXT.count("```python") > 3


def test_the_snippets_print_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code, expected in BLOCKS:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(code, "docs/library.md", "exec"), names)  # noqa: S102 - what a reader would paste
        assert shown.getvalue() == expected


@pytest.mark.parametrize("name", gatecli.__all__)
def test_every_public_name_is_on_the_page(name: str) -> None:
    assert f"`{name}" in TEXT
