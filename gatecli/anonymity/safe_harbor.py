"""Columns that Safe Harbor forbids: 45 CFR 164.514(b)(2)(i), what of it can be read off a table.

A column is looked at by the words of its name and by its values. The three-digit ZIP areas of 20,000 people
or fewer are those of the census of 2000 (ZIP Code Tabulation Areas). They are listed in "Guidance Regarding
Methods for De-identification of Protected Health Information in Accordance with the HIPAA Privacy Rule",
Department of Health and Human Services, 26 November 2012. More current data, once published, count instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from math import inf

from gatecli.anonymity.discovery.column_names import words_of
from gatecli.anonymity.releases.labels import EVERYTHING, Span, date_point, number_point, spans_of
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.text_rows import Row, distinct_rows
from gatecli.model.disclosure import HarborColumn, HarborMeasures, HarborProblem

RESTRICTED_ZIPS = (
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884",
    "890", "893",
)  # fmt: skip

NOT_CHECKED = (
    "actual knowledge that what remains could identify somebody: 45 CFR 164.514(b)(2)(ii)",
    "free text, images, sounds and files that cells lead to",
    "years that tell an age over 89, such as a year of birth",
    "codes that were made from information about a person: 45 CFR 164.514(c)",
    "columns whose names and values do not show what they hold",
)
"""What no reader of a table can know."""

OLDEST = 89
_AGE = frozenset({"age", "ages", "aged"})
_ZIP = frozenset({"zip", "zips", "zipcode", "postal", "postcode", "zcta", "zip3", "zip5"})
_PLACE = frozenset(
    {
        *("county", "city", "town", "township", "village", "municipality", "parish", "precinct", "tract"),
        *("district", "neighborhood", "neighbourhood", "street", "address", "borough", "block"),
        *("latitude", "longitude", "lat", "lon", "lng", "geocode"),
    }
)
_DATE = frozenset(
    {
        *("date", "dates", "dob", "birthday", "datetime", "timestamp", "time", "visit", "born", "died"),
        *("death", "admission", "admitted", "discharge", "discharged"),
    }
)
_PART = frozenset({"month", "weekday", "quarter"})
_MONTH = (
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?"
    r"|nov(ember)?|dec(ember)?)\.?"
)
_YEAR, _MONTHS = r"(18|19|20)\d{2}", r"(0?[1-9]|1[0-2])"
_EVENT = frozenset(
    {"birth", "admission", "admit", "admitted", "discharge", "discharged", "death", "service", "encounter"}
)
_PART_OF_EVENT = frozenset({"week", "day"})
_IDENTIFIER = frozenset(
    {
        *("beneficiary", "subscriber", "policyholder"),
        *("url", "urls", "uri", "homepage", "website", "webpage", "web"),
        *("biometric", "biometrics", "voiceprint", "voice", "faceprint", "retina", "handprint"),
    }
)
"""Classes I, N and P by name; the others are found as every table's direct identifiers are."""
_OTHER_ADDRESS = frozenset({"ip", "email", "mail", "mac", "web"})
_URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
_COORDINATES = re.compile(r"[(\[]?-?\d{1,2}\.\d+[,; ]\s*-?\d{1,3}\.\d+[)\]]?", re.ASCII)
_COMPACT_DATE = re.compile(r"(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", re.ASCII)
_DATES = (
    re.compile(rf"(\d{{1,2}}[ ./-]?)?{_MONTH},?[ /'-]?(\d{{4}}|\d{{2}})([T :].*)?", re.ASCII | re.IGNORECASE),
    re.compile(rf"\d{{4}}[ ./-]?{_MONTH}([ ./-]?\d{{1,2}}([T :].*)?)?", re.ASCII | re.IGNORECASE),
    re.compile(rf"{_MONTHS} ?[./-] ?{_YEAR}|{_YEAR} ?[./-]? ?{_MONTHS}", re.ASCII),
    re.compile(
        rf"Q[1-4][ /-]?{_YEAR}|{_YEAR}[ /-]?Q[1-4]|{_YEAR}-?W\d{{2}}(-?\d)?", re.ASCII | re.IGNORECASE
    ),
    re.compile(rf"(spring|summer|autumn|fall|winter)[ /-]?{_YEAR}", re.ASCII | re.IGNORECASE),
    re.compile(r"\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})([T ].*)?", re.ASCII),
    re.compile(r"(18|19|20)\d{2}[./-]?\d{2}[./-]?\d{2}([T ].*)?", re.ASCII),
    re.compile(r"\d{1,2}\.? ?[A-Za-z]{3,9}\.?,? ?\d{2,4}", re.ASCII),
    re.compile(r"[A-Za-z]{3,9}\.? ?\d{1,2},? ?\d{4}", re.ASCII),
)
_DAYS_OF_A_YEAR = 364
_ZIPS_OF_AN_AREA = 99
"""From the first to the last ZIP code with the same three digits."""
_FIGURE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?", re.ASCII)
_ZIP_TEXT = re.compile(r"(\d*)([*xX#]*)(-[\d*xX#]*)?", re.ASCII)

