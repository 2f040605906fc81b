"""Tables of Markdown, as a reader of the page sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.documents.escaping import escape_markdown
from gatecli.sources.markdown_tables import plain_text, read_tables

TABLE = "| a | b |\n|---|--:|\n| 1 | 2 |\n"


def test_a_table_is_read_with_the_lines_of_its_rows() -> None:
    (table,) = read_tables(f"# T\n\n{TABLE}| 3 |\nend\n")
    assert (table.line, table.head) == (3, ("a", "b"))
    assert table.rows == ((5, ("1", "2")), (6, ("3", "")))


@pytest.mark.parametrize(
    "text",
    [
        "a | b\n--|--\n1 | 2\n",
        "  |a|b|  \r\n  |:-:|:-|  \r\n  |1|2|\r\n",
        "text\n" + TABLE,
        TABLE + "\n" + "not | a row\n",
        "| **a** | `b` |\n|---|---|\n| *1* | &#50; |\n",
    ],
)
def test_a_table_that_somebody_wrote_is_read_alike(text: str) -> None:
    (table,) = read_tables(text)
    assert table.head == ("a", "b")
    assert [cells for _, cells in table.rows] == [("1", "2")]


@pytest.mark.parametrize(
    "hidden",
    [
        f"```\n{TABLE}```\n",
        f"~~~~ text\n~~~\n{TABLE}~~~~\n",
        f"<!--\n{TABLE}-->\n",
        f"<!-- never closed\n{TABLE}",
        "".join(f"    {line}\n" for line in TABLE.splitlines()),
        "| a | b |\n\n|---|---|\n| 1 | 2 |\n",
        "| a | b |\n|---|\n| 1 | 2 |\n",
    ],
)
def test_what_no_reader_sees_as_a_table_is_not_one(hidden: str) -> None:
    assert read_tables(hidden) == ()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" a  b ", "a b"),
        (r"a\|b", "a|b"),
        ("`a*b`", "a*b"),
        ("`` a`b ``", "a`b"),
        ("**_a_**", "a"),
        ("&amp;lt; &#x41; &nope", "&lt; A &nope"),
        (r"\&amp;", "&amp;"),
        ("a*b*c", "a*b*c"),
    ],
)
def test_a_cell_is_what_a_reader_sees_of_it(cell: str, text: str) -> None:
    assert plain_text(cell) == text


@given(text=st.text(alphabet=st.sampled_from("ab1 *_`\\|&#;<>~[]"), max_size=12))
def test_what_a_document_escapes_is_read_back(text: str) -> None:
    (table,) = read_tables(f"| a | b |\n|---|---|\n| {escape_markdown(text)} | x |\n")
    assert table.rows[0][1] == (" ".join(text.split()), "x")


@given(text=st.text(alphabet=st.sampled_from("|-: \n\r`~<!>\\a&;#*_\t"), max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    for table in read_tables(text):
        assert all(len(cells) == len(table.head) for _, cells in table.rows)


@pytest.mark.parametrize("part", ["|", "`", "*", "<!--", "&#1", "\\|", "-|", "| a |\n|-|\n", "**a", "_ "])
def test_a_long_hostile_text_is_read_in_linear_time(part: str) -> None:
    read_tables("| a |\n|---|\n| " + part * 50_000)
