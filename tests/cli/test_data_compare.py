"""`gatecli data compare` as a whole process."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.conftest import Run


def test_the_table_has_exact_and_drawn_figures(run: Run) -> None:
    done = run("data", "compare", "--epsilon", "1", "--draws", "2000")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1].split()[:6] == ["Laplace", "b", "=", "1.00", "1.00", "±3.00"]
    assert lines[2].split()[:7] == ["analytic", "Gaussian", "σ", "=", "3.73", "2.98", "±7.31"]
    assert lines[3].split()[:6] == ["binomial", "n", "=", "62", "3.13", "±8"]
    drawn = lines[4].split()
    assert drawn[2:8] == ["b", "=", "1.00", "0.851", "±3", "opendp"]
    assert 0.6 < float(drawn[9]) < 1.1
    assert "drawn 2,000 times each" in lines
    assert "Gaussian noise errs less than Laplace noise from 9 counts a person on" in lines


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_a_program_reads_is_the_same_twice(run: Run, form: str) -> None:
    question = ("data", "compare", "--epsilon", "1", "--query", "sum", "--sensitivity", "110", "-f", form)
    first, second = run(*question), run(*question)
    assert first.stdout == second.stdout
    found = json.loads(first.stdout) if form == "json" else yaml.safe_load(first.stdout)
    assert found["noises"][0] == {
        "noise": "Laplace",
        "scale": 110,
        "meanAbsoluteError": 110,
        "interval95": 329.531,
        "drawnBy": [],
    }
    assert [each["noise"] for each in found["noises"]][-1] == "discrete Gaussian"
    assert list(found["noises"][-1]["drawnBy"][0]) == ["engine"]


def test_measured_figures_are_there_for_a_program_that_asks(run: Run) -> None:
    done = run("data", "compare", "--epsilon", "1", "--delta", "0", "--draws", "500", "-f", "json")
    discrete = json.loads(done.stdout)["noises"][1]
    assert discrete["drawnBy"][0]["draws"] == 500
    assert discrete["drawnBy"][0]["microseconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--epsilon", "0"), "no finite noise"),
        (("--epsilon", "1", "--sensitivity", "2"), "--sensitivity is of sums"),
        (("--epsilon", "one"), "--epsilon"),
        (("--epsilon", "1", "--query", "sum", "--sensitivity", "0"), "--sensitivity"),
    ],
)
def test_bad_options_are_refused(run: Run, arguments: tuple[str, ...], word: str) -> None:
    done = run("data", "compare", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
