from __future__ import annotations

import pytest

from gatecli.reports import text
from gatecli.reports.interface import Style
from gatecli.reports.wrap import cells
from tests.support.verdicts import CASES, understated


def test_an_open_gate_is_one_line() -> None:
    assert text.render(CASES["open"](), Style()) == "open · policy default · checked 1 release\n"


def test_a_finding_says_where_what_and_how_to_mend_it() -> None:
    header, *rest = text.render(CASES["closed"](), Style(width=200)).splitlines()
    assert header == "examples/churn-model/privacy.yaml:14:14  error  dp-understated-epsilon"
    assert rest == [
        f"  {understated().message}",
        "  fix: declare epsilon ≥ 2.38, or raise noiseMultiplier to ≥ 2.04",
        "closed · 1 error · policy default · checked 1 release",
    ]


def test_what_could_not_be_checked_is_not_called_an_error() -> None:
    shown = text.render(CASES["uncheckable"](), Style())
    assert shown.startswith("models/truncated.yaml  could not check  source-unreadable\n")


def test_suppressed_findings_and_measures_are_shown_when_asked_for() -> None:
    quiet, verbose = (text.render(CASES["suppressed"](), Style(verbosity=level)) for level in (0, 1))
    assert "1 suppressed" in quiet
    assert "ε = 8 is above 4" not in quiet
    assert "by waiver legacy-churn until 2027-03-31: retrained by the first quarter" in verbose
    assert "ε, at most: 2.38 · ε, at least: 2.378" in verbose


def test_a_quiet_report_holds_only_what_closes_the_gate() -> None:
    shown = text.render(CASES["uncheckable"](), Style(verbosity=-1))
    assert "dp-understated-epsilon" in shown
    assert "source-unreadable" in shown
    assert "dp-missing-unit" not in shown


def test_colour_is_there_only_when_asked_for_and_changes_no_word() -> None:
    coloured = text.render(CASES["uncheckable"](), Style(colour=True))
    assert "\x1b[1;31merror\x1b[0m" in coloured
    assert "\x1b" not in text.render(CASES["uncheckable"](), Style())


@pytest.mark.parametrize("width", [40, 60, 100])
def test_prose_fits_the_width_but_for_what_cannot_be_broken(width: int) -> None:
    lines = text.render(CASES["wide"](), Style(width=width)).splitlines()[1:-1]
    assert all(cells(line) <= width or "://" in line for line in lines)


def test_a_width_of_nothing_is_still_readable() -> None:
    assert len(text.render(CASES["closed"](), Style(width=0)).splitlines()) < 20
