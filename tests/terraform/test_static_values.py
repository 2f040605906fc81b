"""What is known of a text without a plan is what Terraform's own plan has."""

from __future__ import annotations

import json
from collections.abc import Callable

from gatecli.model.plan import KnownValue, lookup
from gatecli.sources.plan.static_modules import read_module
from tests.support.terraform import Terraform

KNOWN: dict[str, str] = {
    "text": r'"a\n\t\"\\ \u00e9 $${x} %%{y} e\u0301"',
    "number": "-12",
    "fraction": "1.50",
    "large": "123456789012",
    "flag": "true",
    "list": '[1, "a", [true], {}]',
    "object": '{ a = 1, "b c" = [2], (local.key) = "x" }',
    "variable": "var.name",
    "converted": "var.number",
    "list of a variable": "var.list",
    "set of a variable": "var.set",
    "map of a variable": 'var.map["k"]',
    "given in a file": "var.given",
    "local": "local.deep.a[1].b",
    "template": '"${var.name}-${local.two}-${true}-${var.number}"',
    "wrapped": '"${local.deep}"',
    "conditional": 'local.two == 2 && var.name != "x" ? "yes" : "no"',
    "negation": "!(false || false)",
    "heredoc": '<<E\n  a $${b} "q" \\n\n\n b\nE',
    "flush heredoc": "<<-E\n      a\n\n        b ${local.two}\n    E",
    "flush heredoc with a value first": "<<-E\n    ${local.two} a\n      b\n  E",
    "json": 'jsonencode({ b = [1, 1.5, null, true], a = "<é&>\\u2028", c = local.deep })',
    "another resource's argument": "terraform_data.first.input",
}
HEAD = """\
variable "name" {
  default = "n"
}
variable "number" {
  type    = string
  default = 5
}
variable "list" {
  type    = list(string)
  default = [1, "b", true]
}
variable "set" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "map" {
  type    = map(number)
  default = { k = 7 }
}
variable "given" {
  default = "default"
}
locals {
  key  = "computed"
  two  = 2
  deep = { a = [0, { b = "deep" }] }
}
resource "terraform_data" "first" {
  input = "first"
}
"""


def test_what_is_known_without_a_plan_is_what_the_plan_has(initialise: Callable[[str], Terraform]) -> None:
    blocks = (
        f'resource "terraform_data" "r{number}" {{\n  input = {text}\n}}\n'
        for number, text in enumerate(KNOWN.values())
    )
    terraform = initialise(HEAD + "".join(blocks))
    terraform.write('given = "file"\n', name="terraform.tfvars")
    terraform.planned().passed()
    shown = json.loads(terraform("show", "-json", "plan.bin").passed().stdout)
    planned = {each["address"]: each["change"]["after"].get("input") for each in shown["resource_changes"]}
    folder = terraform.folder
    module = read_module(".", sorted(folder.glob("*.tf")), sorted(folder.glob("*.tfvars")))
    answers = {each.address: lookup(each, "input") for each in module.plan.resources}
    known = {address: answer.value for address, answer in answers.items() if isinstance(answer, KnownValue)}
    assert known == planned
