from __future__ import annotations

from typing import Any

import pytest

from gatecli.sources.plan.reading import load_plan
from tests.support.plans import PLANS, at, change, fixture, plan_with, raw, read, refusal


def test_a_plan_holds_every_resource_and_what_is_planned_for_it() -> None:
    plan = fixture("plan")
    assert (plan.kind, plan.tool, plan.format_version, plan.terraform_version) == (
        "plan",
        "terraform",
        "1.2",
        "1.11.4",
    )
    assert (plan.errored, plan.complete, plan.applyable, plan.targeted) == (False, True, True, False)
    assert len(plan.resources) == 12
    gate = at(plan, "module.gate.terraform_data.gate")
    assert (gate.module, gate.type, gate.name, gate.actions) == (
        "module.gate",
        "terraform_data",
        "gate",
        ("create",),
    )
    assert gate.values["input"]["k"] == 5
    assert at(plan, 'terraform_data.each["a"]').index == "a"
    assert at(plan, "module.many[1].module.inner.terraform_data.inner").module == (
        "module.many[1].module.inner"
    )


def test_actions_are_those_of_the_plan() -> None:
    plan = fixture("changed")
    actions = {resource.address: resource.actions for resource in plan.resources}
    assert actions['terraform_data.each["a"]'] == ("delete",)
    assert actions['terraform_data.each["c"]'] == ("create",)
    assert actions["terraform_data.free"] == ("no-op",)
    leaving = [resource.address for resource in plan.resources if resource.is_leaving]
    assert leaving == ['terraform_data.each["a"]']


def test_a_state_is_read_with_what_each_resource_was_made_from() -> None:
    state = fixture("state")
    assert (state.kind, len(state.resources)) == ("state", 12)
    assert state.resources[0].actions == ()
    assert "module.gate.terraform_data.gate" in state.edges["terraform_data.local"]
    assert {output.name for output in state.outputs} == {"released", "token"}


def test_a_plan_of_opentofu_is_known_by_its_providers() -> None:
    assert fixture("opentofu_gcp").tool == "opentofu"


def test_data_sources_that_were_read_count_as_resources() -> None:
    plan = fixture("aws")
    document = at(plan, "data.aws_iam_policy_document.read")
    assert (document.mode, document.actions, document.module) == ("data", ("read",), "")


def test_the_plan_of_a_failed_run_says_so_itself() -> None:
    found = load_plan((PLANS / "errored.json").read_bytes(), "errored.json")
    assert found.findings == ()
    assert found.values[0].errored


def test_a_targeted_plan_says_so_and_keeps_the_rest() -> None:
    plan = fixture("targeted")
    assert plan.targeted
    assert len(plan.resources) == 12


def test_deferred_changes_are_resources_and_no_target() -> None:
    deferred = {"reason": "resource_config_unknown", "resource_change": change("a.b", {"x": 1})}
    plan = read(plan_with(complete=False, deferred_changes=[deferred]))
    assert (plan.targeted, plan.resources[0].deferred) == (False, True)


def test_an_action_is_a_resource_with_its_configuration() -> None:
    action = {"address": "action.aws_lambda_invoke.x", "type": "aws_lambda_invoke", "name": "x"}
    plan = read(plan_with(action_invocations=[action | {"config_values": {"payload": "p"}}]))
    assert [(each.mode, each.values, each.pointer) for each in plan.resources] == [
        ("action", {"payload": "p"}, "/action_invocations/0/config_values")
    ]


def test_what_only_the_planned_values_say_counts_as_well() -> None:
    data = raw("plan")
    count = len(read(data).resources)
    del data["resource_changes"]
    assert len(read(data).resources) == count


def test_planned_values_that_contradict_a_change_count_beside_it() -> None:
    data = raw("plan")
    data["resource_changes"][0]["change"]["after"] = {}
    plan = read(data)
    assert len(plan.resources) == 13
    assert at(plan, "terraform_data.counted[0]").values == {}


def test_an_object_that_was_moved_is_not_counted_twice() -> None:
    moved = change("a.new", {"x": 1}, actions=["no-op"]) | {"previous_address": "a.old"}
    old = {"address": "a.old", "mode": "managed", "type": "a", "name": "old", "values": {"x": 1}}
    prior = {"format_version": "1.0", "values": {"root_module": {"resources": [old]}}}
    assert [
        each.address for each in read(plan_with(resource_changes=[moved], prior_state=prior)).resources
    ] == ["a.new"]


