"""Every workflow that we show, run whole by a real runner: it can pass, and it fails where it must."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.support.actions import ROOT, run_workflow
from tests.support.terraform import MODULES, QUIET, system_terraform

EXAMPLES = sorted((ROOT / "examples/workflows").glob("*.yml"))
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "github_actions").rglob("*.md"), ROOT / "README.md"])
_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IDENTIFYING = "age,zip,sex,diagnosis\n30,10001,f,flu\n"
CHECKOUT = "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
JOB = "on: pull_request\njobs:\n  it:\n    runs-on: ubuntu-latest\n"


def snippets() -> dict[str, str]:
    """The blocks of our pages that use an action of ours, by where they stand.

    The one with a secret is run by the tests of its action, which know one.
    """
    return {
        f"{page.relative_to(ROOT)}:{page.read_text('utf-8').count(chr(10), 0, block.start()) + 1}": block[1]
        for page in PAGES
        for block in _BLOCK.finditer(page.read_text("utf-8"))
        if "uses: OWNER/REPO" in block[1] and "secrets." not in block[1]
    }


SNIPPETS = snippets()


def workflow_of(snippet: str) -> str:
    """A snippet as it is where it is a workflow; else in the job that it was cut from."""
    whole = re.sub(r"actions/checkout@<sha>", CHECKOUT.rpartition(" ")[2], snippet)
    data = yaml.safe_load(whole)
    if isinstance(data, list):
        return f"{JOB}    steps:\n      {CHECKOUT}\n" + re.sub("^", "      ", whole, flags=re.MULTILINE)
    return whole if "jobs" in data else JOB + re.sub("^", "    ", whole, flags=re.MULTILINE)


@pytest.fixture(name="repository")
def a_repository_that_every_gate_passes(tmp_path: Path) -> Path:
    """A release with a table that it makes a promise about, and Terraform that publishes another."""
    system_terraform()
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/churn-model-mended", folder)
    for name in ("k_anonymity_gate", "evidence"):
        files = shutil.ignore_patterns("examples", "tests", ".terraform*")
        shutil.copytree(MODULES / name, folder / "terraform_modules" / name, ignore=files)
    publish = MODULES / "k_anonymity_gate/examples/publish"
    shutil.copytree(
        publish, folder / "infrastructure", ignore=shutil.ignore_patterns(".terraform*", "*.json*")
    )
    main_tf = folder / "infrastructure/main.tf"
    text = main_tf.read_text("utf-8")
    main_tf.write_text(text.replace('"../.."', '"../terraform_modules/k_anonymity_gate"'), "utf-8")
    shutil.copy(publish / "patients.csv", folder)
    declaration = folder / "privacy.yaml"
    text = declaration.read_text("utf-8")
    assert text.count("  datasets:\n") == 1
    declaration.write_text(text.replace("  datasets:\n", f"  datasets:\n{DATASET}"), "utf-8")
    return folder


DATASET = """\
    - name: patients
      anonymity: {path: patients.csv, quasiIdentifiers: [age, zip, sex], sensitive: [diagnosis], k: 5, l: 2}
"""


def broken(repository: Path) -> Path:
    """The same repository, with what each of the gates is there to stop."""
    for table in ("patients.csv", "infrastructure/patients.csv"):
        (repository / table).write_text(IDENTIFYING, "utf-8")
    declaration = repository / "privacy.yaml"
    text = declaration.read_text("utf-8")
    declaration.write_text(re.sub(r"epsilon: .*", "epsilon: 0.1", text), "utf-8")
    (repository / "notes.yaml").write_text("ssn: 536-90-4399\n", "utf-8")
    return repository


@pytest.mark.parametrize("workflow", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_passes_and_fails_as_its_gate_does(workflow: Path, repository: Path) -> None:
    text = workflow.read_text("utf-8")
    ran = run_workflow(repository, text, **QUIET)
    assert (ran.code, "gatecli: pass" in ran.log) == (0, True), ran.log + ran.runner
    ran = run_workflow(broken(repository), text, **QUIET)
    assert ran.code != 0, ran.log
    assert "gatecli: fail" in ran.log


def test_the_terraform_workflow_tells_the_sentence_of_the_closed_gate(repository: Path) -> None:
    ran = run_workflow(
        broken(repository), (ROOT / "examples/workflows/terraform.yml").read_text("utf-8"), **QUIET
    )
    assert "module.anonymity is closed: k-anonymity 1 is below 5" in ran.log


@pytest.mark.parametrize("place", SNIPPETS)
def test_a_snippet_of_our_pages_runs_whole(place: str, repository: Path) -> None:
    ran = run_workflow(repository, workflow_of(SNIPPETS[place]), **QUIET)
    assert ran.code == 0, ran.log + ran.runner


def test_there_is_an_example_for_every_gate_and_the_page_shows_that_of_all() -> None:
    named = {
        each["with"]["gate"] for path in EXAMPLES for each in steps(path) if "gate" in each.get("with", {})
    }
    assert named == {"check", "release", "anonymity", "pii", "terraform"}
    assert (ROOT / "examples/workflows/check.yml").read_text("utf-8") in SNIPPETS.values()


def steps(path: Path) -> list[dict[str, dict[str, str]]]:
    [job] = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    found: list[dict[str, dict[str, str]]] = job["steps"]
    return found
