"""The pytest plugin, in pytest runs of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import pytest

def noisy(data, epsilon, rng, runs):
    return len(data) + rng.laplace(0, 1 / epsilon, runs)

def half(data, epsilon, rng, runs):
    return len(data) + rng.laplace(0, 0.4 / epsilon, runs)
"""


def run(folder: Path, test: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(HEAD + test)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "--strict-markers",
    ]
    root = str(Path(__file__).resolve().parents[3])
    return subprocess.run(
        [*command, "-p", "gatecli.audit.plugin", *arguments, "test_it.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": root, "PATH": ""},
    )


def test_a_refuted_claim_fails_the_test(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
@pytest.mark.dp(epsilon=1.0, delta=0.0)
def test_a_count(dp_audit):
    dp_audit(lambda data, rng, runs: half(data, 1.0, rng, runs), domain=range(3), samples=20_000)
""",
    )
    assert done.returncode == 1
    assert "refuted: ε ≥ " in done.stdout
    assert "1 failed" in done.stdout


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "1")], ids=["one process", "xdist"])
def test_nothing_found_passes_and_the_summary_says_what_would_have_been(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = run(
        tmp_path,
        """
@pytest.mark.dp(epsilon=1.0)
def test_a_count(dp_audit):
    results = dp_audit(noisy, neighbours="add-remove", domain=range(3), samples=20_000)
    assert [each.method for each in results] == ["betting"]
""",
        *workers,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("test_it.py::test_a_count: betting: nothing found: would have found ε ≥ ") == 1


def test_pairs_of_one_s_own_and_the_lowest_bits_are_tested(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
@pytest.mark.dp(epsilon=1.0)
def test_a_count(dp_audit):
    dp_audit(noisy, pairs=[([], [1])], lattice=True, samples=5_000)
""",
    )
    assert done.returncode == 1
    assert "lattice: refuted" in done.stdout


def test_what_could_not_run_fails_the_test(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
@pytest.mark.dp(epsilon=1.0)
def test_a_count(dp_audit):
    dp_audit(lambda data: 1 / 0, domain=range(3))
""",
    )
    assert done.returncode == 1
    assert "could not run: the mechanism raised ZeroDivisionError" in done.stdout


@pytest.mark.parametrize(
    "marker",
    [
        "",
        "@pytest.mark.dp()",
        "@pytest.mark.dp(1.0)",
        "@pytest.mark.dp(epsilon=-1)",
        "@pytest.mark.dp(epsilon='x')",
        "@pytest.mark.dp(epsilon='1e999999999')",
        "@pytest.mark.dp(epsilon=float('nan'))",
        "@pytest.mark.dp(epsilon=None)",
        "@pytest.mark.dp(epsilon=1, delta=1)",
        "@pytest.mark.dp(epsilon=1, gamma=1)",
    ],
)
def test_a_claim_that_is_none_is_an_error(tmp_path: Path, marker: str) -> None:
    done = run(tmp_path, f"\n{marker}\ndef test_a_count(dp_audit):\n    pass\n")
    assert done.returncode == 1
    assert "@pytest.mark.dp" in done.stdout
    assert "1 error" in done.stdout


@pytest.mark.parametrize("arguments", ["", "dp_audit"])
def test_a_claim_that_nothing_attacks_fails_the_test(tmp_path: Path, arguments: str) -> None:
    done = run(tmp_path, f"\n@pytest.mark.dp(epsilon=1.0)\ndef test_a_count({arguments}):\n    pass\n")
    assert done.returncode == 1
    assert "was not attacked: call dp_audit" in done.stdout


def test_a_state_adds_up_over_runs(tmp_path: Path) -> None:
    test = """
@pytest.mark.dp(epsilon=1.0)
def test_a_count(dp_audit):
    dp_audit(noisy, domain=range(3), samples=2_000)
"""
    said = [run(tmp_path, test, "--dp-state", "state.json").stdout for _run in range(2)]
    assert ["2,000 samples" in said[0], "4,000 samples" in said[1]] == [True, True]


def test_a_run_that_audits_nothing_loads_nothing_heavy(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
import sys

def test_nothing():
    assert not {"numpy", "scipy", "gatecli.audit.attack", "typer", "pydantic"} & set(sys.modules)
""",
    )
    assert done.returncode == 0, done.stdout
    assert "audits of differential privacy" not in done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("domain=range(3), samples=0", "samples is not a whole number"),
        ("domain=range(3), samples=1e6", "samples is not a whole number"),
        ("domain=range(3), seed=-1", "seed is not a whole number"),
        ("domain=range(3), time_budget=float('nan')", "the time budget is not between"),
        ("domain=__import__('itertools').count()", "more than 100,000 values"),
        ("pairs=[([1], [1])]", "pair 1 has the same input twice"),
        ("pairs=[([1],)]", "pair 1 is not two inputs"),
        ("pairs=3", "pairs are not a list of pairs"),
        ("neighbours='friends'", "is not a way in which inputs differ"),
    ],
)
def test_a_bad_keyword_fails_the_test_in_one_sentence(tmp_path: Path, given: str, said: str) -> None:
    done = run(
        tmp_path,
        f"\n@pytest.mark.dp(epsilon=1.0)\ndef test_a_count(dp_audit):\n    dp_audit(noisy, {given})\n",
    )
    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "plugin_audit.py" not in done.stdout


def test_large_inputs_that_differ_at_their_end_are_a_pair(tmp_path: Path) -> None:
    test = """
@pytest.mark.dp(epsilon=1.0)
def test_a_count(dp_audit):
    dp_audit(noisy, pairs=[([1] * 999, [1] * 999 + [2])], samples=1_000)
"""
    assert run(tmp_path, test).returncode == 0