def test_deposed_objects_are_kept_beside_the_current_one() -> None:
    deposed = change("a.b", None, actions=["delete"]) | {"deposed": "ab12"}
    plan = read(plan_with(resource_changes=[deposed, change("a.b", {"x": 1})]))
    assert len(plan.resources) == 2
    assert at(plan, "a.b").values == {"x": 1}


@pytest.mark.parametrize(
    "data",
    [
        {"format_version": "1.0"},
        {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {}}},
        plan_with(),
        plan_with(resource_changes=[], configuration={"root_module": {}}),
    ],
)
def test_a_plan_without_anything_is_empty_and_no_finding(data: Any) -> None:
    assert read(data).is_empty


def test_a_plan_with_a_variable_alone_is_not_empty() -> None:
    assert not read(plan_with(variables={"a": {"value": "b"}})).is_empty


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.2", "1.99"])
def test_known_major_versions_are_read(version: str) -> None:
    assert (
        read(plan_with(format_version=version, resource_changes=[change("a.b", {})])).format_version
        == version
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "not an object"),
        ("text", "not an object"),
        ({}, "no format_version"),
        ({"format_version": "2.0"}, "format version 2.0, which this gatecli does not know"),
        ({"format_version": "one"}, "is not a version"),
        ({"format_version": 1}, "/format_version is not text"),
        ({"version": 4, "lineage": "x", "resources": []}, "raw state file"),
        ({"encryption_version": "v0", "encrypted_data": "…"}, "encrypted by OpenTofu"),
        ({"@level": "info", "type": "version"}, "log of terraform plan -json"),
        (
            {"format_version": "1.0", "provider_schemas": {}, "planned_values": 3},
            "/planned_values is not an object",
        ),
        (plan_with(values={}), "a plan and a state at once"),
        (plan_with(errored="no"), "/errored is neither true nor false"),
        (plan_with(resource_changes={}), "/resource_changes is not a list of objects"),
        (plan_with(resource_changes=[3]), "/resource_changes is not a list of objects"),
        (plan_with(variables={"a": 1}), "/variables is not a table"),
        (plan_with(output_changes={"a": 1}), "/output_changes is not a table"),
        (plan_with(checks=[{"address": {"kind": "x"}, "status": "odd"}]), "not text"),
        (plan_with(configuration=[]), "/configuration is not an object"),
    ],
)
def test_what_is_no_plan_is_refused(data: Any, problem: str) -> None:
    assert problem in refusal(data)


@pytest.mark.parametrize("key", ["address", "mode", "type", "name", "change"])
def test_a_resource_without_what_it_needs_is_refused(key: str) -> None:
    broken = change("a.b", {})
    del broken[key]
    assert f"/resource_changes/0/{key} is no" in refusal(plan_with(resource_changes=[broken]))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"actions": []}, "/resource_changes/0/change/actions is empty"),
        ({"actions": "create"}, "/resource_changes/0/change/actions is not a list of texts"),
        ({"after": "x"}, "/resource_changes/0/change/after is not an object"),
        ({"after_unknown": "x"}, "/resource_changes/0/after_unknown is no mark"),
    ],
)
def test_a_change_of_another_form_is_refused(body: dict[str, Any], problem: str) -> None:
    assert problem in refusal(plan_with(resource_changes=[change("a.b", {}, **body)]))


def test_a_creation_that_does_not_say_what_is_refused() -> None:
    broken = change("a.b", {})
    del broken["change"]["after"]
    assert "does not say what comes after it" in refusal(plan_with(resource_changes=[broken]))


def test_values_whose_address_is_of_another_type_are_refused() -> None:
    item = {"address": "module.m.a.b", "mode": "managed", "type": "c", "name": "d", "values": {}}
    planned = {"root_module": {"child_modules": [{"address": "module.m", "resources": [item]}]}}
    assert "the address of another type or name" in refusal(plan_with(planned_values=planned))


def test_a_refusal_holds_nothing_of_the_plans_values() -> None:
    assert "canary" not in refusal(plan_with(resource_changes=[change("canary.canary", "canary")]))


