"""The pages about the webhook: complete, current, and what they show is what happens."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from admission.review.admission_review import parse
from admission.review.judging import Phase, judge
from admission.review.rulebook import Rulebook, rulebook_of
from admission.settings import FIELDS, PREFIX
from gatecli.model.document import Document
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.waiver import PrivacyWaiver
from gatecli.sources.policy import default_policy
from tests.support import warm
from tests.support.admission_reference import (
    NAME,
    admission_commands,
    admission_reference,
    metric_families,
)
from tests.support.command_reference import options
from tests.support.reviews import review_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("admission*.md")), DOCS / "threat-model.md", ROOT / "admission/deploy/README.md"]
WEBHOOK = (DOCS / "admission.md").read_text("utf-8")
OPERATIONS = (DOCS / "admission-operations.md").read_text("utf-8")
COMMANDS = dict(admission_commands())
CODE = "".join(file.read_text("utf-8") for file in sorted((ROOT / "admission").rglob("*.py")))


def flat(text: str) -> str:
    return " ".join(text.split())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_reference_is_current() -> None:
    assert (DOCS / "admission-cli.md").read_text("utf-8") == admission_reference(), "run make generated"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_does_and_has_a_variable(name: str) -> None:
    assert COMMANDS[name].help
    for param in options(COMMANDS[name]):
        assert param.help, param.name
        if param.opts[0].startswith("-") and param.name != "version":
            assert str(param.envvar).startswith("GATECLI_"), param.name


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_is_documented(field: str) -> None:
    assert f"`{PREFIX}{field.upper()}`" in admission_reference()


def test_every_metric_is_documented_with_its_labels() -> None:
    assert len(metric_families()) > 15
    for name, _, labels, what in metric_families():
        assert what, name
        assert f"| `{name}` |" in admission_reference()
        assert all(f"`{label}`" in admission_reference() for label in labels)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_setting_or_a_metric_that_there_is_not(page: Path) -> None:
    text = page.read_text("utf-8")
    settings = set(re.findall(rf"{PREFIX}([A-Z_]+[A-Z])", text))
    assert {name.lower() for name in settings} <= set(FIELDS)
    known = {name for name, *_ in metric_families()} | {"gatecli_admission_scan_"}
    metrics = set(re.findall(r"gatecli_admission_[a-z_]+", text))
    assert metrics <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_shows_a_command_or_an_option_that_there_is_not(page: Path) -> None:
    called = re.findall(rf"{NAME} ([a-z]+)((?: --?[a-z-]+(?: [^\s`|-][^\s`|]*)?)*)", page.read_text("utf-8"))
    for command, given in called:
        assert f"{NAME} {command}" in COMMANDS, command
        known = {name for param in options(COMMANDS[f"{NAME} {command}"]) for name in param.opts} | {"--help"}
        assert set(re.findall(r"--[a-z-]+", given)) <= known


# What the page about the webhook shows


@pytest.fixture(name="job", scope="module")
def the_example_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("example") / "job.yaml"
    file.write_text(next(block for block in blocks(WEBHOOK, "yaml") if "kind: Job" in block), "utf-8")
    return file


@pytest.fixture(name="scanned", scope="module")
def the_command_line_s_report(job: Path) -> dict[str, Any]:
    report = run("pii", "scan", "--format", "json", job.name, folder=job.parent)
    found: dict[str, Any] = json.loads(report)
    return found


def run(*arguments: str, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    return warm.run("gatecli", arguments, cwd=folder, env=environment).stdout


def rulebook(mode: str = "deny") -> Rulebook:
    shipped = default_policy().model_dump(mode="json", by_alias=True)
    shipped["spec"]["admission"]["mode"] = mode
    return rulebook_of(PrivacyPolicy.model_validate(shipped), {}, key=b"k" * 32)


def test_the_scan_prints_what_the_page_shows(job: Path) -> None:
    printed = run("pii", "scan", job.name, folder=job.parent)
    assert len(printed.splitlines()) > 3
    assert printed in WEBHOOK


@pytest.mark.parametrize("mode", ["deny", "warn"])
def test_the_webhook_says_what_the_page_shows(job: Path, mode: str) -> None:
    request = parse(json.dumps(review_of(yaml.safe_load(job.read_text("utf-8")))).encode())
    decision = judge(
        request, rulebook(mode), today=date(2026, 11, 21), clock=lambda: 0.0, phase=Phase.VALIDATING
    )
    said = decision.message if mode == "deny" else "Warning: " + decision.warnings[0]
    assert flat(said) in flat(WEBHOOK)


def test_the_waiver_on_the_page_is_valid_and_names_the_finding(scanned: dict[str, Any]) -> None:
    (text,) = (block for block in blocks(WEBHOOK, "yaml") if "kind: PrivacyWaiver" in block)
    content = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it makes text of everything
    namespace = content["metadata"].pop("namespace")
    waiver = PrivacyWaiver.from_file(content)
    assert namespace == "default"
    assert [waiver.spec.fingerprint] == [finding["fingerprint"] for finding in scanned["findings"]]


def test_the_policy_on_the_page_is_valid() -> None:
    (text,) = (block for block in blocks(WEBHOOK, "yaml") if "kind: PrivacyPolicy" in block)
    policy = PrivacyPolicy.from_file(Document("page", yaml.safe_load(text)).data)
    assert policy.spec.admission.namespaces["sandbox"].exempt


# What the page about operating it says that doctor says


def quoted() -> list[str]:
    rows = re.findall(r"^\|[^|]*\|([^|]*)\|[^|]*\|$", OPERATIONS.partition("## By symptom")[2], re.MULTILINE)
    return [each for row in rows for each in re.findall(r"`([^`]+)`", row)]


def test_every_sentence_of_the_doctor_that_is_quoted_is_one_of_its_own() -> None:
    assert len(quoted()) > 10
    said = re.sub(r"\{[^}]*\}", "#", CODE)
    for sentence in quoted():
        parts = (re.sub(r"\d+", "#", each.strip()) for each in sentence.split("…"))
        assert all(part in said for part in parts), sentence


def test_the_doctor_s_exit_codes_are_documented() -> None:
    assert re.findall(r"^\| (\d) \|", OPERATIONS, re.MULTILINE) == ["0", "1", "2", "4"]
