"""What docs/azureml.md says is so: its documents are valid, its table of classes is the shipped one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gatecli.checks.tables.column_classes import find_faults
from gatecli.gates import CLOUD
from gatecli.model.column_classification import PERMITTED, ColumnClass, ColumnClassification, ColumnTreatment
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from gatecli.sources.yaml_text import read_yaml
from tests.support.azureml_examples import EXAMPLE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "azureml.md").read_text("utf-8")
DOCUMENTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KINDS: dict[str, type[ColumnClassification | PrivacyPolicy]] = {
    "ColumnClassification": ColumnClassification,
    "PrivacyPolicy": PrivacyPolicy,
}


@pytest.mark.parametrize("text", DOCUMENTS)
def test_every_document_is_valid(text: str) -> None:
    (document,) = read_yaml("page.yaml", text)
    model = KINDS[document.data["kind"]].from_file(document.data)
    if isinstance(model, ColumnClassification):
        assert list(find_faults(model, default_policy())) == []


def test_the_table_of_classes_is_the_shipped_one() -> None:
    table = PAGE.partition("| class | permits")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \|$", table, re.MULTILINE))
    assert {ColumnClass(name): {*map(ColumnTreatment, text.split(", "))} for name, text in rows.items()} == {
        name: {*treatments} for name, treatments in PERMITTED.items()
    }


def test_every_rule_that_is_named_is_one() -> None:
    named = set(re.findall(r"\((?:\.\./)*(?:\.\./docs/)?rules\.md#(cloud-[a-z-]+)\)", PAGE))
    assert len(named) > 10
    assert named <= {rule.id for rule in CLOUD.rules}


def test_the_files_that_the_example_names_are_there() -> None:
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert links
    assert [link for link in links if not (EXAMPLE / link).exists()] == []
