"""HCL as values: literals, templates, heredocs, references; what is none is passed over and said."""

from __future__ import annotations

import pytest

from gatecli.sources.hcl.bodies import read_bodies, read_template
from gatecli.sources.hcl.syntax import (
    Expression,
    FunctionCall,
    Literal,
    Object,
    OpaqueExpression,
    OperatorCall,
    Template,
    Traversal,
    Tuple,
)


def expression(text: str) -> Expression:
    tree = read_bodies(f"a = {text}\n")
    assert tree.is_whole, text
    return tree.body.attributes["a"].value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"public-read"', Literal("public-read")),
        ("-1.5", Literal(-1.5)),
        ("true", Literal(value=True)),
        ("null", Literal(None)),
        (r'"a\n\"\u00e9 $${x} %%{y}"', Literal('a\n"é ${x} %{y}')),
        ('"${"a"}"', Literal("a")),
        ("<<-E\n    a\n\n      b\n  E", Literal("a\n\n  b\n")),
        ("<<E\n a $${b}\nE", Literal(" a ${b}\n")),
        ('[1, "x", # a comment\n]', Tuple((Literal(1), Literal("x")))),
        (
            '{a = 1, "b": 2\n c = 3}',
            Object(tuple((Literal(k), Literal(n)) for k, n in (("a", 1), ("b", 2), ("c", 3)))),
        ),
        ('var.x["y"][0].z', Traversal(("var", "x", "y", 0, "z"))),
        ('"a-${var.x}"', Template(("a-", Traversal(("var", "x"))))),
        ("f(1)", FunctionCall("f", (Literal(1),))),
        ("!true", OperatorCall("!", (Literal(value=True),))),
        ("(\n1\n)", Literal(1)),
        ("1 + 1", OpaqueExpression()),
        ("[for x in var.l : x]", OpaqueExpression()),
        ('"%{ if true }x%{ endif }"', OpaqueExpression()),
        ("a.*.b", OpaqueExpression()),
        ("provider::x::f(1)", OpaqueExpression()),
    ],
)
def test_an_expression_is_read(text: str, expected: Expression) -> None:
    assert expression(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("module.m.x", ("module.m.x",)),
        ('var.a ? module.m["k"].x : "b"', ("var.a", "module.m.x")),
        ('[for x in module.m.list : "${var.p}"]', ("module.m.list", "var.p")),
        (
            '"%{ if local.a }${aws_s3_bucket.b[count.index].id}%{ endif }"',
            ("local.a", "aws_s3_bucket.b.id", "count.index"),
        ),
        ("merge(var.a, { b = data.t.n.c })", ("var.a", "data.t.n.c")),
        ('"module.m.x"', ()),
    ],
)
def test_everything_that_an_expression_refers_to_is_seen(text: str, expected: tuple[str, ...]) -> None:
    assert set(read_bodies(f"a = {text}\n").body.attributes["a"].references) == set(expected)


def test_blocks_have_labels_and_bodies() -> None:
    (block,) = read_bodies('resource "t" n {\n  x = 1\n  y { z = "}" }\n}\n').body.blocks
    assert (block.type, block.labels, block.body.attributes["x"].value) == (
        "resource",
        ("t", "n"),
        Literal(1),
    )
    assert block.body.blocks[0].body.attributes["z"].value == Literal("}")


@pytest.mark.parametrize(
    "wrong", ["a = = 1", "a = [1", "= 3", 'a "', 'b { c = "', "}", "a = " + "[" * 60 + "]" * 60]
)
def test_what_is_no_hcl_is_said_and_the_rest_is_read(wrong: str) -> None:
    tree = read_bodies(f"x = 1\n{wrong}\n")
    assert not tree.is_whole
    assert tree.body.attributes["x"].value == Literal(1)


def test_a_statement_after_a_wrong_one_is_read() -> None:
    assert read_bodies("a = = 1\nb = 2\n").body.attributes["b"].value == Literal(2)


def test_a_template_of_json_has_no_escapes() -> None:
    read = read_template("a\\n${var.x}")
    assert read is not None
    assert (read.value, read.references) == (Template(("a\\n", Traversal(("var", "x")))), ("var.x",))
    assert read_template("${") is None
