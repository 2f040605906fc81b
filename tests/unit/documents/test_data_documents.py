"""Bills of materials, descriptions of datasets and facets of runs."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource

from gatecli.documents.croissant import croissant_file, dataset_named
from gatecli.documents.exact_json import exact_json
from gatecli.documents.lineage import lineage_facets, lineage_with
from gatecli.documents.ml_bom import ml_bom, ml_bom_with
from gatecli.errors import UsageError
from gatecli.model.documents import DocumentFacts
from gatecli.model.lineage import FACET_KEY, SCHEMA_URL, facet_schema
from tests.support.documented import complete_facts
from tests.support.written_documents import budget_facts, some_facts

HOSTILE = '"},<script>\n\u202e\x00\x1b[31m'


@pytest.fixture(scope="module", name="facts")
def complete(tmp_path_factory: pytest.TempPathFactory) -> DocumentFacts:
    return complete_facts(tmp_path_factory.mktemp("complete"))


def read_back(data: Any) -> Any:
    return json.loads(exact_json(data))


def cyclonedx_problems(bill: Any, version: str) -> list[str]:
    """What the published schema refuses; it is read from the package that ships it, and never imported."""
    spec = find_spec("cyclonedx")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "schema" / "_res"
    schema = json.loads((folder / f"bom-{version}.SNAPSHOT.schema.json").read_text("utf-8"))
    others = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.schema.json"))]
    known = [(each["$id"], Resource.from_contents(each)) for each in others if "$id" in each]
    registry: Any = Registry().with_resources(known)
    return [error.message for error in Draft7Validator(schema, registry=registry).iter_errors(bill)]


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_published_schema_of_cyclonedx_takes_the_bill(facts: DocumentFacts, version: str) -> None:
    bill = read_back(ml_bom(facts)) | {"specVersion": version}
    assert cyclonedx_problems(bill, version) == []
    assert cyclonedx_problems(read_back(ml_bom(some_facts(HOSTILE, unit=HOSTILE))), "1.6") == []


def test_the_published_schema_of_cyclonedx_refuses_what_is_wrong(facts: DocumentFacts) -> None:
    bill = read_back(ml_bom(facts))
    bill["metadata"]["component"]["modelCard"]["epsilon"] = "1"
    assert cyclonedx_problems(bill, "1.6") != []


def test_the_model_has_its_promise_as_properties(facts: DocumentFacts) -> None:
    model = ml_bom(facts)["metadata"]["component"]
    properties = {each["name"]: each["value"] for each in model["properties"]}
    assert model["type"] == "machine-learning-model"
    assert properties["gatecli:privacy:epsilon"] == "1.25"
    assert properties["gatecli:privacy:delta"] == "1e-6"
    assert properties["gatecli:policy:tier"] == "behavioural"
    assert all(type(value) is str for value in properties.values())


def test_a_bill_of_somebody_else_gets_the_properties_alone() -> None:
    model = {
        "type": "machine-learning-model",
        "name": "churn-classifier",
        "properties": [{"name": "other", "value": "1"}, {"name": "gatecli:old", "value": "1"}],
    }
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "components": [{"type": "library", "name": "numpy"}, model],
    }
    first = ml_bom_with(some_facts(), bill)
    assert {key: value for key, value in first.items() if key != "components"} == {
        key: value for key, value in bill.items() if key != "components"
    }
    assert first["components"][0] == {"type": "library", "name": "numpy"}
    names = [each["name"] for each in first["components"][1]["properties"]]
    assert names[0] == "other"
    assert "gatecli:old" not in names
    assert "gatecli:privacy:epsilon" in names
    assert ml_bom_with(some_facts(), first) == first


def test_our_own_bill_is_written_anew() -> None:
    assert ml_bom_with(some_facts(epsilon=2), ml_bom(some_facts())) == ml_bom(some_facts(epsilon=2))


@pytest.mark.parametrize(
    "before",
    [
        {},
        [],
        "text",
        {"bomFormat": "CycloneDX", "components": [{"type": "machine-learning-model", "name": "other"}]},
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"tools": []}},
        {"bomFormat": "CycloneDX", "components": ["text"]},
    ],
)
def test_a_bill_without_the_model_is_refused(before: object) -> None:
    with pytest.raises(UsageError, match="not a CycloneDX bill"):
        ml_bom_with(some_facts(), before)


def test_a_description_of_a_dataset_says_what_is_declared(facts: DocumentFacts) -> None:
    data = croissant_file(facts.datasets[0], None)
    assert data["conformsTo"] == [
        "http://mlcommons.org/croissant/1.0",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert data["rai:personalSensitiveInformation"] == [
        "gatecli: Columns of customers-2026 that may single a person out together: age, zip, sex.",
        "gatecli: Sensitive columns of customers-2026: diagnosis.",
        "gatecli: In customers-2026 every combination of quasi-identifiers is shared by at least 10 records.",
        "gatecli: In customers-2026 the records that share one have at least 2 different sensitive values.",
    ]
    assert "gatecli: 37.5 % of the budget of customers-2026 is left with it." in data["rai:dataLimitations"]


def test_a_description_of_somebody_else_keeps_what_it_says(facts: DocumentFacts) -> None:
    before = {
        "@context": {"@vocab": "https://schema.org/"},
        "@type": "sc:Dataset",
        "name": "customers-2026",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "rai:dataLimitations": "Only customers of one country.",
        "recordSet": [{"@id": "a"}],
    }
    first = croissant_file(facts.datasets[0], before)
    assert first["@context"] == {
        "@vocab": "https://schema.org/",
        "rai": "http://mlcommons.org/croissant/RAI/",
    }
    assert first["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert first["rai:dataLimitations"][0] == "Only customers of one country."
    assert first["recordSet"] == [{"@id": "a"}]
    assert croissant_file(facts.datasets[0], first) == first


def test_what_is_no_longer_true_of_a_dataset_is_removed() -> None:
    first = croissant_file(some_facts(budget=budget_facts()).datasets[0], None)
    assert "rai:dataLimitations" in first
    assert "rai:dataLimitations" not in croissant_file(some_facts().datasets[0], first)


@pytest.mark.parametrize("context", ["https://schema.org/", ["https://schema.org/"], None])
def test_every_form_of_a_context_knows_the_prefix(context: object) -> None:
    before = {"@context": context, "name": "customers"}
    once = croissant_file(some_facts().datasets[0], before)
    assert "http://mlcommons.org/croissant/RAI/" in json.dumps(once["@context"])
    assert croissant_file(some_facts().datasets[0], once) == once


@pytest.mark.parametrize("before", [{}, [], {"name": "other"}])
def test_a_description_of_another_dataset_is_refused(before: object) -> None:
    with pytest.raises(UsageError, match="does not describe this dataset"):
        croissant_file(some_facts().datasets[0], before)


def test_a_dataset_is_chosen_where_there_are_several() -> None:
    facts = some_facts(datasets=["a", "b"])
    assert dataset_named(facts, "b").name == "b"
    with pytest.raises(UsageError, match="no one dataset"):
        dataset_named(facts, None)
    with pytest.raises(UsageError, match="no dataset c"):
        dataset_named(facts, "c")


def test_the_facet_fits_its_published_schema(facts: DocumentFacts) -> None:
    validator = Draft202012Validator(facet_schema())
    for each in (facts, some_facts(), some_facts(HOSTILE, unit=HOSTILE, datasets=[HOSTILE])):
        facets = read_back(lineage_facets(each))
        assert list(validator.iter_errors(facets)) == []
    facets[FACET_KEY]["epsilon"] = 1.5
    assert list(validator.iter_errors(facets)) != []


def test_the_facet_says_what_the_specification_asks(facts: DocumentFacts) -> None:
    facet = lineage_facets(facts)[FACET_KEY]
    assert facet["_producer"] == "https://gatecli.dev/versions/0.2.0"
    url, _, pointer = SCHEMA_URL.partition("#")
    assert facet["_schemaURL"] == SCHEMA_URL
    assert facet_schema()["$id"] == url
    assert pointer.removeprefix("/$defs/") in facet_schema()["$defs"]
    assert (facet["epsilon"], facet["delta"], facet["unit"]) == ("1.25", "1e-6", "person")
    assert facet["ledger"] == {"origin": "test.example/ledger"}
    assert facet["datasets"][0] == {"name": "customers-2026", "state": "reserved", "left": "0.375"}


def test_an_event_of_a_run_keeps_what_it_says() -> None:
    event = {
        "eventType": "COMPLETE",
        "run": {"runId": "1", "facets": {"parent": {"a": 1}, FACET_KEY: {"old": 1}}},
        "job": {"namespace": "n", "name": "j"},
    }
    first = lineage_with(some_facts(), event)
    assert first["run"]["facets"]["parent"] == {"a": 1}
    assert first["run"]["facets"][FACET_KEY] == lineage_facets(some_facts())[FACET_KEY]
    assert {key: value for key, value in first.items() if key != "run"} == {
        key: value for key, value in event.items() if key != "run"
    }
    assert lineage_with(some_facts(), first) == first
    assert lineage_with(some_facts(), lineage_facets(some_facts())) == lineage_facets(some_facts())


@pytest.mark.parametrize("before", [{}, [], {"run": 1}, {"run": {"facets": []}}])
def test_what_is_no_event_is_refused(before: object) -> None:
    with pytest.raises(UsageError, match="not a run event"):
        lineage_with(some_facts(), before)
