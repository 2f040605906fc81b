"""`gatecli audit mechanism` and `gatecli audit engines`, as whole processes."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[1] / "support/audit_project"
FEW = ("--samples", "5000")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gatecli", "audit", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(name="project")
def copied(tmp_path: Path) -> Path:
    shutil.copy(PROJECT / "mechanisms.py", tmp_path)
    return tmp_path


def test_a_refuted_claim_ends_in_1_and_says_on_what(project: Path) -> None:
    done = run(
        project, "mechanism", "mechanisms:noisy_max", "--epsilon", "1", "--neighbours", "answers", *FEW
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("refuted: ε ≥ ")
    assert "(99.9 %) on the inputs [" in done.stdout
    assert 'event "' in done.stdout


def test_nothing_found_ends_in_0_and_says_what_would_have_been(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", *FEW)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nothing found: would have found ε ≥ ")
    assert "with 90 % (5,000 samples of each input)" in done.stdout
    assert "verified" not in done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raising", "raised ValueError: no such luck"),
        ("constant", "not random"),
        ("dying", "signal 9"),
        ("absent", "cannot be imported"),
    ],
)
def test_what_could_not_run_ends_in_4(project: Path, name: str, said: str) -> None:
    done = run(project, "mechanism", f"mechanisms:{name}", "--epsilon", "1", *FEW)
    assert done.returncode == 4
    assert done.stdout.startswith("could not run: ")
    assert said in done.stdout
    assert "Traceback" not in done.stderr


def test_a_claim_that_is_too_large_to_test_is_told_before_the_run(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:dying", "--epsilon", "40", *FEW)
    assert done.returncode == 4
    assert "no 5000 samples could refute ε = 40" in done.stdout


def test_the_json_is_bound_to_the_code(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:changing", "--epsilon", "1", *FEW, "-f", "json", "--lattice")
    data = json.loads(done.stdout)
    assert data["schema"] == "gatecli/audit/v1"
    assert [each["method"] for each in data["results"]] == ["betting", "lattice"]
    code = (project / "mechanisms.py").read_bytes()
    assert {each["digest"] for each in data["results"]} == {hashlib.sha256(code).hexdigest()}
    assert data["results"][0]["claim"]["neighbouring"] == "add-remove"


def test_what_a_mechanism_prints_is_not_in_the_report(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:loud", "--epsilon", "1", "--samples", "1000", "-f", "json")
    assert json.loads(done.stdout)["results"]
    assert "a line that is no report" in done.stderr


def test_noise_from_a_seed_in_the_code_is_refuted(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:known_noise", "--epsilon", "1", "--samples", "1000")
    assert done.returncode == 1
    assert "fixed-noise: refuted" in done.stdout


def test_a_state_adds_up_over_runs(project: Path) -> None:
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", "--samples", "1000")
    counts = [run(project, *asked, "--state", "state.json", "-f", "json") for _run in range(2)]
    assert [json.loads(each.stdout)["results"][0]["samples"] for each in counts] == [1000, 2000]


def test_other_code_begins_another_test(project: Path) -> None:
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", "--samples", "1000")
    run(project, *asked, "--state", "state.json")
    with (project / "mechanisms.py").open("a") as file:
        file.write("# changed\n")
    done = run(project, *asked, "--state", "state.json", "-f", "json")
    assert json.loads(done.stdout)["results"][0]["samples"] == 1000
    assert len(json.loads((project / "state.json").read_text())["tests"]) == 2


def test_an_interrupt_keeps_the_wealth_so_far(project: Path) -> None:
    (project / "pairs.json").write_text("[[[], [1]]]")
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--pairs", "pairs.json")
    effort = ("--samples", "10000000", "--time-budget", "600", "--state", "state.json")
    command = [sys.executable, "-m", "gatecli", "audit", *asked, *effort]
    with subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True) as process:
        state = project / "state.json"
        while not state.exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "the wealth so far is in state.json" in said
    (kept,) = json.loads(state.read_text())["tests"].values()
    assert kept["events"]


def test_pairs_come_from_a_file(project: Path) -> None:
    (project / "pairs.json").write_text("[[[1, 1], [9, 1]]]")
    asked = ("mechanism", "mechanisms:noisy_max", "--epsilon", "1", "--pairs", "pairs.json", *FEW)
    done = run(project, *asked)
    assert done.returncode == 1
    assert "[9, 1]" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--epsilon", "nan"), "--epsilon"),
        (("--epsilon", "-1"), "--epsilon"),
        (("--epsilon", "1", "--delta", "1"), "--delta"),
        (("--epsilon", "1", "--alpha", "0.5"), "--alpha"),
        (("--epsilon", "1", "--domain", "x..y"), "--domain"),
        (("--epsilon", "1", "--neighbours", "counts", "--domain", "0..3"), "have no domain"),
        (("--epsilon", "1", "--neighbours", "add-remove"), "needs a domain"),
        (("--epsilon", "1", "--pairs", "gone.json"), "cannot be read"),
        (("--epsilon", "1", "--pairs", "gone.json", "--domain", "0..3"), "both say"),
        (("--epsilon", "1", "--state", "mechanisms.py"), "not a file of audit state"),
    ],
)
def test_a_bad_option_is_a_usage_error(project: Path, options: tuple[str, ...], said: str) -> None:
    done = run(project, "mechanism", "mechanisms:count", *options)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr


def test_what_is_no_reference_is_a_usage_error(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms", "--epsilon", "1")
    assert done.returncode == 2
    assert "MODULE:FUNCTION" in done.stderr


def test_the_installed_engines_are_listed_with_their_versions(tmp_path: Path) -> None:
    """Numpy's Laplace is found bad by its lowest bits; what is not installed is named as not tested."""
    if find_spec("opendp") is None:
        pytest.skip("opendp is not installed (make installed-all)")
    done = run(tmp_path, "engines", "--samples", "2000")
    assert done.returncode == 0, done.stdout + done.stderr
    rows: dict[str, Any] = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "refuted" in rows["numpy"]
    assert "nothing found" in rows["opendp"]
    assert find_spec("pydp") is not None or "not installed: not tested" in rows["python-dp"]
