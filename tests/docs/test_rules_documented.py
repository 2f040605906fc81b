"""Every rule has its section in docs/rules.md, every section is a rule, and every example is true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.release.registry import RULES as CHECK_RULES
from gatecli.gates.catalogue import all_rules
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import ReleaseRequest, check_releases
from gatecli.model.document import Document
from gatecli.model.finding import Rule
from gatecli.model.release import ModelRelease, ReleaseSubject
from gatecli.model.waiver import PlacedWaiver, PrivacyWaiver
from gatecli.sources.declaration import read_declared
from gatecli.sources.documents import parse_documents
from gatecli.sources.policy import default_policy
from gatecli.sources.rules import RULES as SOURCE_RULES
from tests.support.pii_sections import entity_page, written_into
from tests.support.releases import TODAY

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
RULES: dict[str, Rule] = {rule.id: rule for rule in (*CHECK_RULES, *SOURCE_RULES)}
INTRODUCTION, *PARTS = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
ALL_SECTIONS = {heading.strip(): body for heading, _, body in (part.partition("\n") for part in PARTS)}
SECTIONS = {rule: body for rule, body in ALL_SECTIONS.items() if rule in RULES}
EVERY_RULE = {rule.id: rule for rule in all_rules()}

ABOUT_FILES = {
    "audit-missing",
    "audit-unbound",
    "dp-assumed-evidence",
    "dp-evidence-mismatch",
    "dp-federated-local-noise",
    "dp-federated-noise-scale",
    "dp-federated-relation",
    "dp-federated-sampling",
    "dp-federated-unequal-weights",
    "dp-federated-unit",
    "dp-federated-unpaid-clipping",
    "audit-not-compared",
    "dp-refuted-by-audit",
    "dp-scope-over-budget",
    "dp-unstated-evidence",
    "release-artifact-missing",
    "release-artifact-unsealed",
    "release-disclosure-understated",
    "release-key-policy-not-accepted",
    "release-seal-mismatch",
    "release-artifact-digest-mismatch",
    "release-duplicate-version",
    "release-shared-file",
    "release-unlisted-preprocessing",
    "release-unlisted-weights",
    "release-unreadable",
    "release-evidence-unreadable",
}
"""Rules about what stands on disk: tests/rules/ holds their examples as files."""

BASE = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn-classifier, version: 2.3.0}
spec:
  sensitivity: behavioural
  privacy:
    unit: person
    neighbouring: add-remove
    variant: approximate
    epsilon: 2.5
    delta: 1.0e-5
    maxContributions: 1
    trustModel: central
    compositionScope: this release alone
    tuning: {runs: 0, accounted: true}
    preprocessing: {dataDependent: false}
    mechanisms: [{kind: laplace, scale: 0.4}]
  datasets: [{name: customers, records: 60000}]
"""


def examples(rule: str) -> dict[str, str]:
    """The section's YAML blocks by their heading."""
    return dict(re.findall(r"\*\*(Fails|Passes)\*\*\n\n```yaml\n(.*?)```", SECTIONS[rule], re.DOTALL))


def loaded(text: str) -> Any:
    (document,) = parse_documents("example.yaml", text)
    return document.data


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on `base`, key by key; a key with nothing after it is taken away."""
    both = dict(base)
    for key, value in over.items():
        low = base.get(key)
        both[key] = merged(low, value) if isinstance(low, Mapping) and isinstance(value, Mapping) else value
    return {key: value for key, value in both.items() if value is not None}


def found(example: str) -> set[str]:
    """The rules that an example breaks, put into a declaration that breaks none."""
    data, base = loaded(example), loaded(BASE)
    waivers: tuple[PlacedWaiver, ...] = ()
    if data.get("kind") == "PrivacyWaiver":
        waiver = PrivacyWaiver.from_file(data)
        waivers = (PlacedWaiver(waiver, Document("waiver.yaml", data).place()),)
        data = {"sensitivity": "low"}
    document = Document("privacy.yaml", merged(base, {"spec": data}))
    releases = read_declared("privacy.yaml", (document,))
    subjects = [ReleaseSubject(release, where) for release, where in releases.values]
    verdict = check_releases(
        ReleaseRequest(JudgementTerms(default_policy(), waivers, TODAY), subjects, releases.findings)
    )
    return {finding.rule.id for finding in verdict.findings}


def test_every_rule_has_a_section_and_every_section_is_a_rule() -> None:
    assert sorted(ALL_SECTIONS) == sorted(EVERY_RULE)


def test_no_rule_is_explained_twice() -> None:
    assert len(PARTS) == len(ALL_SECTIONS)


def test_the_introduction_names_every_family() -> None:
    families = {rule.partition("-")[0] for rule in ALL_SECTIONS}
    assert families == set(re.findall(r"^\| `(\w+)-…`", INTRODUCTION, re.MULTILINE))


@pytest.mark.parametrize("rule", sorted(EVERY_RULE))
def test_a_section_says_severity_examples_mending_and_source(rule: str) -> None:
    parts = re.findall(r"^\*\*(\w+)\*\*", ALL_SECTIONS[rule], re.MULTILINE)
    assert parts == ["Fails", "Passes", "Fix", "Source"]
    if not rule.startswith("pii-"):  # a policy decides how bad each entity is
        uncheckable = ", could not check" if EVERY_RULE[rule].uncheckable else ""
        assert ALL_SECTIONS[rule].strip().startswith(f"*{EVERY_RULE[rule].severity}{uncheckable}.* ")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_section_about_releases_has_examples_that_are_tried(rule: str) -> None:
    assert set(examples(rule)) == {"Fails", "Passes"}


@pytest.mark.parametrize("rule", sorted(set(RULES) - ABOUT_FILES))
def test_the_failing_example_of_a_section_fails(rule: str) -> None:
    assert rule in found(examples(rule)["Fails"])


@pytest.mark.parametrize("rule", sorted(set(RULES) - ABOUT_FILES))
def test_the_passing_example_of_a_section_passes(rule: str) -> None:
    assert rule not in found(examples(rule)["Passes"])


def test_the_sections_about_entities_are_current() -> None:
    assert written_into(PAGE.read_text("utf-8")) == PAGE.read_text("utf-8"), "run make generated"


def test_the_page_of_entities_is_current() -> None:
    assert (PAGE.parent / "pii-entities.md").read_text("utf-8") == entity_page(), "run make generated"


def test_the_declaration_around_the_examples_breaks_no_rule() -> None:
    assert found("{}") == set()
    assert ModelRelease.from_file(loaded(BASE)).claim is not None
