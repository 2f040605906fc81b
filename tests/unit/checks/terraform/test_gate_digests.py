"""Gates in plans: known by what they are, and held to what the policy demands."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gatecli.checks.terraform.form_matches import forms_in
from gatecli.checks.terraform.gate_digests import SHIPPED
from gatecli.checks.terraform.resource_types import EARLIER
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.checks.terraform.ungated import find_ungated
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.plans import raw, read

TRUSTED = ("../terraform_modules/*",)
TEXTS = {(each.name, "shared" if each.beside else "flattened"): each.text for each in SHIPPED}
GATE, EVIDENCE = "../terraform_modules/k_anonymity_gate", "../terraform_modules/evidence"
BEFORE = {
    "k_anonymity_gate": (
        "eaadbcce1d2c0b31715e40db9372d0e434a81965d9f416265615ad86919fce24",
        "5d8d10a9d7c283b15267cf3b222178464c8ef44bcb82b558f8963477939844d4",
    ),
    "model_release_gate": (
        "97bb465f3c5b4d96203c809425ce51d353c282dbe52ab104a6456cae099b07a6",
        "1ca210440b0572d91f2e8e51824a2e174cfd9e419b700fd79328fa8a24249634",
    ),
    "pii_gate": (
        "ccf5d4678c9d42e3e67590030010a9a7056d1db2221b2897b70213ab180872ec",
        "e340f67f04c31e4c0c7218916fbab39a6369867d9f6e5d3bf5c1bcd32e999c9d",
    ),
}
"""The gates of plans that were made while each gate held a copy of the module `evidence`."""


def policy(*, min_k: int | None = None, **terraform: Any) -> PrivacyPolicy:
    base = default_policy()
    anonymity = base.spec.anonymity.model_copy(update={"min_k": min_k})
    rules = base.spec.terraform.model_copy(update={"gate_sources": TRUSTED} | terraform)
    spec = base.spec.model_copy(update={"anonymity": anonymity, "terraform": rules})
    return base.model_copy(update={"spec": spec})


def findings(plan: Plan | dict[str, Any], by: PrivacyPolicy | None = None) -> list[Finding]:
    judged = plan if isinstance(plan, Plan) else read(plan)
    return list(find_ungated(judged, forms_in(judged, by or policy()), TaggedReports(), by or policy()))


def told(plan: Plan | dict[str, Any], by: PrivacyPolicy | None = None) -> dict[str, str]:
    """What was found, by its severity."""
    return {finding.message: finding.severity.value for finding in findings(plan, by)}


def module(plan: dict[str, Any], name: str = "anonymity") -> dict[str, Any]:
    call: dict[str, Any] = plan["configuration"]["root_module"]["module_calls"][name]
    return call


def thresholds(plan: dict[str, Any]) -> dict[str, Any]:
    """The change of the gate's resource `thresholds`."""
    [change] = [each["change"] for each in plan["resource_changes"] if each["name"] == "thresholds"]
    found: dict[str, Any] = change
    return found


def demanding(plan: dict[str, Any], **values: Any) -> dict[str, Any]:
    thresholds(plan)["after"]["input"] |= values
    [child] = plan["planned_values"]["root_module"]["child_modules"]
    [planned] = [each["values"] for each in child["resources"] if each["name"] == "thresholds"]
    planned["input"] |= values
    return plan


@pytest.fixture(name="gated")
def a_plan_behind_the_anonymity_gate() -> dict[str, Any]:
    return copy.deepcopy(raw("gated"))


@pytest.fixture(name="flattened")
def a_plan_behind_a_gate_that_holds_its_evidence() -> dict[str, Any]:
    return copy.deepcopy(raw("flattened"))


@pytest.fixture(name="served")
def a_plan_behind_the_release_gate() -> dict[str, Any]:
    return copy.deepcopy(raw("served"))


@pytest.mark.parametrize("name", ["gated", "flattened", "served"])
def test_a_gate_of_a_trusted_source_holds(name: str) -> None:
    assert told(raw(name)) == {}


@pytest.mark.parametrize("name", BEFORE)
def test_the_gates_of_plans_that_were_saved_before_still_count(name: str) -> None:
    known = {(each.name, each.configuration, each.text) for each in (*SHIPPED, *EARLIER)}
    assert (name, *BEFORE[name]) in known


