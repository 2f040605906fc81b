"""rules, explain, schema, init, calibrate, allocate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatecli.gates.catalogue import all_rules
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


def test_rules_lists_every_rule_once(run: Run) -> None:
    listed = json.loads(run("rules", "--format", "json").stdout)
    assert [rule["id"] for rule in listed] == [rule.id for rule in all_rules()]


def test_an_unknown_rule_is_answered_with_the_nearest(run: Run) -> None:
    done = run("explain", "dp-understated")
    assert done.returncode == 2
    assert "dp-understated-epsilon" in done.stderr


def test_an_explanation_shows_examples_and_its_source(run: Run) -> None:
    text = run("explain", "dp-delta-too-large").stdout
    assert "Fails" in text
    assert "Passes" in text
    assert "Source" in text


def test_an_explanation_has_no_link_that_a_terminal_cannot_follow(run: Run) -> None:
    text = run("explain", "tf-public-dataset").stdout
    assert "A table lists the forms" in text
    assert ".md)" not in text


@pytest.mark.parametrize(
    "name", ["ModelRelease", "model-release", "PrivacyPolicy", "PrivacyWaiver", "report"]
)
def test_a_schema_is_printed_by_any_spelling_of_its_name(run: Run, name: str) -> None:
    assert json.loads(run("schema", name).stdout)["$schema"]


def test_init_writes_files_that_parse_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    assert run("init").returncode == 0
    (tmp_path / "privacy.yaml").write_text("mine")
    again = run("init")
    assert again.returncode == 2
    assert (tmp_path / "privacy.yaml").read_text() == "mine"
    assert run("init", "--force").returncode == 0


PIN = f"acme/gatecli@{'0123456789' * 4}"


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_init_writes_what_others_run_only_if_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    run("init", "a")
    assert files(tmp_path / "a") == {"privacy.yaml", "gatecli.yaml"}
    assert run("init", "a", "--workflow", PIN, "--pre-commit", PIN).returncode == 0
    added = {".github/workflows/privacy.yml", ".pre-commit-config.yaml"}
    assert files(tmp_path / "a") == {"privacy.yaml", "gatecli.yaml", *added}
    assert run("init", "b", "--pre-commit", PIN).returncode == 0
    assert files(tmp_path / "b") == {".pre-commit-config.yaml"}


def test_what_init_writes_is_what_the_page_recommends_with_the_pin_in_it(run: Run, tmp_path: Path) -> None:
    run("init", "--workflow", PIN, "--pre-commit", PIN)
    page = (ROOT / "docs/ci.md").read_text("utf-8").replace("0" * 40 + " # v0.2.0", "0" * 40)
    page = page.replace("OWNER/REPO", "acme/gatecli").replace("0" * 40, PIN.rpartition("@")[2])
    for name in (".github/workflows/privacy.yml", ".pre-commit-config.yaml"):
        written = (tmp_path / name).read_text("utf-8")
        assert "OWNER" not in written
        assert f"{written}```" in page


@pytest.mark.parametrize(
    "pin", ["acme/gatecli", "acme/gatecli@main", "acme/gatecli@v1.2.3", "a\nb/c@" + "0" * 40]
)
def test_init_pins_to_a_commit_and_nothing_else(run: Run, tmp_path: Path, pin: str) -> None:
    assert run("init", "--workflow", pin).returncode == 2
    assert files(tmp_path) == set()


def test_what_init_writes_is_a_declaration_that_says_what_is_missing(run: Run) -> None:
    run("init")
    done = run("release", "check")
    assert done.returncode == 1
    assert "dp-missing-epsilon" in done.stdout


def test_what_init_proposes_can_be_uncommented_and_passes(run: Run, tmp_path: Path) -> None:
    assert "next: fill in model/privacy.yaml, then gatecli release check model" in run("init", "model").stderr
    file = tmp_path / "model" / "privacy.yaml"
    proposed = ("epsilon:", "delta:", "mechanisms:", "  - {kind:")
    lines = [
        line.replace("# ", "", 1) if line.strip().startswith(tuple(f"# {key}" for key in proposed)) else line
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines))
    done = run("release", "check", "model")
    assert (done.returncode, "mechanisms" in "\n".join(lines)) == (0, True), done.stdout


def test_calibrate_finds_the_noise_that_the_gate_verifies(run: Run) -> None:
    asked = ("--epsilon", "1", "--delta", "1e-5", "--sampling-rate", "0.01", "--steps", "100")
    found = json.loads(run("release", "calibrate", *asked, "--format", "json").stdout)
    assert float(found["epsilonUpper"]) <= 1
    assert found["mechanisms"][0]["kind"] == "dp-sgd"


def test_calibrate_says_when_no_noise_is_enough(run: Run) -> None:
    done = run("release", "calibrate", "--epsilon", "1", "--delta", "0", "--mechanism", "gaussian")
    assert done.returncode == 1
    assert done.stderr.startswith("gatecli: ")


def test_calibrate_needs_a_mechanism(run: Run) -> None:
    assert run("release", "calibrate", "--epsilon", "1", "--delta", "0").returncode == 2


def test_allocate_prints_shares_and_yaml_to_paste(run: Run) -> None:
    done = run("release", "allocate", "age:weight=1", "income:weight=3,sensitivity=10", "--epsilon", "2")
    assert done.returncode == 0
    assert "income" in done.stdout
    assert "mechanisms:\n  - {kind: laplace" in done.stdout
