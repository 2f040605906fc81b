"""What a reader calls measures, in every report that is read."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from gatecli.model.anonymity import Doubt, Missing
from gatecli.model.anonymity_risks import PopulationEstimator
from gatecli.model.budget import Neighbouring
from gatecli.reports import text
from gatecli.reports.html import rendering
from gatecli.reports.interface import Style
from gatecli.reports.words import LABELS, VALUES, groups_in_words
from tests.support.verdicts import CASES

MEASURES = {
    "epsilonUpper": Fraction(1, 3),
    "epsilonLower": Fraction(1, 3),
    "upper": None,
    "t": math.inf,
    "entropyL": 2.5,
    "normalise": True,
    "neighbouring": Neighbouring.ADD_REMOVE,
    "classSizes": {"1": {"classes": 1, "records": 1}, "3-4": {"classes": 2, "records": 7}},
    "bySensitive": {"age": {"k": 3}},
    "sizes": [1, 2],
    "recursiveC": None,
    "populationUniqueness": None,
    "populationEstimator": "withheld",
}


def test_every_measure_has_a_word_and_a_value_and_groups_come_last() -> None:
    plain, sizes, (title, group) = groups_in_words(MEASURES)
    assert plain[1] == [
        ("ε, at most", "0.3334"),
        ("ε, at least", "0.3333"),
        ("upper", "unknown"),
        ("t, the farthest class from the table", "unknown"),
        ("entropy l", "2.5"),
        ("case and outer blanks are ignored", "yes"),
        ("neighbouring relation", "add-remove"),
        ("sizes", "1, 2"),
        ("c of recursive (c,l)-diversity", "none is enough"),
        ("unique in the population (estimate)", "not estimated"),
        ("source of the estimate", "withheld: the sample is too small to tell, or no model fits it"),
    ]
    assert sizes == (
        "classes by their size",
        [("1", "1 class with 1 record"), ("3-4", "2 classes with 7 records")],
    )
    assert (plain[0], title, group) == ("", "age", [("k, the smallest class", "3")])


@pytest.mark.parametrize(
    ("measure", "members"),
    [("populationEstimator", PopulationEstimator), ("doubt", Doubt), ("missing", Missing)],
)
def test_every_value_that_is_a_key_has_words(measure: str, members: type[Doubt]) -> None:
    assert {each.value for each in members} == VALUES[measure].keys()


@pytest.mark.parametrize("case", ["persons", "pictured"])
def test_no_report_that_is_read_shows_a_key(case: str) -> None:
    keys = [key for key in LABELS if any(letter.isupper() for letter in key)]
    verdict = CASES[case]()
    for shown in (text.render(verdict, Style(verbosity=1)), rendering.render(verdict, Style())):
        assert [key for key in keys if f">{key}<" in shown or f"{key}:" in shown or f"{key} =" in shown] == []
        assert "estimated by: withheld" not in shown
