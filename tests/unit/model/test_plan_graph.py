from __future__ import annotations

from typing import Any

import pytest

from gatecli.model.plan_graph import dependents_of, depends_on, node_of, nodes_of, unresolved_locals
from tests.support.plans import fixture, plan_with, read

GATE = "module.gate.terraform_data.gate"


def expression(*references: str) -> dict[str, Any]:
    return {"references": list(references)}


def resource(address: str, expressions: Any = None, **more: Any) -> dict[str, Any]:
    *_, type_, name = address.split(".")
    mode = "data" if address.startswith("data.") else "managed"
    return {
        "address": address,
        "mode": mode,
        "type": type_,
        "name": name,
        "expressions": expressions or {},
    } | more


def reached(root: dict[str, Any], address: str) -> frozenset[str]:
    return depends_on(read(plan_with(complete=False, configuration={"root_module": root})), address).addresses


def test_a_publisher_reaches_the_gate_through_the_modules_output() -> None:
    found = depends_on(fixture("plan"), 'terraform_data.each["a"]')
    assert {
        "module.gate.output.released",
        GATE,
        "var.k",
        "module.gate.module.inner.terraform_data.inner",
    } <= (found.addresses)


def test_a_module_input_leads_to_what_the_call_was_given() -> None:
    assert {"module.many.var.token", "terraform_data.local"} <= depends_on(
        fixture("plan"), "module.many[1].terraform_data.gate"
    ).addresses


def test_depends_on_of_a_resource_means_all_of_the_module() -> None:
    found = depends_on(fixture("plan"), "terraform_data.counted[1]").addresses
    assert {"module.gate", GATE, "module.gate.module.inner.terraform_data.inner"} <= found


def test_depends_on_of_a_call_holds_for_everything_in_it() -> None:
    found = depends_on(fixture("plan"), "module.many[0].module.inner.terraform_data.inner").addresses
    assert "terraform_data.local" in found
    assert not [address for address in found if "#" in address]


def test_a_resource_beside_the_gate_does_not_reach_it() -> None:
    found = depends_on(fixture("plan"), "terraform_data.free")
    assert (found.addresses, found.unresolved) == (frozenset(), frozenset())


def test_a_local_leaves_the_question_open() -> None:
    found = depends_on(fixture("plan"), "terraform_data.local")
    assert found.unresolved == {"local.released"}
    assert unresolved_locals(fixture("plan")) == {"local.released"}


def test_dependents_are_the_other_direction() -> None:
    plan = fixture("plan")
    found = dependents_of(plan, [GATE])
    assert {"terraform_data.each", "terraform_data.counted", "module.gate.output.released"} <= found
    assert "terraform_data.free" not in found
    for address in found:
        assert GATE in depends_on(plan, address).addresses


def test_an_output_of_a_module_is_not_all_of_the_module() -> None:
    outputs = {"good": {"expression": expression("a.gate")}, "bad": {"expression": expression("a.other")}}
    call = {"module": {"outputs": outputs, "resources": [resource("a.gate"), resource("a.other")]}}
    root = {
        "module_calls": {"m": call},
        "resources": [
            resource("p.one", {"x": expression("module.m.bad", "module.m")}),
            resource("p.all", {"x": expression("module.m")}),
            resource("p.key", {"x": expression("module.m[0].bad", "module.m[0]", "module.m")}),
            resource("p.both", {"x": expression("module.m.bad", "module.m", "module.m")}),
        ],
    }
    assert "module.m.a.gate" not in reached(root, "p.one")
    assert "module.m.a.gate" not in reached(root, "p.key")
    assert "module.m.a.gate" in reached(root, "p.all")
    assert "module.m.a.gate" in reached(root, "p.both")


def test_a_literal_that_looks_like_a_reference_is_none() -> None:
    forged = {"constant_value": {"references": ["module.gate.released"]}}
    root = {"resources": [resource("p.q", {"x": forged, "y": {"constant_value": ["a.b"]}})]}
    assert reached(root, "p.q") == frozenset()


def test_a_template_in_json_syntax_is_a_literal_and_a_reference() -> None:
    written = {"constant_value": "${module.gate.released}", "references": ["module.gate.released", "a.b"]}
    more = {"count_expression": {"constant_value": "${c.d.n}", "references": ["c.d.n", "c.d"]}}
    root = {"resources": [resource("p.q", {"x": written, "block": [{"y": written}]}, **more)]}
    assert reached(root, "p.q") == {"module.gate.output.released", "a.b", "c.d"}


@pytest.mark.parametrize("references", [None, "module.gate", {"x": 1}, [1], [["module.gate"]]])
def test_a_literal_beside_what_is_no_list_of_references_is_none(references: object) -> None:
    forged = {"constant_value": {"references": ["module.gate.released"]}, "references": references}
    assert reached({"resources": [resource("p.q", {"x": forged})]}, "p.q") == frozenset()


def test_references_of_nested_blocks_count_repetition_and_provisioners_are_followed() -> None:
    body = {"block": [{"x": expression("a.b.id", "a.b")}], "references": [{"y": expression("c.d")}]}
    provisioners = [{"type": "local-exec", "expressions": {"command": expression("self.id", "self", "e.f")}}]
    more = {
        "count_expression": expression("g.h"),
        "for_each_expression": expression("data.i.j.k", "data.i.j"),
        "provisioners": provisioners,
        "depends_on": ["data.l.m"],
    }
    found = reached({"resources": [resource("p.q", body, **more)]}, "p.q")
    assert found == {"a.b", "c.d", "e.f", "g.h", "data.i.j", "data.l.m"}


def test_a_circle_ends() -> None:
    root = {
        "resources": [resource("a.b", {"x": expression("c.d")}), resource("c.d", {"x": expression("a.b")})]
    }
    assert reached(root, "a.b") == {"a.b", "c.d"}


def test_a_state_tells_direct_dependencies() -> None:
    assert GATE in depends_on(fixture("state"), "terraform_data.local").addresses


@pytest.mark.parametrize(
    ("module", "reference", "node"),
    [
        ("", "a.b.c.d", "a.b"),
        ("", 'a.b["x.y"].c', "a.b"),
        ("module.m", "a.b", "module.m.a.b"),
        ("", "data.a.b.c", "data.a.b"),
        ("", "var.x.y", "var.x"),
        ("module.m", "local.x", "module.m.local.x"),
        ("", "module.m", "module.m"),
        ("", "module.m[0].out.x", "module.m.output.out"),
        ("", "ephemeral.a.b.c", "ephemeral.a.b"),
        ("", "each.value", None),
        ("", "self", None),
        ("", "path.module", None),
        ("", "terraform.workspace", None),
        ("", "", None),
    ],
)
def test_a_reference_means_a_node(module: str, reference: str, node: str | None) -> None:
    assert node_of(module, reference) == node


def test_prefixes_of_a_reference_say_nothing_new() -> None:
    assert list(nodes_of("", ["module.m.a", "module.m", "module.mm", "a.b.c", "a.b"])) == [
        "module.m.output.a",
        "module.mm",
        "a.b",
    ]


def test_locals_are_told_from_modules_of_that_name() -> None:
    root = {
        "module_calls": {"local": {"module": {"resources": [resource("a.b")]}}},
        "resources": [resource("p.q", {"x": expression("module.local")})],
    }
    assert (
        unresolved_locals(read(plan_with(complete=False, configuration={"root_module": root}))) == frozenset()
    )
