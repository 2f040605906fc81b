from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.picture import AnonymityPicture, SizeBin
from gatecli.model.verdict import Checked, Verdict, decide
from gatecli.reports.html import rendering
from gatecli.reports.html.findings import MOST
from gatecli.reports.html.markup import element, safe
from gatecli.reports.html.stylesheet import DARK, LIGHT, STYLE
from gatecli.reports.html.svg import percent, rough, short
from gatecli.reports.interface import Style
from tests.support.painted import painted
from tests.support.report_checks import check_html
from tests.support.verdicts import CASES, CHURN, HOSTILE_TEXTS, POLICY, many, understated


def rendered(verdict: Verdict) -> str:
    page = rendering.render(verdict, Style())
    check_html(page, verdict)
    return page


def pictured(picture: AnonymityPicture, name: str = "people.csv") -> Verdict:
    return decide("anonymity", POLICY, (Checked("table", name, name, {"k": 1}, picture=picture),), ())


def test_the_policy_of_the_page_permits_its_own_style_and_nothing_else() -> None:
    page = ET.fromstring(rendered(CASES["open"]()).removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own
    (style,) = page.findall(".//style")
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    policy = page.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert policy.attrib["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_fetched() -> None:
    page = rendered(pictured(painted()))
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) == {"data:,"}
    assert "@import" not in STYLE
    assert "url(" not in STYLE


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=repr)
def test_a_hostile_column_or_value_stays_text(text: str) -> None:
    rendered(pictured(painted(text), text))


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_whatever_a_column_is_called_the_page_keeps_its_form(text: str) -> None:
    rendered(pictured(painted(text), text))


@given(st.text("<>&\"'; abc", min_size=1, max_size=30))
def test_text_is_shown_as_it_is(text: str) -> None:
    assert ET.fromstring(element("p", text)).text == text  # noqa: S314 - our own
    assert ET.fromstring(element("p", "", title=text)).attrib["title"] == text  # noqa: S314 - our own


def test_a_long_text_is_cut_and_the_cut_is_shown() -> None:
    assert len(safe("a" * 10_000)) == 2_000
    assert safe("a" * 10_000).endswith("…")