Values = Sequence[tuple[Row, int]]


def check_columns(opened: OpenedTable, restricted: Collection[str] = RESTRICTED_ZIPS) -> HarborMeasures:
    """Every column that holds what Safe Harbor forbids, with the number of rows that do.

    Raises NothingToCheckError for a table without rows.
    """
    found = []
    for name in opened.columns:
        problem = _problem(opened, name, frozenset(restricted))
        if problem is not None:
            found.append(problem)
    return HarborMeasures(len(opened.columns), tuple(found), NOT_CHECKED)


def _problem(opened: OpenedTable, name: str, restricted: frozenset[str]) -> HarborColumn | None:
    words = frozenset(words_of(name))
    values = distinct_rows(opened, (name,))
    tests: list[tuple[HarborProblem, Callable[[str], bool]]] = []
    if words & _ZIP:
        tests = [(HarborProblem.ZIP, _is_fine_zip), (HarborProblem.SMALL_AREA, _is_in(restricted))]
    elif words & _AGE:
        tests = [(HarborProblem.AGE, _is_over(_years(words)))]
    elif "fips" in words:
        tests = [(HarborProblem.PLACE, lambda text: len(text.removesuffix(".0")) > len("36"))]
    elif words & _IDENTIFIER or _are_mostly(values, _URL):
        tests = [(HarborProblem.IDENTIFIER, lambda _: True)]
    elif (words & _PLACE and not words & _OTHER_ADDRESS) or _are_mostly(values, _COORDINATES):
        tests = [(HarborProblem.PLACE, lambda _: True)]
    elif words & _PART or (words & _EVENT and words & _PART_OF_EVENT):
        tests = [(HarborProblem.DATE, lambda _: True)]
    elif words & _DATE or _is_dates(opened, name, values):
        tests = [(HarborProblem.DATE, _is_fine_date)]
    for problem, test in tests:
        if rows := sum(count for text, count in _texts(values) if test(text)):
            return HarborColumn(name, problem, rows)
    return None


def _texts(values: Values) -> list[tuple[str, int]]:
    """The values that say something, and how many rows have each."""
    known = [((text or "").strip(), count) for (text,), count in values]
    return [(text, count) for text, count in known if text not in EVERYTHING]


def _are_mostly(values: Values, form: re.Pattern[str]) -> bool:
    known = _texts(values)
    return sum(count for text, count in known if form.fullmatch(text)) * 2 > sum(count for _, count in known)


def _years(words: Collection[str]) -> float:
    """How many of an age column's units are a year."""
    return 12 if {"month", "months"} & set(words) else 365.25 if {"day", "days"} & set(words) else 1


def _is_over(per_year: float) -> Callable[[str], bool]:
    """Whether a label tells ages over 89 from one another; 90 itself is taken for "90 or older".

    Figures in a label that is not a span (`92 years`, `98 mo`) are read as ages.
    """

    def test(text: str) -> bool:
        spans = spans_of(text, number_point)
        if spans is not None:
            return any(_tells(span, per_year) for span in spans)
        figures = [float(figure) for figure in _FIGURE.findall(text)]
        year = max(per_year, _years(words_of(text)))
        return any(_tells(Span(figure, figure), year) for figure in figures)

    return test


def _tells(span: Span, per_year: float) -> bool:
    last = span.high if not span.open_high else span.high - 1e-9
    first_old = (OLDEST + 1) * per_year
    if last < first_old or (span.low == span.high == first_old):
        return False
    return span.high < inf or span.low > first_old


def _is_fine_zip(text: str) -> bool:
    """Whether a label may tell more than three digits; so does a postal code of another country."""
    found = _ZIP_TEXT.fullmatch(text.removesuffix(".0"))
    if found is not None:
        return len(found[1]) > 3
    spans = spans_of(text, number_point)
    if spans is not None:
        return any(span.high - span.low < _ZIPS_OF_AN_AREA for span in spans)
    return any(letter.isdigit() for letter in text)


def _is_in(restricted: Collection[str]) -> Callable[[str], bool]:
    """Whether a ZIP area is a small one, also where its leading zero was lost."""

    def test(text: str) -> bool:
        found = _ZIP_TEXT.fullmatch(text.removesuffix(".0"))
        return found is not None and bool(found[1]) and found[1].zfill(3) in restricted

    return test


def _is_dates(opened: OpenedTable, name: str, values: Values) -> bool:
    """Whether a column holds dates although its name does not say so."""
    kind = str(opened.columns[name]).lower()
    if "date" in kind or "time" in kind:
        return True
    known = _texts(values)
    if known and all(_COMPACT_DATE.fullmatch(text) for text, _ in known):
        return True
    dates = sum(count for text, count in known if _is_fine_date(text) and not text.isdigit())
    return dates * 2 > sum(count for _, count in known)


def _is_fine_date(text: str) -> bool:
    spans = spans_of(text, date_point)
    if spans is not None:
        return any(span.high - span.low < _DAYS_OF_A_YEAR - span.open_high for span in spans)
    return any(pattern.fullmatch(text) for pattern in _DATES)