def with_text(plan: dict[str, Any], text: str) -> Plan:
    judged = read(plan)
    return replace(judged, modules=tuple(replace(each, text=text) for each in judged.modules))


@pytest.mark.parametrize(("name", "form"), [("gated", "shared"), ("flattened", "flattened")])
def test_a_gate_whose_files_came_with_the_plan_holds_wherever_it_is_from(name: str, form: str) -> None:
    plan = copy.deepcopy(raw(name))
    module(plan)["source"] = "./vendored/gates/other_name"
    assert told(with_text(plan, TEXTS["k_anonymity_gate", form]), policy(gate_sources=())) == {}


@pytest.mark.parametrize(("name", "other"), [("gated", "flattened"), ("flattened", "shared")])
def test_a_gate_of_another_text_is_none_even_from_a_trusted_source(name: str, other: str) -> None:
    """Neither with the text of its own other form."""
    for text in (TEXTS["k_anonymity_gate", other], TEXTS["pii_gate", "shared"], "0" * 64):
        said = told(with_text(raw(name), text))
        assert "module.anonymity is built like the module k_anonymity_gate but has a different text" in said
        assert "aws_s3_object.published publishes data without a k-anonymity gate" in said
        assert set(said.values()) == {"error"}


@pytest.mark.parametrize(
    ("sources", "holds"),
    [
        ((GATE, EVIDENCE), True),
        (("../terraform_modules/*",), True),
        ((GATE,), False),
        ((EVIDENCE,), False),
        ((GATE, "../evidence"), False),
        ((GATE, f"{GATE}/evidence"), False),
    ],
)
def test_a_local_gate_is_trusted_only_with_the_module_beside_it(
    gated: dict[str, Any], sources: tuple[str, ...], *, holds: bool
) -> None:
    """Another may be allowed to write there."""
    assert (told(gated, policy(gate_sources=sources)) == {}) is holds


@pytest.mark.parametrize(
    ("gate", "evidence"),
    [("./k_anonymity_gate", "./evidence"), ("./a/../gates/x/", "./gates/evidence"), ("../x", "../evidence")],
)
def test_the_module_beside_a_local_gate_is_where_terraform_finds_it(
    gated: dict[str, Any], gate: str, evidence: str
) -> None:
    module(gated)["source"] = gate
    assert told(gated, policy(gate_sources=(gate, evidence))) == {}
    assert told(gated, policy(gate_sources=(gate, f"{evidence}/"))) != {}


def test_a_gate_that_is_fetched_brings_the_module_beside_it(gated: dict[str, Any]) -> None:
    source = "git::https://git.example.com/gates.git//terraform_modules/k_anonymity_gate?ref=v1"
    module(gated)["source"] = source
    assert told(gated, policy(gate_sources=(source,))) == {}


def test_a_gate_that_holds_its_evidence_is_trusted_by_its_own_address(flattened: dict[str, Any]) -> None:
    assert told(flattened, policy(gate_sources=(GATE,))) == {}


@pytest.mark.parametrize(("meaning", "severity"), [("fail", "error"), ("warn", "warning"), ("defer", "note")])
def test_a_gate_without_files_from_elsewhere_is_unknown(
    gated: dict[str, Any], meaning: str, severity: str
) -> None:
    for given in (meaning, {"default": meaning}, {"tf-dataset-ungated": meaning, "default": "fail"}):
        [(message, found)] = told(gated, policy(gate_sources=("../other/*",), on_unknown=given)).items()
        assert "as far as the plan says" in message
        assert found == severity


def edits() -> Iterator[Any]:
    """What a fake may differ in, as the plan's JSON shows it."""
    yield lambda called: called["module"]["resources"].pop(0)
    yield lambda called: called["module"]["resources"][0].update({"count_expression": {"constant_value": 0}})
    yield lambda called: called["module"]["resources"][0]["expressions"].clear()
    yield lambda called: called["module"]["outputs"].popitem()
    yield lambda called: called["module"]["outputs"]["sha256"].pop("depends_on")
    for source in ("./fake", "../fake", "../evidence/", "../../evidence", "evidence"):
        yield lambda called, to=source: called["module"]["module_calls"]["evidence"].update({"source": to})
    yield lambda called: called["module"]["module_calls"]["evidence"]["module"]["outputs"].clear()
    yield lambda called: called["module"]["variables"]["missing"].update({"default": "wildcard"})
    yield lambda called: called.pop("module")


