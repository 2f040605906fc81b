"""Generalised labels: which of them can be one person's."""

from __future__ import annotations

import pytest

from gatecli.anonymity.releases.labels import overlap_of
from gatecli.errors import UncheckableError

OVERLAPPING = [
    ("25", "[20, 30)"),
    ("20-29", "29"),
    ("20-29", "(29, 39]"),  # a person of 29 and a half
    ("20–29", "[25, 35]"),
    ("<30", "20-29"),
    ("<=30", "[30, 40)"),
    (">89", "90+"),
    ("{21, 25, 40}", "[22, 26)"),
    ("20 to 29", "[25,30["),
    ("[-inf, 30)", "29.5"),
    ("*", "12"),
    ("-5", "[-10, 0)"),
    ("2019-03", "2019"),
    ("31.03.2019", "2019-Q1"),
    ("3/31/2019 9:30", "2019-03"),
    ("31/3/2019", "2019-03"),
    ("20190331", "2019-03"),
    ("[01.03.2019, 01.04.2019)", "2019-03-31"),
    ("2019-03-31", "2019-Q1"),
    ("2019-12-31T10:00:00", "2010s"),
    ("[2019-01-01, 2020-01-01)", "2019-07"),
    ("13053", "130**"),
    ("130**", "13***"),
    ("130*", "1305*"),
    ("{married, single}", "single"),
]
APART = [
    ("19", "[20, 30)"),
    ("30", "[20, 30)"),
    ("20-29", "30-39"),
    ("<30", "[30, 40)"),
    ("<30", ">=30"),
    ("(29, 39]", "[20, 29]"),
    ("{21, 25}", "[22, 25)"),
    ("2019-04", "2019-Q1"),
    ("01.04.2019", "2019-Q1"),
    ("20190401", "2019-Q1"),
    ("2020", "2010s"),
    ("13053", "148**"),
    ("130**", "1305*****"),
]


@pytest.mark.parametrize(("one", "other"), OVERLAPPING)
def test_labels_that_share_a_value_overlap(one: str, other: str) -> None:
    assert overlap_of("column", [one], [other], None).all()
    assert overlap_of("column", [other], [one], None).all()


@pytest.mark.parametrize(("one", "other"), APART)
def test_labels_that_share_no_value_do_not_overlap(one: str, other: str) -> None:
    assert not overlap_of("column", [one], [other], None).any()
    assert not overlap_of("column", [other], [one], None).any()


def test_a_missing_cell_may_be_anything() -> None:
    assert overlap_of("column", [None, "3"], ["4", ""], None).tolist() == [[True, True], [False, True]]


def test_a_hierarchy_says_what_a_label_covers() -> None:
    tree = {
        "married": frozenset({"married"}),
        "divorced": frozenset({"divorced"}),
        "once": frozenset({"married", "divorced"}),
        "single": frozenset({"single"}),
    }
    found = overlap_of("marital", ["married", "single"], ["once", "single"], tree)
    assert found.tolist() == [[True, False], [False, True]]


def test_a_label_that_nothing_explains_is_not_taken_for_another_person() -> None:
    with pytest.raises(UncheckableError, match="2 of its labels are in one release alone") as raised:
        overlap_of("marital", ["married", "single"], ["once", "single"], None)
    assert "--hierarchy marital=FILE" in raised.value.advice


def test_a_label_that_its_hierarchy_does_not_know_is_refused() -> None:
    with pytest.raises(UncheckableError, match="does not know 1 of its labels"):
        overlap_of("marital", ["wed"], ["wed"], {"single": frozenset({"single"})})


def test_a_column_that_one_release_suppressed_needs_no_hierarchy() -> None:
    assert overlap_of("sex", ["M", "F"], ["*"], None).tolist() == [[True], [True]]
