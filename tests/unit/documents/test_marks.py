"""The marks of hand-written parts: found where they are whole, an error where they are not."""

from __future__ import annotations

import pytest

from gatecli.documents.marks import BrokenMarksError, hand_written_parts, part_text


def test_parts_are_found_in_their_order_byte_for_byte() -> None:
    parts = {"b": " \r\n x  ", "a-1": ""}
    text = "# T\n" + " and ".join(part_text(*each) for each in parts.items())
    assert list(hand_written_parts(text, "d.md").items()) == list(parts.items())


def test_an_allowance_of_a_finding_is_not_a_mark() -> None:
    allowance = "<!-- gatecli: allow pii-iban-code -- an example until 2027-01-31 -->"
    assert hand_written_parts(f"{allowance}{part_text('a', allowance)}", "d.md") == {"a": allowance}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<!-- gatecli:keep a -->", "no end of the part a"),
        ("<!-- gatecli:end a -->", "the end of the part a without its beginning"),
        ("<!-- gatecli:keep a --><!-- gatecli:end b -->", "the end of the part b without its beginning"),
        (f"{part_text('a', '')}{part_text('a', '')}", "the part a twice"),
        (part_text("a", part_text("b", "")), "the part b inside the part a, or a has no end"),
        ("<!-- gatecli:kepp a -->", "a mark that gatecli did not write"),
        ("<!--gatecli:keep a-->", "a mark that gatecli did not write"),
        ("<!-- GATECLI:KEEP a -->", "a mark that gatecli did not write"),
        ("<!-- gatecli:keep A -->", "a mark that gatecli did not write"),
        ("<!-- gatecli : end a -->", "a mark that gatecli did not write"),
    ],
)
def test_a_broken_mark_is_an_error_that_says_what_is_wrong(text: str, what: str) -> None:
    with pytest.raises(BrokenMarksError) as error:
        hand_written_parts(text, "d.md")
    assert error.value.message == f"d.md has {what}"
    assert error.value.exit_code == 2
