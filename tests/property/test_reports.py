from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.reports.escaping import inert, visible
from gatecli.reports.interface import Report, Style
from gatecli.reports.registry import all_reports
from gatecli.reports.wrap import cells, wrap
from tests.support.examples import share
from tests.support.report_checks import CHECKS
from tests.support.verdicts import hostile

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
"""Every code point, lone surrogates and controls too."""

MARKUP = st.text("`|\\<>&[](){}*_~$@#!:/%,;.\r\n\t a1\x1b\u202e\udc80", max_size=40)
"""Mostly what one format or another gives a meaning to."""


@pytest.mark.parametrize("report", all_reports(), ids=[report.name for report in all_reports()])
@given(text=ANYTHING | MARKUP)
@settings(max_examples=share(100), deadline=None)
def test_whatever_a_stranger_writes_a_report_keeps_its_form(report: Report, text: str) -> None:
    verdict = hostile(text)
    rendered = report.render(verdict, Style())
    assert CHECKS[report.name](rendered, verdict) is False
    assert all(visible(line) == line for line in rendered.split("\n"))


@given(ANYTHING | MARKUP)
def test_harmless_text_is_left_alone_the_second_time(text: str) -> None:
    once = inert(visible(text))
    assert inert(visible(once)) == once


@given(ANYTHING | MARKUP, st.integers(1, 60))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    assert "".join(wrap(visible(text), width)).replace(" ", "") == visible(text).replace(" ", "")


@given(st.text("ab 顾客，", max_size=80), st.integers(8, 60))
def test_text_of_short_words_fits_its_width(text: str, width: int) -> None:
    short = " ".join(word[:3] for word in text.split(" "))
    assert all(cells(line) <= width for line in wrap(short, width))