@pytest.mark.parametrize("name", ["gated", "flattened"])
@pytest.mark.parametrize("edit", list(edits()))
def test_a_module_that_is_only_called_like_a_gate_is_none(name: str, edit: Any) -> None:
    plan = copy.deepcopy(raw(name))
    edit(module(plan))
    said = told(plan)
    assert "module.anonymity is called k_anonymity_gate but is not the module that gatecli ships" in said
    assert "aws_s3_object.published publishes data without a k-anonymity gate" in said


def test_other_descriptions_are_the_same_gate(gated: dict[str, Any]) -> None:
    module(gated)["module"]["outputs"]["sha256"]["description"] = "translated"
    assert told(gated) == {}


@pytest.mark.parametrize("status", ["fail", "error", None])
def test_a_gate_whose_conditions_were_not_judged_or_do_not_hold_is_none(
    gated: dict[str, Any], status: str | None
) -> None:
    [check] = [
        each for each in gated["checks"] if each["address"]["to_display"].endswith("terraform_data.gate")
    ]
    if status is None:
        gated["checks"].remove(check)
    else:
        check["instances"][0]["status"] = status
    said = told(gated)
    assert "module.anonymity has conditions that the plan did not evaluate, or that do not hold" in said
    assert len(said) == 2


def test_a_gate_that_does_not_say_what_it_demands_is_none(gated: dict[str, Any]) -> None:
    plan = read(gated)
    rest = tuple(each for each in plan.resources if each.name != "thresholds")
    said = told(replace(plan, resources=rest))
    assert "module.anonymity does not say in this plan what it demands" in said


def test_a_gate_for_data_gates_no_model(gated: dict[str, Any]) -> None:
    said = told(gated, policy(publishers={"aws_s3_object": "model"}))
    assert "aws_s3_object.published serves a model without a release gate" in said


def test_the_resources_of_a_gate_publish_nothing_themselves(gated: dict[str, Any]) -> None:
    assert told(gated, policy(publishers={"terraform_data": "dataset"})) == {}


def test_a_k_below_the_policy_s_is_told_though_it_came_by_a_variable(gated: dict[str, Any]) -> None:
    assert told(gated, policy(min_k=6)) == {
        "module.anonymity demands k = 5 where the policy demands at least 6": "error"
    }


def test_a_tier_demands_all_of_its_thresholds(gated: dict[str, Any]) -> None:
    said = told(demanding(gated, tier="health", k=9, t=0.4))
    assert set(said) == {
        "module.anonymity demands k = 9 where the policy demands at least 10",
        "module.anonymity demands no l where the policy demands at least 3",
        "module.anonymity demands t = 0.4 where the policy demands at most 0.3",
    }
    assert told(demanding(gated, k=10, l=3, t=0.3)) == {}


def test_a_publisher_s_tag_is_a_tier_too_and_the_stricter_counts(gated: dict[str, Any]) -> None:
    [published] = [each for each in gated["resource_changes"] if each["type"] == "aws_s3_object"]
    published["change"]["after"]["tags"] = {"sensitivity": "identity"}
    assert len(told(demanding(gated, tier="low", k=5, l=2, t=0.5))) == 3, "k, l and t of the stricter tier"
    said = told(demanding(gated, k=5, l=5, t=0.2))
    assert set(said) == {"module.anonymity demands k = 5 where the policy demands at least 20"}


def test_a_tier_that_the_policy_does_not_have_is_told(gated: dict[str, Any]) -> None:
    assert "module.anonymity names a tier that the policy does not have" in told(
        demanding(gated, tier="none")
    )


def test_evidence_may_not_be_taken_older_than_the_policy_has_it(gated: dict[str, Any]) -> None:
    message = "module.anonymity demands max_age = 720h where the policy demands at most 168h"
    assert told(demanding(gated, max_age="720h")) == {message: "error"}
    assert told(demanding(gated, max_age="1h30m")) == {}


