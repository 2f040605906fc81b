"""The definitions are structural, current, and take every policy and waiver that a file may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from admission.cluster.custom_resources import definitions, structural
from tests.support.regenerate import CRDS, ROOT, crds
from tests.support.structural import problems, unstructural

SCHEMAS: dict[str, dict[str, Any]] = {
    each["spec"]["names"]["kind"]: each["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for each in definitions()
}


def texts() -> Iterator[tuple[str, str]]:
    for file in sorted([*(ROOT / "tests" / "rules").rglob("*.yaml"), *(ROOT / "gatecli").rglob("*.yaml")]):
        yield file.relative_to(ROOT).as_posix(), file.read_text("utf-8", "replace")
    for page in sorted((ROOT / "docs").glob("*.md")):
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)):
            yield f"{page.name}-{number}", block


def objects() -> Iterator[Any]:
    for name, text in texts():
        if "kind: Privacy" not in text:
            continue
        for document in yaml.safe_load_all(text):
            if isinstance(document, dict) and document.get("kind") in SCHEMAS and "spec" in document:
                yield pytest.param(document, id=name)


EXAMPLES = list(objects())


def test_there_are_examples_of_both_kinds() -> None:
    assert {each.values[0]["kind"] for each in EXAMPLES} == set(SCHEMAS)


@pytest.mark.parametrize("document", EXAMPLES)
def test_every_example_is_taken(document: dict[str, Any]) -> None:
    spec = SCHEMAS[document["kind"]]["properties"]["spec"]
    text = yaml.safe_dump(document["spec"])  # dates in files are text to gatecli
    wanted = yaml.load(text, yaml.BaseLoader) if document["kind"] == "PrivacyWaiver" else document["spec"]  # noqa: S506 - it makes nothing but text
    assert list(problems(wanted, spec)) == []


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_structural(kind: str) -> None:
    assert list(unstructural(SCHEMAS[kind])) == []


def test_the_file_that_is_applied_is_current() -> None:
    assert Path(CRDS).read_text("utf-8") == crds()


WRONG: list[dict[str, Any]] = [
    {"admission": {"mode": "off"}},
    {"admission": {"maxFindings": 0}},
    {"tiers": {"health": {"maxEpsilon": "much"}}},
    {"tiers": {"health": {"maxEpsilon": -1}}},
    {"tiers": {"health": {"minK": 0}}},
    {"pii": {"entities": {"CN_RESIDENT_ID": "off"}}},
    {"pii": {"packs": "cn"}},
    {"unknown": {}},
]


@pytest.mark.parametrize("spec", WRONG, ids=str)
def test_what_cannot_be_meant_is_refused_or_pruned(spec: dict[str, Any]) -> None:
    assert list(problems(spec, SCHEMAS["PrivacyPolicy"]["properties"]["spec"]))


def test_a_form_that_no_structural_schema_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="one type"):
        structural({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {})
    with pytest.raises(ValueError, match="no structural schema"):
        structural({"oneOf": []}, {})


def test_a_policy_is_of_the_cluster_and_a_waiver_of_a_namespace() -> None:
    scopes = {each["spec"]["names"]["kind"]: each["spec"]["scope"] for each in definitions()}
    assert scopes == {"PrivacyPolicy": "Cluster", "PrivacyWaiver": "Namespaced"}
    for each in definitions():
        (version,) = each["spec"]["versions"]
        assert version["subresources"] == {"status": {}}
        assert each["spec"]["names"]["categories"] == ["gatecli"]
