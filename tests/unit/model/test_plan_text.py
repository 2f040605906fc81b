from __future__ import annotations

from gatecli.model.plan import Output, PlannedResource, Variable
from gatecli.model.plan_text import output_text, plan_leaves, resource_text, variable_text
from gatecli.model.text import LeafKind
from tests.support.plans import change, fixture, plan_with, read

CANARY = "canary-7d1f"


def test_every_planned_value_variable_output_and_script_is_a_leaf() -> None:
    texts = {text.address: text for text in plan_leaves(fixture("plan"))}
    assert {"var.k", "var.token", "output.token", "terraform_data.free"} <= texts.keys()
    free = texts["terraform_data.free"]
    assert free.pointer == "/resource_changes/4/change/after"
    assert ("no gate", ("input",)) in [(leaf.text, leaf.keys) for leaf in free.leaves]
    commands = [text for text in plan_leaves(fixture("plan")) if "provisioners" in text.pointer]
    assert [leaf.text for text in commands for leaf in text.leaves if leaf.kind is LeafKind.VALUE] == [
        "echo published"
    ]


def test_a_leafs_pointer_leads_to_its_value_in_the_plan() -> None:
    plan = fixture("aws")
    [text] = [text for text in plan_leaves(plan) if text.address == "var.owner_email"]
    [leaf] = [leaf for leaf in text.leaves if "@" in leaf.text]
    assert text.pointer + str(leaf.pointer) == "/variables/owner_email/value"


def test_a_sensitive_value_is_searched_and_hidden() -> None:
    found = 0
    for text in plan_leaves(fixture("plan")):
        for leaf in text.leaves:
            if CANARY in leaf.text:
                found += 1
                assert leaf.keys in text.hidden
    assert found == 7  # the variable, the output, two of each and of counted, and the gate


def test_the_names_below_a_mark_are_hidden_with_the_values() -> None:
    resource = PlannedResource(
        "a.b",
        "managed",
        "a",
        "b",
        values={"tags": {"alice@example.com": {"ssn": "536-22-1987"}}, "open": "x"},
        sensitive={"tags": True},
    )
    text = resource_text(resource)
    assert text.hidden == {("tags",)}
    [value] = [leaf for leaf in text.leaves if leaf.text == "536-22-1987"]
    assert (value.keys, value.hint) == (("tags",), "alice@example.com ssn")
    assert not [leaf for leaf in text.leaves if "alice" in str(leaf.keys)]
    assert [leaf.keys for leaf in text.leaves if leaf.text == "x"] == [("open",)]


def test_a_resource_that_is_sensitive_as_a_whole_is_hidden_as_a_whole() -> None:
    text = resource_text(PlannedResource("a.b", "managed", "a", "b", values={"x": "y"}, sensitive=True))
    assert {leaf.keys for leaf in text.leaves} == {()} == text.hidden


def test_a_mark_in_a_list_hides_that_item_alone() -> None:
    resource = PlannedResource(
        "a.b", "managed", "a", "b", values={"x": ["p", "q"]}, sensitive={"x": [False, True]}
    )
    assert resource_text(resource).hidden == {("x", 1)}


def test_a_variable_of_which_the_plan_says_nothing_is_hidden() -> None:
    assert variable_text(Variable("a", "b", None)).hidden
    assert variable_text(Variable("a", "b", sensitive=True)).hidden
    assert not variable_text(Variable("a", "b", sensitive=False)).hidden


def test_an_output_is_hidden_by_its_mark() -> None:
    assert output_text(
        Output("a", "b", sensitive=True, pointer="/planned_values/outputs/a/value")
    ).hidden == {("a", "value")}


def test_what_leaves_is_not_searched() -> None:
    texts = [leaf.text for text in plan_leaves(fixture("aws")) for leaf in text.leaves]
    assert "536-22-1987" not in texts


def test_the_name_of_a_variable_stands_among_the_words_of_its_value() -> None:
    text = variable_text(Variable("patient_ssn", "1", sensitive=False))
    assert text.leaves[-1].words()[0] == "patient_ssn"


def test_numbers_are_leaves_by_their_digits() -> None:
    plan = read(plan_with(resource_changes=[change("a.b", {"n": 4111111111111111})]))
    assert "4111111111111111" in [leaf.text for text in plan_leaves(plan) for leaf in text.leaves]
