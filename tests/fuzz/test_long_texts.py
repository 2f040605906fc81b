"""Texts of a definition that are long and regular: each is searched in time that grows with its length."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gatecli.checks.cloud.secret_values import is_secret, secret_words
from gatecli.checks.cloud.shell_text import shell_words
from gatecli.model.secret_text import SECRET
from gatecli.sources.jobs.azureml_expressions import command_text, data_names, expressions

TIMES = 20_000
SEARCHES: dict[str, Callable[[str], object]] = {
    "a name": lambda text: is_secret(text, "x"),
    "a value": lambda text: is_secret("password", text),
    "a secret": lambda text: SECRET.search(text) is None,
    "a word": lambda text: list(secret_words([text])),
    "a shell's text": shell_words,
    "expressions": lambda text: list(expressions(text)),
    "a command": lambda text: command_text(text, {}, ()),
    "names of data": data_names,
}
PIECES = [
    "a_",
    "a.",
    "a.vault.",
    "-a ",
    "a='",
    'a="',
    "$[[",
    "${{",
    "${{ ",
    "https://",
    "azureml:a",
    " ",
    "\\",
    "'",
]


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())
@pytest.mark.parametrize("piece", PIECES)
def test_the_search_of_a_long_text_ends(search: Callable[[str], object], piece: str) -> None:
    """One that is quadratic takes minutes here, one that is linear a moment: what it finds is the same."""
    for start in ("", "https://", "${{", "--a"):
        assert search(start + piece * TIMES) == search(start + piece * TIMES)
