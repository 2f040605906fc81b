"""Expressions that make a text of what they refer to, and those that only refer, choose or read."""

from __future__ import annotations

import json

import pytest

from gatecli.sources.plan.blocks import blocks_of


def is_composed(expression: str) -> bool:
    [block] = blocks_of("main.tf", f'resource "a" "b" {{\n  x = {expression}\n}}\n')
    return block.arguments["x"].composed


@pytest.mark.parametrize(
    "expression",
    [
        "module.gate.path",
        "module.gate[0].path",
        'module.gate["a"].path',
        '"${module.gate.path}"',
        "one(module.gate[*].path)",
        'file("${module.gate.path}")',
        'var.skip ? "raw.csv" : module.gate.path',
        "[for path in module.gate.paths : path if path != var.other]",
        '{ a = module.gate.path, "b" = "raw.csv" }',
        "(module.gate.path)",
        '"raw.csv"',
        '"$${no.reference}"',
    ],
)
def test_what_only_refers_is_not_composed(expression: str) -> None:
    assert not is_composed(expression)


@pytest.mark.parametrize(
    "expression",
    [
        '"${module.gate.path}/../raw.csv"',
        '"raw/${module.gate.path}"',
        '"${module.gate.path}${var.suffix}"',
        '{ a = "${module.gate.path}/../raw.csv" }',
        'replace(module.gate.path, "a", "b")',
        'format("%s/../raw.csv", module.gate.path)',
        'join("/", [module.gate.path, "raw.csv"])',
        "dirname(module.gate.path)",
        "provider::x::y(module.gate.path)",
        "<<EOT\n${module.gate.path}\nEOT\n",
    ],
)
def test_what_makes_a_text_of_others_is(expression: str) -> None:
    assert is_composed(expression)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${module.gate.path}", False),
        ("raw.csv", False),
        ("${module.gate.path}/../raw.csv", True),
        ('${replace(module.gate.path, "a", "b")}', True),
        ({"source": "x/${module.gate.path}"}, True),
    ],
)
def test_json_syntax_is_read_alike(value: object, expected: bool) -> None:  # noqa: FBT001 - a parameter
    text = json.dumps({"resource": {"a": {"b": {"x": value}}}})
    [block] = blocks_of("main.tf.json", text)
    assert block.arguments["x"].composed is expected
