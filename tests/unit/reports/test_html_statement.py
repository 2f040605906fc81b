"""What a privacy officer finds in sight on the page of a table, and can sign."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.checks.tables.measures import K as K_BELOW
from gatecli.checks.tables.roles import DIRECT_IDENTIFIER
from gatecli.model.anonymity import Thresholds
from gatecli.model.anonymity_risks import PopulationEstimator
from gatecli.model.disclosure import CountMeasures, HarborMeasures, IntersectionMeasures, MagnitudeMeasures
from gatecli.model.document import Place
from gatecli.model.finding import Severity, Suppression, make_finding
from gatecli.model.thresholds import as_mapping
from gatecli.model.verdict import Checked, Verdict, decide
from gatecli.reports.html import rendering
from gatecli.reports.html.statement import DEMANDS
from gatecli.reports.interface import Style
from gatecli.reports.words import ESTIMATORS, LABELS, TITLES
from tests.support.painted import painted
from tests.support.report_checks import check_html
from tests.support.verdicts import POLICY

LIMITS = Thresholds(k=5, t=Fraction(1, 2), max_population_uniqueness=Fraction(1, 20))
TABLE = Checked(
    "table",
    "people.csv",
    "people.csv",
    {"k": 19, "t": 0.2, "populationUniqueness": 0.01, "populationEstimator": "extended-negative-binomial"},
    picture=painted(),
    inputs={
        "sha256": "ab" * 32,
        "quasiIdentifiers": ["age", "zip"],
        "sensitive": ["diagnosis"],
        "thresholds": as_mapping(LIMITS),
    },
)


def page_of(item: Checked, made_at: str = "2026-11-30T01:27:33Z") -> str:
    verdict: Verdict = decide("anonymity", POLICY, (item,), ())
    page = rendering.render(verdict, Style(made_at=made_at))
    check_html(page, verdict)
    return page


def in_sight(page: str) -> str:
    """The text of what no reader has to unfold."""
    return " ".join(
        re.sub(r"<[^>]+>", " ", re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)).split()
    )


@pytest.mark.parametrize(
    "words",
    [
        "2026-11-30 01:27:33 UTC",
        "Quasi-identifiers: what others may know age, zip",
        "Sensitive: what nobody may learn diagnosis",
        "records in the smallest class (k) at least 5 19",
        "distance of a class from the table (t) at most 0.5 0.2",
        "unique in the population: 0.01 (the extended negative binomial model)",
        f"measured people.csv (SHA-256 {'ab' * 32})",
        "the table meets every limit that is listed here",
        "does not say that nobody in it can ever be recognised",
        "Name and role",
        "Signature",
    ],
)
def test_what_is_signed_is_in_sight(words: str) -> None:
    assert words in in_sight(page_of(TABLE))


def test_the_page_says_words_and_not_keys() -> None:
    text = re.sub(r"<[^>]+>", " ", page_of(TABLE))
    assert not re.search(
        r"\b(populationEstimator|populationUniqueness|quasiIdentifiers|digestOf|extended-negative-binomial)\b",
        text,
    )


def test_a_table_that_was_forgiven_does_not_meet_its_limits() -> None:
    finding = make_finding(
        DIRECT_IDENTIFIER,
        "name is one",
        subject="people.csv",
        place=Place("people.csv"),
        mend="",
        identity="x",
    )
    for active in (finding, replace(finding, suppressed=Suppression("waiver", "w"))):
        verdict = decide("anonymity", POLICY, (TABLE,), (active,))
        page = rendering.render(verdict, Style())
        assert "does not meet what is demanded of it" in page
        assert (", which is forgiven" in page) is (active.suppressed is not None)


def test_a_limit_that_a_policy_only_warns_of_is_not_met_either() -> None:
    finding = make_finding(
        K_BELOW, "k = 1", subject="people.csv", place=Place("people.csv"), mend="", identity="x"
    )
    for severity in (Severity.WARNING, Severity.NOTE):
        verdict = decide("anonymity", POLICY, (TABLE,), (replace(finding, severity=severity),))
        text = in_sight(rendering.render(verdict, Style()))
        assert "does not meet what is demanded of it, which is forgiven" in text
        assert "meets every limit" not in text


@pytest.mark.parametrize(
    ("kind", "limit", "words"),
    [
        ("count table", {"k": 5}, "the smallest count above 0 at least 5 7"),
        ("count table", {"l": 2}, "categories in a group at least 2 7"),
        ("release pair", {"k": 5}, "records that can be a person’s at least 5 7"),
    ],
)
def test_a_publication_has_limits_of_its_own_and_no_quasi_identifiers(
    kind: str, limit: dict[str, int], words: str
) -> None:
    item = Checked(kind, "a.csv", "a.csv", {"k": 7, "l": 7}, inputs={"thresholds": limit})
    text = in_sight(page_of(item))
    assert words in text
    assert "The data meets every limit that is listed here." in text
    assert "quasi-identifiers" not in text


def test_the_measures_of_publications_have_words() -> None:
    every = (
        CountMeasures(1, 8, 3, 0, 1, 1, 0, 0, 2, {"illness": 1}),
        MagnitudeMeasures(3, 1, 1, Fraction(1, 2)),
        HarborMeasures(3, (), ("actual knowledge",)),
        IntersectionMeasures(
            names=("a.csv", "b.csv"),
            records=(6, 6),
            classes=(2, 2),
            alone=(3, 3),
            pairs=4,
            is_same_people=True,
            links=(),
            sizes=((1, 1),),
            distinct={"illness": ((1, 1),)},
        ),
    )
    assert {key for each in every for key in each.as_mapping()} <= LABELS.keys() | TITLES.keys()


def test_a_page_without_a_date_names_none() -> None:
    assert "On 2026" not in page_of(TABLE, "")


def test_a_subject_without_limits_has_nothing_to_sign() -> None:
    assert "Signature" not in page_of(replace(TABLE, inputs={}))


def test_every_threshold_has_words() -> None:
    every = {name.replace("_l", "L") if name == "entropy_l" else name for name in Thresholds.__slots__}
    camel = {re.sub(r"_(.)", lambda match: match[1].upper(), name) for name in every}
    assert camel == DEMANDS.keys()


def test_every_estimator_has_words() -> None:
    assert {each.value for each in PopulationEstimator} == ESTIMATORS.keys()


PERSONS = replace(
    TABLE,
    measures={
        **TABLE.measures,
        "rowsWithoutUnit": 3,
        "suppressedRows": 5,
        "households": 40,
        "exposedHouseholds": 2,
        "averageHouseholdRisk": 0.25,
        "bySensitive": {"diagnosis": {"scale": "numeric", "format": "decimal-comma"}},
    },
    inputs={
        **TABLE.inputs,
        "unit": "pid",
        "trajectory": True,
        "known": 2,
        "household": "home",
        "scales": {"diagnosis": "numeric"},
        "formats": {"born": "day-first", "diagnosis": "decimal-comma"},
        "missingCodes": ["-9"],
        "suppressedCodes": ["*"],
    },
)


@pytest.mark.parametrize(
    "words",
    [
        "Others may know all rows of a unit yes",
        "Others may know any so many rows of a unit 2",
        "Household: whose members are found together home",
        "Scales, as stated diagnosis: numeric",
        "Formats, as stated born: day-first, diagnosis: decimal-comma",
        "Codes for a missing value -9",
        "Codes for a suppressed value *",
        "Rows that name no unit 3",
        "Suppressed rows, in no class 5",
    ],
)
def test_what_was_asked_of_persons_is_in_sight(words: str) -> None:
    assert words in in_sight(page_of(PERSONS))


def test_the_measures_of_persons_have_words() -> None:
    """In the list of all measures and of all inputs too."""
    text = re.sub(r"<[^>]+>", " ", page_of(PERSONS))
    assert not re.search(
        r"\b(rowsWithoutUnit|suppressed(Rows|Codes)|missingCodes|exposedHouseholds|averageHouseholdRisk)\b",
        text,
    )


def test_a_withheld_estimate_says_why() -> None:
    measures = {**TABLE.measures, "populationUniqueness": None, "populationEstimator": "withheld"}
    assert (
        "unique in the population: withheld: the sample is too small to tell, or no model fits it."
        in in_sight(page_of(replace(TABLE, measures=measures)))
    )


def test_one_quasi_identifier_is_told_as_one() -> None:
    page = page_of(replace(TABLE, inputs={**TABLE.inputs, "quasiIdentifiers": ["age"]}))
    assert "who know the 1 named quasi-identifier, the table" in page


@pytest.mark.parametrize("subject", ["people.csv", "people of 2026"])
def test_a_finding_names_its_place_once(subject: str) -> None:
    found = make_finding(K_BELOW, "k = 1 < 5", subject=subject, place=Place("people.csv"), mend="")
    page = rendering.render(decide("anonymity", POLICY, (TABLE,), (found,)), Style())
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page)
    place = next(cell for cell in cells if cell.startswith("<code>people.csv"))
    assert place.count("people.csv") == 1
    assert ("people of 2026" in place) == (subject != "people.csv")
