"""docs/which-noise.md: its figures are those that the command computes, and its engines those there are."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.cli.data_compare import three_digits
from gatecli.data.comparison import ComparedQuery, NoiseComparison, NoiseLaw, compare_noise
from gatecli.data.engines import diffpriv_lib, open_dp, py_dp
from gatecli.data.engines.catalogue import ENGINES
from gatecli.model.budget import Budget
from gatecli.model.mechanism import DiscreteLaplace

PAGE = (Path(__file__).resolve().parents[2] / "docs/which-noise.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE)
SHOWN = re.findall(r"^([a-zA-Z]+(?: [a-zA-Z]+)?) +\S+ = (\S+) +(\S+) +±(\S+) ", PAGE, re.MULTILINE)


def figures(counts: int) -> dict[str, tuple[str, str, float]]:
    found = compare_noise(
        NoiseComparison(ComparedQuery.COUNT, Budget(Fraction(1), Fraction(1, 10**5)), counts)
    )
    return {
        each.law.value: (three_digits(each.parameter), three_digits(each.mean_error), each.interval)
        for each in found
    }


def test_there_are_rows_on_the_page() -> None:
    assert [row[0] for row in ROWS] == ["1", "9", "10", "100"]
    assert {row[0] for row in SHOWN} == {law.value for law in NoiseLaw}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_errors_are_those_that_are_computed(row: tuple[str, ...]) -> None:
    found = figures(int(row[0]))
    laws = (NoiseLaw.LAPLACE, NoiseLaw.GAUSSIAN, NoiseLaw.BINOMIAL)
    assert list(row[1:]) == [found[law.value][1] for law in laws]


def test_the_exact_half_of_the_session_is_what_is_computed() -> None:
    found = figures(1)
    for law, parameter, error, interval in SHOWN:
        assert float(parameter) == pytest.approx(float(found[law][0]))
        assert error == found[law][1]
        assert float(interval) == pytest.approx(found[law][2], abs=0.005)


def test_every_engine_has_its_row_and_the_scale_up_to_which_it_draws() -> None:
    assert set(re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE)) == set(ENGINES)
    assert open_dp.DRAWINGS[DiscreteLaplace].most_scale is None
    assert py_dp.DRAWINGS[DiscreteLaplace].most_scale == 2**39
    assert diffpriv_lib.DRAWINGS[DiscreteLaplace].most_scale == 1024
    assert "up to a scale of 2³⁹" in PAGE
    assert "up to a scale of 1,024" in PAGE


def test_the_reason_on_the_page_is_the_engines_own() -> None:
    assert f"drawn by python-dp 1.1.5 ({py_dp.PyDp.reason})" in PAGE