EPHEMERAL = {"address": "ephemeral.vault_secret.s", "mode": "ephemeral", "type": "vault_secret", "name": "s"}
BELOW = EPHEMERAL | {"address": "module.m.ephemeral.vault_secret.s"}


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        ({"resource_changes": [EPHEMERAL | {"change": {"actions": ["open"]}}]}, EPHEMERAL["address"]),
        ({"resource_changes": [BELOW | {"change": {"actions": ["no-op"]}}]}, BELOW["address"]),
        ({"planned_values": {"root_module": {"resources": [EPHEMERAL]}}}, EPHEMERAL["address"]),
        ({"planned_values": {"root_module": {"resources": [BELOW]}}}, BELOW["address"]),
        ({"prior_state": {"values": {"root_module": {"resources": [EPHEMERAL]}}}}, EPHEMERAL["address"]),
    ],
)
def test_an_ephemeral_resource_is_one_of_the_plan(parts: dict[str, Any], address: str) -> None:
    plan = read(plan_with(**parts) | {"configuration": {"root_module": {"resources": [EPHEMERAL]}}})
    assert [(each.address, each.mode) for each in plan.resources] == [(address, "ephemeral")]


def test_an_ephemeral_resource_is_no_other_mode_s_address() -> None:
    changed = EPHEMERAL | {"address": "vault_secret.s", "change": {"actions": ["open"]}}
    assert "the address of another type" in refusal(plan_with(resource_changes=[changed]))


def test_an_unknown_mode_is_told() -> None:
    changed = EPHEMERAL | {"mode": "novel", "change": {"actions": ["open"], "after": {}}}
    assert "not a known mode" in refusal(plan_with(resource_changes=[changed]))


@pytest.mark.parametrize("address", ["a.b[*]", "module.m[*].a.b", 'module.m["x"].a.b[*]'])
def test_deferred_instances_whose_number_is_unknown_are_resources(address: str) -> None:
    one = change(address, {"x": 1}) | {"type": "a", "name": "b", "index_unknown": True}
    deferred = {"reason": "instance_count_unknown", "resource_change": one}
    [resource] = read(plan_with(complete=False, deferred_changes=[deferred])).resources
    assert (resource.address, resource.deferred) == (address, True)


def test_a_plan_that_defers_and_is_silent_on_the_rest_is_targeted() -> None:
    item = {"address": "a.left_out", "mode": "managed", "type": "a", "name": "left_out"}
    deferred = [{"reason": "resource_config_unknown", "resource_change": change("a.b", {"x": 1})}]
    parts = {"complete": False, "deferred_changes": deferred}
    assert not read(plan_with(**parts)).targeted
    assert read(plan_with(**parts, configuration={"root_module": {"resources": [item]}})).targeted


def test_a_deferred_action_is_judged_like_one_that_is_invoked() -> None:
    action = {"address": "module.m[0].action.t.x", "type": "t", "name": "x", "config_values": {"a": "b"}}
    deferred = [{"reason": "x", "action_invocation": action}]
    [resource] = read(plan_with(deferred_action_invocations=deferred)).resources
    assert (resource.mode, resource.values, resource.deferred) == ("action", {"a": "b"}, True)
    assert "/deferred_action_invocations/0/action_invocation" in refusal(
        plan_with(deferred_action_invocations=[{"reason": "x"}])
    )


def test_what_is_forgotten_leaves_and_what_replaces_it_stays() -> None:
    forgotten = change("a.b", None, actions=["forget"])
    replaced = change("a.c", {"x": 1}, actions=["create", "forget"])
    plan = read(plan_with(resource_changes=[forgotten, replaced]))
    assert [each.is_leaving for each in plan.resources] == [True, False]


def test_a_literal_of_a_write_only_argument_is_read_from_the_configuration() -> None:
    arguments = {
        "secret_string_wo": {"constant_value": "s"},
        "other_wo": {"references": ["var.x"]},
        "plain": {"constant_value": "p"},
    }
    item = {"address": "a.b", "mode": "managed", "type": "a", "name": "b", "expressions": arguments}
    configuration = {"root_module": {"resources": [item]}}
    plan = read(plan_with(resource_changes=[change("a.b", {})], configuration=configuration))
    [script] = plan.scripts
    assert script.value == {"secret_string_wo": {"constant_value": "s"}}
    assert script.pointer == "/configuration/root_module/resources/0/expressions"


def test_an_action_needs_what_its_configuration_refers_to() -> None:
    action = {
        "address": "action.t.x",
        "type": "t",
        "name": "x",
        "expressions": {"payload": {"references": ["module.m.released_path", "module.m"]}},
    }
    plan = read(plan_with(configuration={"root_module": {"actions": [action]}}))
    assert plan.edges["action.t.x"] == ("module.m.output.released_path",)