@pytest.mark.parametrize("part", ["k", "tier"])
def test_a_threshold_that_is_known_after_the_apply_is_unknown(gated: dict[str, Any], part: str) -> None:
    change = thresholds(gated)
    del change["after"]["input"][part]
    change["after_unknown"]["input"] = {part: True}
    by = policy(min_k=5, on_unknown={"tf-gate-bypassed": "warn"})
    [(message, severity)] = told(gated, by).items()
    assert "only after the apply" in message
    assert severity == "warning"
    assert set(told(gated, policy(min_k=5)).values()) == {"error"}


@pytest.mark.parametrize("value", ["five", True, [], {}, "1/0", -1])
def test_a_threshold_that_is_no_number_is_no_threshold(gated: dict[str, Any], value: Any) -> None:
    assert len(told(demanding(gated, k=value), policy(min_k=5))) == 1


def test_a_sensitive_threshold_is_judged_and_not_shown(gated: dict[str, Any]) -> None:
    thresholds(gated)["after_sensitive"] = {"input": {"k": True}}
    [message] = told(gated, policy(min_k=6))
    assert message == "module.anonymity demands k = a value where the policy demands at least 6"


def test_a_release_gate_without_a_tier_is_held_to_the_loosest(served: dict[str, Any]) -> None:
    assert told(demanding(served, max_epsilon=4.5, max_delta=0.001)) == {
        "module.model demands epsilon = 4.5 where the policy demands at most 4": "error",
        "module.model demands delta = 0.001 where the policy demands at most 0.0001": "error",
    }


def test_a_release_gate_of_a_tier_demands_its_delta_too(served: dict[str, Any]) -> None:
    said = told(demanding(served, tier="health", max_epsilon=0.5))
    assert set(said) == {"module.model demands no delta where the policy demands at most 1e-8"}


def test_every_instance_of_a_gate_is_held_to_the_policy(gated: dict[str, Any]) -> None:
    weaker = copy.deepcopy(gated)
    again = [copy.deepcopy(each) for each in gated["resource_changes"] if each.get("module_address")]
    for each in again:
        each["address"] = each["address"].replace("module.anonymity", 'module.anonymity["b"]')
        each["module_address"] = 'module.anonymity["b"]'
    weaker["resource_changes"] += again
    assert "module.anonymity has conditions that the plan did not evaluate, or that do not hold" in told(
        weaker
    )
    checks = copy.deepcopy(gated["checks"])
    for check in checks:
        for instance in check["instances"]:
            at = instance["address"]
            at["to_display"] = at["to_display"].replace("module.anonymity", 'module.anonymity["b"]')
    weaker["checks"] += checks
    [changed] = [each for each in again if each["name"] == "thresholds"]
    changed["change"]["after"]["input"]["k"] = 2
    message = "module.anonymity demands k = 2 where the policy demands at least 5"
    assert told(weaker, policy(min_k=5)) == {message: "error"}


def test_a_kubernetes_object_that_serves_a_model_serves_one(gated: dict[str, Any]) -> None:
    [published] = [each for each in gated["resource_changes"] if each["type"] == "aws_s3_object"]
    change = copy.deepcopy(published) | {
        "address": "kubernetes_manifest.m",
        "type": "kubernetes_manifest",
        "name": "m",
    }
    change["change"]["after"] = {
        "manifest": {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"}
    }
    gated["resource_changes"].append(change)
    assert told(gated) == {"kubernetes_manifest.m serves a model without a release gate": "error"}
    change["change"]["after"] = {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}
    assert told(gated) == {}


def test_a_local_that_leads_to_no_gate_is_no_doubt(gated: dict[str, Any]) -> None:
    """The locals of a fake, which the JSON does not show, excuse nothing."""
    module(gated)["module"]["outputs"].pop("k")
    by = policy(on_unknown="defer")
    assert set(told(gated, by).values()) == {"error"}


def test_a_local_that_may_lead_to_a_gate_is_a_doubt(gated: dict[str, Any]) -> None:
    [published] = gated["configuration"]["root_module"]["resources"]
    published["expressions"] = {"input": {"references": ["local.path"]}}
    said = told(gated, policy(on_unknown="warn"))
    message = (
        "aws_s3_object.published publishes data without a k-anonymity gate, as far as the plan says: "
        "the plan does not say what its locals refer to"
    )
    assert said[message] == "warning"
