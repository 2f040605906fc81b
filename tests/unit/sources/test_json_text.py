"""JSON is read exactly, with positions, and nothing that is not JSON."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gatecli.model.document import Position
from gatecli.sources.files import ReadError
from gatecli.sources.json_text import read_json
from gatecli.sources.positioned_tree import MAX_DEPTH


def test_values_are_exact_and_have_positions() -> None:
    (document,) = read_json("a.json", '{"a": [1, 1e-5, -0.10, true, null],\n "b": {"é\\n": "x"}}\n')
    assert document.data == {"a": [1, Decimal("1e-5"), Decimal("-0.10"), True, None], "b": {"é\n": "x"}}
    assert document.values["/a/2"] == Position(1, 17)
    assert document.keys["/b"] == Position(2, 2)
    assert document.values["/b/é\n"] == Position(2, 15)
    assert document.index is None


@pytest.mark.parametrize("text", ["[]", "{}", " [ ] ", "0", '""', "-0", "[[],{}]"])
def test_small_json_is_json(text: str) -> None:
    assert len(read_json("a.json", text)) == 1


@pytest.mark.parametrize(
    ("text", "problem", "position"),
    [
        ("", "is not JSON: it ends where a value belongs", Position(1, 1)),
        ("[1,]", "is not JSON: found ']' where a value belongs", Position(1, 4)),
        ("[1 2]", "is not JSON: found '2' where a comma or ] belongs", Position(1, 4)),
        ("[,1]", "is not JSON: found ',' where a value belongs", Position(1, 2)),
        ('{"a":1,}', "is not JSON: found '}' where a key in quotes belongs", Position(1, 8)),
        ('{"a" 1}', "is not JSON: found '1' where a colon belongs", Position(1, 6)),
        ("{a: 1}", "is not JSON: found 'a' where a key in quotes belongs", Position(1, 2)),
        ('{"a": 1', "is not JSON: it ends where a comma or } belongs", Position(1, 8)),
        ("[01]", "is not JSON: found '01' where a value belongs", Position(1, 2)),
        ("[1.]", "is not JSON: found '1.' where a value belongs", Position(1, 2)),
        ("[+1]", "is not JSON: found '+1' where a value belongs", Position(1, 2)),
        ("[1_0]", "is not JSON: found '1_0' where a value belongs", Position(1, 2)),
        ('{"a": NaN}', "is not JSON: found 'NaN' where a value belongs", Position(1, 7)),
        ("[-Infinity]", "is not JSON: found '-Infinity' where a value belongs", Position(1, 2)),
        ("[] []", "is not JSON: found '[' where the end of the file belongs", Position(1, 4)),
        ('["a', "is not JSON: unterminated string starting at", Position(1, 2)),
        ('["\\q"]', "is not JSON: invalid \\escape", Position(1, 3)),
        ('["\\ud800"]', "is not JSON: an escape is half a character", Position(1, 2)),
        ("[\n\n // c\n]", "is not JSON: found '/' where a value belongs", Position(3, 2)),
    ],
)
def test_what_is_not_json_is_refused_where_it_stands(text: str, problem: str, position: Position) -> None:
    with pytest.raises(ReadError) as caught:
        read_json("a.json", text)
    assert caught.value.problem.startswith(problem)
    assert caught.value.position == position


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(ReadError, match="has the key 'a' twice") as caught:
        read_json("a.json", '{"a": 1,\n "a": 2}')
    assert caught.value.position == Position(2, 2)
    assert caught.value.invalid


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ReadError, match=f"deeper than {MAX_DEPTH}"):
        read_json("a.json", text)
