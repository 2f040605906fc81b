"""The explain reports of PipelineDP: every stage known, every metric computed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Approximate, Gaussian, Laplace, Pure
from tests.support.evidence import REAL, accept, accepted, refuse

KIND = "pipeline-dp"


def text(name: str) -> str:
    return (REAL / f"pipeline-dp-{name}.txt").read_text("utf-8")


def test_noise_keeps_its_scale_and_sensitivity() -> None:
    evidence = accepted(KIND, "pipeline-dp-laplace.txt")
    assert evidence.neighbouring is Neighbouring.ADD_REMOVE
    assert evidence.mechanisms == (
        Approximate(epsilon=Fraction("0.3333333333333333"), delta=Fraction("1e-6")),
        Laplace(sensitivity=Fraction(6), scale=Fraction(18)),
        Laplace(sensitivity=Fraction(30), scale=Fraction(90)),
    )


def test_a_mean_is_two_noisy_parts() -> None:
    mechanisms = accepted(KIND, "pipeline-dp-gaussian-mean.txt").mechanisms
    assert sum(isinstance(each, Gaussian) for each in mechanisms) == 3
    assert len(mechanisms) == 4


def test_noise_of_the_pld_accountant_needs_no_epsilon() -> None:
    _, noise = accepted(KIND, "pipeline-dp-pld.txt").mechanisms
    assert isinstance(noise, Gaussian)
    assert noise.standard_deviation == Fraction("126.74060412009662")


def test_every_report_of_a_file_counts() -> None:
    variance, percentile = Fraction(1, 2), Fraction(1, 2)
    selection = Approximate(epsilon=Fraction("0.5"), delta=Fraction("1e-6"))
    expected = (selection, Pure(epsilon=variance), selection, Pure(epsilon=percentile))
    assert accepted(KIND, "pipeline-dp-two.txt").mechanisms == expected


def test_a_report_that_bounds_no_partitions_says_so(tmp_path: Path) -> None:
    lines = [line for line in text("public").splitlines() if "Cross-partition" not in line]
    notes = accept(KIND, tmp_path, "\n".join(lines)).notes
    assert any("on trust" in note for note in notes)
    assert not any("on trust" in note for note in accepted(KIND, "pipeline-dp-public.txt").notes)


@pytest.mark.parametrize("name", ["laplace", "gaussian-mean", "pld", "public", "thresholding"])
def test_no_report_is_read_after_a_line_was_cut_from_its_end(name: str, tmp_path: Path) -> None:
    whole = text(name).rstrip().splitlines()
    last = next(number for number in reversed(range(len(whole))) if "mechanism" in whole[number])
    for length in range(1, last):
        refuse(KIND, tmp_path, "\n".join(whole[:length]))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Computed DP sum with", "None", "whose cost is unknown"),
        (
            "Laplace mechanism:  parameter=90.0",
            "Laplace mechanism:  parameter=0",
            "not describe a possible mechanism",
        ),
        ("parameter=90.0", "parameter=nan", "whose cost is unknown"),
        ("'SUM'", "'VECTOR_SUM'", "no stage that computes it"),
        (" metrics=['COUNT', 'SUM']\n", "", "names no metrics"),
        ("Computation graph:", "Computation:", "has no line"),
        ("DPEngine method: ", "Engine method: ", "not a report"),
        ("delta=delta=1e-06", "delta=delta=2", "not describe a possible mechanism"),
    ],
)
def test_what_is_not_known_is_refused(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in text("laplace")
    assert words in refuse(KIND, tmp_path, text("laplace").replace(old, new)).message


def test_a_report_without_a_mechanism_records_nothing(tmp_path: Path) -> None:
    report = "DPEngine method: select_partitions\nComputation graph:\n 1. Adding empty partitions for public"
    refuse(KIND, tmp_path, report + " partitions that are missing in data")
