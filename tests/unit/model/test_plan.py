from __future__ import annotations

from typing import Any

import pytest

from gatecli.model.plan import (
    Absent,
    Answer,
    KnownValue,
    PlannedResource,
    UnknownValue,
    config_address,
    is_marked,
    lookup,
    marked_paths,
    module_of,
)
from tests.support.plans import fixture

RESOURCE = PlannedResource(
    "a.b",
    "managed",
    "a",
    "b",
    values={
        "plain": "x",
        "null": None,
        "block": [{"size": 1}],
        "part": {"known": 1},
        "list": [None, "y"],
        "zero": 0,
    },
    unknown={
        "id": True,
        "block": [{"disk": True}],
        "part": {"late": True},
        "list": [True, False],
        "deep": {"a": True},
    },
    sensitive={"plain": True, "part": {"known": True}},
    pointer="/resource_changes/3/change/after",
)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("plain",), KnownValue("x", sensitive=True)),
        (("zero",), KnownValue(0)),
        (("null",), Absent()),
        (("nothing",), Absent()),
        (("plain", "below"), Absent()),
        (("id",), UnknownValue()),
        (("id", "below", 3), UnknownValue()),
        (("block", 0, "size"), KnownValue(1)),
        (("block", 0, "disk"), UnknownValue()),
        (("block", 1), Absent()),
        (("block", -1), Absent()),
        (("block",), KnownValue([{"size": 1}], whole=False)),
        (("list", 0), UnknownValue()),
        (("list", 1), KnownValue("y")),
        (("part", "late"), UnknownValue()),
        (("part",), KnownValue({"known": 1}, whole=False, sensitive=True)),
        (("deep",), UnknownValue()),
    ],
)
def test_a_value_is_known_unknown_or_absent(keys: tuple[str | int, ...], answer: Answer) -> None:
    assert lookup(RESOURCE, *keys) == answer


def test_nothing_is_known_of_a_deferred_resource_that_has_no_value() -> None:
    assert lookup(PlannedResource("a.b", "managed", "a", "b", deferred=True), "x") == UnknownValue()


def test_below_a_mark_everything_is_sensitive() -> None:
    resource = PlannedResource("a.b", "managed", "a", "b", values={"x": {"y": 1}}, sensitive=True)
    assert lookup(resource, "x", "y") == KnownValue(1, sensitive=True)


def test_a_known_value_is_not_in_its_representation() -> None:
    assert "canary" not in repr(KnownValue("canary", sensitive=True))


@pytest.mark.parametrize(
    ("address", "plain", "module"),
    [
        ("a.b", "a.b", ""),
        ("a.b[0]", "a.b", ""),
        ('a.b["x.y"]', "a.b", ""),
        ('module.m["]"].a.b["k\\"]"]', "module.m.a.b", "module.m"),
        ("module.m[0].module.n.data.t.n[1]", "module.m.module.n.data.t.n", "module.m.module.n"),
        ("module.m", "module.m", ""),
        ("module.m.output.o", "module.m.output.o", "module.m"),
        ("data.a.b", "data.a.b", ""),
    ],
)
def test_addresses_lose_their_instance_keys(address: str, plain: str, module: str) -> None:
    assert (config_address(address), module_of(address)) == (plain, module)


@pytest.mark.parametrize(
    ("marks", "paths"),
    [
        (False, []),
        ({}, []),
        ({"a": {}, "b": [False, {}]}, []),
        (True, [()]),
        ({"a": [False, True]}, [("a", 1)]),
    ],
)
def test_marks_are_paths(marks: Any, paths: list[tuple[str | int, ...]]) -> None:
    assert (list(marked_paths(marks)), is_marked(marks)) == (paths, bool(paths))


def test_resources_and_conditions_are_found_by_module() -> None:
    plan = fixture("plan")
    assert [each.address for each in plan.by_module["module.gate"]] == ["module.gate.terraform_data.gate"]
    assert len(plan.by_module["module.many"]) == 2
    conditions = plan.by_module_conditions["module.gate"]
    assert {(each.kind, each.status) for each in conditions} == {("resource", "pass"), ("var", "pass")}
    assert [each.problems for each in plan.by_module_conditions[""]] == [("k is low",)]


def test_module_calls_say_where_they_come_from_and_what_they_were_given_literally() -> None:
    modules = {module.address: module for module in fixture("plan").modules}
    assert sorted(modules) == [
        "module.gate",
        "module.gate.module.inner",
        "module.many",
        "module.many.module.inner",
    ]
    assert modules["module.many"].source == "./gate"
    assert modules["module.many"].configuration == modules["module.gate"].configuration
