"""TOML is read by tomllib, and its values are found again in the text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gatecli.model.document import Document, Position
from gatecli.sources import toml_text
from gatecli.sources.files import ReadError
from gatecli.sources.toml_text import read_toml


def one(text: str) -> Document:
    (document,) = read_toml("pyproject.toml", text)
    return document


PROJECT = """\
[project]
name = "x"

[tool.gatecli.release]
metadata = {name = "churn", version = "1"}  # who
[tool.gatecli.release.spec.privacy]
epsilon = 1.50
"unit" = \"\"\"per
son\"\"\"
mechanisms = [
  {kind = "pure", epsilon = 1},
  {kind = 'pure', epsilon = 0.5},
]
"""


def test_the_embedded_table_is_the_document() -> None:
    document = one(PROJECT)
    assert document.prefix == "/tool/gatecli/release"
    assert document.data["kind"] == "ModelRelease"
    assert document.data["spec"]["privacy"]["epsilon"] == Decimal("1.50")


@pytest.mark.parametrize(
    ("pointer", "position"),
    [
        ("", Position(4, 15)),
        ("/metadata", Position(5, 12)),
        ("/metadata/version", Position(5, 39)),
        ("/spec/privacy", Position(6, 28)),
        ("/spec/privacy/epsilon", Position(7, 11)),
        ("/spec/privacy/unit", Position(8, 10)),
        ("/spec/privacy/mechanisms/1", Position(12, 3)),
        ("/spec/privacy/mechanisms/1/epsilon", Position(12, 29)),
    ],
)
def test_positions_are_found_again(pointer: str, position: Position) -> None:
    assert one(PROJECT).values[pointer] == position


def test_a_pointer_leads_into_the_whole_file() -> None:
    place = one(PROJECT).place("/spec/privacy/epsilon")
    assert place.pointer == "/tool/gatecli/release/spec/privacy/epsilon"
    assert (place.line, place.column) == (7, 11)


def test_arrays_of_tables_and_dotted_keys_are_followed() -> None:
    document = one("[[a]]\nb.c = 1\n[[a]]\nb.c = 2\n[a.d]\ne = 'x]'\n[[a.f]]\ng=[[1],[2]]\n")
    assert document.data == {
        "a": [{"b": {"c": 1}}, {"b": {"c": 2}, "d": {"e": "x]"}, "f": [{"g": [[1], [2]]}]}]
    }
    assert document.values["/a/1/b/c"] == Position(4, 7)
    assert document.values["/a/1/d/e"] == Position(6, 5)
    assert document.values["/a/1/f/0/g/1/0"] == Position(8, 9)


@pytest.mark.parametrize(
    "text",
    [
        "a = 'x' # = [",
        'a = "\\"]}#"\nb = 1',
        "a = '''x''''\nb = 1",
        'a = """\\"""x"""\nb = [ # ]\n 1, # ,\n]\n',
        '"a.b" = 1\n\'c"\' = {d."e f" = 2}',
        "a = 1979-05-27 07:32:00Z # x\nb = 07:32:00",
    ],
)
def test_every_value_has_a_position(text: str) -> None:
    document = one(text)
    assert set(document.values) - {""} >= {f"/{key}".replace("~", "~0") for key in document.data}


def test_a_date_is_its_text() -> None:
    assert one("a = 2027-03-31").data == {"a": "2027-03-31"}


def test_numbers_are_exact() -> None:
    assert one("a = 1e-5\nb = 1_000\nc = 0o17").data == {"a": Decimal("1e-5"), "b": 1000, "c": 15}


def test_what_is_no_number_is_left_to_the_budget_to_refuse() -> None:
    data = one("a = inf\nb = nan").data
    assert data["a"] == Decimal("Infinity")
    assert data["b"].is_nan()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\na = 2", "is not TOML: cannot overwrite a value"),
        ("a = [", "is not TOML: invalid value"),
        ("a", "is not TOML: expected"),
        ("a = " + "[" * 5000 + "]" * 5000, "is nested deeper than 64 levels"),
        ("a = " + "[" * 70 + "]" * 70, "is nested deeper than 64 levels"),
        ("a = " + "9" * 5000, "is not TOML: a number in it is out of range"),
    ],
)
def test_what_is_not_toml_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ReadError) as caught:
        one(text)
    assert caught.value.problem.startswith(problem)


def test_a_syntax_error_has_its_position() -> None:
    with pytest.raises(ReadError) as caught:
        one("a = 1\nb = }")
    assert caught.value.position == Position(2, 5)


def test_a_very_long_text_is_refused_before_it_takes_seconds() -> None:
    with pytest.raises(ReadError, match="larger than 1 MiB of TOML"):
        one("#" * (toml_text.MAX_CHARACTERS + 1))