def test_every_chart_has_a_title_a_description_and_a_table() -> None:
    page = ET.fromstring(rendered(pictured(painted())).removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own
    charts = page.findall(".//svg[@role='img']")
    ids = [node.attrib["id"] for node in page.iter() if "id" in node.attrib]
    assert len(charts) == 5
    assert len(set(ids)) == len(ids)
    for chart in charts:
        assert chart.findtext("title")
        assert chart.findtext("desc")
        assert set(chart.attrib["aria-labelledby"].split()) <= set(ids)
    figures = page.findall(".//figure")
    tables = [figure for figure in figures if figure.find("details/table") is not None]
    assert len(tables) == len(figures) - 1
    assert figures[-1].find("ol") is not None


def test_what_a_picture_shows_is_in_its_tables() -> None:
    text = " ".join(ET.fromstring(rendered(pictured(painted()))[16:]).itertext()).replace("\u00a0", " ")  # noqa: S314 - our own
    for said in (
        "5 demanded",
        "7 % of records",
        "20 % of records",
        "k = 5",
        "l = 2",
        "(all others)",
        "classes of 1–4",
    ):
        assert said in text
    assert "age → 5-year bands" in text
    assert "b → one value" in text
    assert "suppress small classes alone" in text


def test_one_proposal_needs_no_chart() -> None:
    picture = replace(painted(), mendings=painted().mendings[:1])
    assert "Further left" not in rendered(pictured(picture))


def test_a_picture_without_anything_small_alarms_nobody() -> None:
    picture = replace(painted(), k=5, unique=0, sizes=(SizeBin(1, 4, 0, 0), SizeBin(5, None, 20, 100)))
    page = rendered(pictured(picture))
    assert "No class is smaller than 5." in page
    assert "tile on error" not in page


def test_pictures_of_several_tables_have_ids_of_their_own() -> None:
    items = tuple(Checked("table", name, name, picture=painted()) for name in ("a", "b"))
    ids = re.findall(r' id="([^"]*)"', rendered(decide("anonymity", POLICY, items, ())))
    assert len(set(ids)) == len(ids)


def test_a_rule_leads_to_its_explanation() -> None:
    page = rendered(CASES["closed"]())
    assert 'href="https://gatecli.dev/rules/#dp-understated-epsilon"' in page


def test_several_ways_to_mend_are_a_list() -> None:
    finding = replace(understated(), remediation="do this; or do that")
    page = rendered(decide("release", POLICY, (CHURN,), (finding,)))
    assert "<li>do this</li>\n<li>do that</li>" in page


def test_what_is_left_out_is_counted() -> None:
    page = rendered(many(MOST + 3))
    assert "3 more findings left out" in page


def test_many_findings_are_counted_by_rule() -> None:
    findings = tuple(
        replace(understated(line), rule=replace(understated().rule, id=f"dp-rule-{line % 2}"))
        for line in range(20)
    )
    assert "20 findings of 2 rules" in rendered(decide("release", POLICY, (CHURN,), findings))


def test_many_subjects_are_a_list_that_a_reader_opens() -> None:
    items = tuple(Checked("file", f"file {at}", f"{at}.yaml") for at in range(1_005))
    page = rendered(decide("pii", POLICY, items, ()))
    assert "1005 files" in page or "1005 subjects" in page
    assert "5 more subjects left out" in page


def test_what_the_verdict_is_bound_to_is_shown() -> None:
    item = replace(CHURN, inputs={"sha256": "ab" * 32, "columns": ["age", "zip"]})
    page = rendered(decide("release", POLICY, (item,), ()))
    assert "ab" * 32 in page
    assert "age, zip" in page


@pytest.mark.parametrize(
    ("share", "shown", "up"),
    [
        (Fraction(0), "0 %", "0 %"),
        (Fraction(1, 10**6), "< 0.1 %", "0.1 %"),
        (Fraction(1, 3), "33.3 %", "33.4 %"),
        (Fraction(9999, 10000), "> 99.9 %", "> 99.9 %"),
        (Fraction(1), "100 %", "100 %"),
    ],
)
def test_a_share_never_becomes_nothing_or_everything(share: Fraction, shown: str, up: str) -> None:
    found = tuple(text.replace("\u00a0", " ") for text in (percent(share), percent(share, up=True)))
    assert found == (shown, up)


def test_a_rough_share_is_short() -> None:
    assert [rough(Fraction(one, 1000)).replace("\u00a0", " ") for one in (5, 16, 123, 994, 999, 1000)] == [
        "0.5 %", "1.6 %", "12 %", "99 %", "99.9 %", "100 %",
    ]  # fmt: skip


def test_a_label_is_cut_by_its_width() -> None:
    assert short("a" * 50) == "a" * 33 + "…"
    assert short("顾" * 50) == "顾" * 16 + "…"
    assert short("age") == "age"


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(char * 2 for char in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_stand_out_from_their_ground(colours: dict[str, str]) -> None:
    for ground in ("ground", "card", "inset"):
        for words in ("ink", "soft"):
            assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)
    for ground in ("ground", "card"):
        assert contrast(colours["link"], colours[ground]) >= 4.5
    for tone in ("error", "warning", "note", "blind", "good"):
        assert contrast(colours[tone], colours["card"]) >= 4.5, tone
        assert contrast(colours[tone], colours[f"{tone}-soft"]) >= 4.5, tone
    for mark in ("bar", "bad", "one", "two", "three"):
        assert contrast(colours[mark], colours["card"]) >= 3, mark
    for mark in ("one", "two", "three"):
        assert contrast(colours[mark], colours["pale"]) >= 3, mark
    assert contrast(colours["card"], colours["bar"]) >= 4.5


def test_the_gates_of_a_run_are_a_table() -> None:
    page = rendered(CASES["gates"]())
    assert '<tr><th scope="row">pii</th><td>open</td><td>1</td><td>0</td><td>0</td><td>0</td></tr>' in page
    assert "Gates" not in rendered(CASES["closed"]())


def test_beside_a_baseline_what_counts_is_called_new_and_what_is_known_is_folded() -> None:
    page = rendered(CASES["compared"]())
    assert page.index("New since the baseline") < page.index("dp-missing-unit") < page.index("<details>")
    assert page.index("<details>") < page.index(">dp-understated-epsilon<")
