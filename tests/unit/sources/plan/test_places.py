from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gatecli.model.plan import Plan
from gatecli.sources.plan.blocks import blank_text, blocks_of
from gatecli.sources.plan.places import place_of, places_of
from gatecli.sources.plan.snapshots import with_configuration
from tests.support.plans import CONFIGURATION

HARD = r"""# resource "aws_x" "commented" {}
/* resource "aws_x" "also" {
} */
terraform {
  required_version = ">= 1.0"
}
provider "aws" { region = "eu-west-1" }
locals {
  a = module.m.out // module.no.x
  b = "module.text.x ${module.m2[0].out} $${module.esc.x} \" ${"module.inner.x ${module.m5.out}"}"
  c = {
    for k, v in var.list : k => "x-${lookup(local.a, "k", "}")}"
  }
  d = <<-EOT
    module.heredoc.x
    %{ for x in module.m3.list }
    ${x}
    %{ endfor }
  EOT
  e = [
    data.aws_x.y.id, aws_s3_bucket.b["a.b"].id, module.m4.*.out # module.no.y
  ]
}
resource "aws_instance" "etl" {
  count     = 2
  ami       = "ami-${join("-", [for a in ["x", "}"] : "${a}"])}"
  user_data = <<EOF
#!/bin/sh
resource "aws_x" "inside" {
}
EOF
  tags = { Name = "{", b = "\"}" }

  root_block_device {
    encrypted = true
  }
  dynamic "ebs" {
    for_each = var.list
    content { size = ebs.value }
  }
  lifecycle { ignore_changes = [tags] }
}
resource "aws_s3_bucket" "b" {
  for_each = toset(["a.b"])
  bucket   = each.key
}
data "aws_x" "y" {}
variable "list" {
  default = ["}", "{"]
}
module "m" {
  source = "./child"
  x      = "1"
}
output "o" { value = "${jsonencode({ a = "x"
})}" }
"""
CHILD = """variable "x" {}
output "out" {
  value = var.x
}
resource "aws_y" "in" {
 a = <<X
}
X
 b = 1
}
"""
IN_JSON = """{"resource": {"aws_z": {"j": {"name": "${module.m.out}-x",
  "tags": {"a": "b"}}, "k": [{"name": "q"}]}},
 "locals": {"f": "${module.m.out}", "g": ["module.n.x", "${aws_z.j[0].id}"]},
 "module": {"mj": {"source": "./child", "x": 2}},
 "output": {"oj": {"value": 1}}}
"""


@pytest.fixture(name="folder")
def folder_of_hard_cases(tmp_path: Path) -> Path:
    (tmp_path / "child").mkdir()
    (tmp_path / "main.tf").write_text(HARD, "utf-8")
    (tmp_path / "child" / "c.tf").write_text(CHILD, "utf-8", newline="\r\n")
    (tmp_path / "j.tf.json").write_text(IN_JSON, "utf-8")
    return tmp_path


def lines_by_tfparse(folder: Path) -> dict[str, tuple[str, int]]:
    """What another parser says: address to file and first line."""
    import tfparse  # noqa: PLC0415 - a peer, which few have

    found = {}
    for blocks in tfparse.load_from_path(folder).values():
        for block in blocks:
            at = block["__tfmeta"]
            found[at["path"].replace("variable.", "var.")] = (at["filename"], at["line_start"])
    return found


@pytest.mark.parametrize("example", ["hard", "fixture"])
def test_every_place_is_the_one_that_another_parser_finds(folder: Path, example: str) -> None:
    root = folder if example == "hard" else CONFIGURATION
    places, compared = places_of(root), 0
    for address, (file, line) in lines_by_tfparse(root).items():
        if address.split(".")[0] in {"locals", "terraform", "provider"} or ".locals" in address:
            continue
        found = place_of(places, address)
        if found is None:
            assert address.startswith("check."), address
            continue
        compared += 1
        if ".tf.json" in file:
            assert found.line is not None  # tfparse counts lines of JSON from the value's brace
            assert abs(found.line - line) <= 1
        else:
            assert (found.path, found.line) == ((root / file).as_posix(), line), address
    assert compared >= 10


@pytest.mark.parametrize(
    ("address", "keys", "file", "line"),
    [
        ("aws_instance.etl[1]", ("user_data",), "main.tf", 27),
        ("aws_instance.etl[1]", ("root_block_device", 0, "encrypted"), "main.tf", 34),
        ("aws_instance.etl[0]", ("dynamic",), "main.tf", 37),
        ("aws_instance.etl", ("arn",), "main.tf", 24),
        ('aws_s3_bucket.b["a.b"]', ("bucket",), "main.tf", 45),
        ("module.m.aws_y.in", ("b",), "child/c.tf", 9),
        ("module.mj.var.x", (), "child/c.tf", 1),
        ("aws_z.j", ("tags", "a"), "j.tf.json", 2),
        ("aws_z.k", ("name",), "j.tf.json", 2),
        ("output.oj", (), "j.tf.json", 5),
    ],
)
def test_an_argument_has_its_own_line(
    folder: Path, address: str, keys: tuple[str | int, ...], file: str, line: int
) -> None:
    found = place_of(places_of(folder), address, *keys)
    assert found is not None
    assert (found.path, found.line) == ((folder / file).as_posix(), line)


@pytest.mark.parametrize(
    "address", ["aws_x.commented", "aws_x.also", "aws_x.inside", "module.none.a.b", "none"]
)
def test_what_is_not_declared_has_no_place(folder: Path, address: str) -> None:
    assert place_of(places_of(folder), address) is None


def test_locals_refer_to_what_their_code_says_and_not_to_what_their_text_says() -> None:
    files = {"main.tf": HARD.encode(), "j.tf.json": IN_JSON.encode()}
    edges = with_configuration(Plan("p", "plan", "1.2"), {"": files}).edges
    assert edges == {
        "local.a": ("module.m.output.out",),
        "local.b": ("module.m2.output.out", "module.m5.output.out"),
        "local.c": ("var.list", "local.a"),
        "local.d": ("module.m3.output.list",),
        "local.e": ("data.aws_x.y", "aws_s3_bucket.b", "module.m4"),
        "local.f": ("module.m.output.out",),
        "local.g": ("aws_z.j",),
    }


def test_a_module_that_was_downloaded_has_the_place_of_its_call(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('\nmodule "gate" {\n  source = "registry/gate"\n}\n')
    installed = tmp_path / ".terraform" / "modules" / "gate"
    shutil.copytree(CONFIGURATION / "gate", installed)
    noted = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "gate", "Dir": ".terraform/modules/gate"}]}
    (installed.parent / "modules.json").write_text(json.dumps(noted))
    found = place_of(places_of(tmp_path), "module.gate.terraform_data.gate", "input")
    assert found is not None
    assert (found.path, found.line) == ((tmp_path / "main.tf").as_posix(), 2)


def test_a_module_that_init_noted_elsewhere_is_followed(tmp_path: Path) -> None:
    root, shared = tmp_path / "root", tmp_path / "shared"
    (root / ".terraform" / "modules").mkdir(parents=True)
    shared.mkdir()
    (root / "main.tf").write_text('module "m" {\n  source = "../shared"\n}\n')
    (shared / "main.tf").write_text('\nresource "a" "b" {\n}\n')
    noted = {"Modules": [{"Key": "m", "Dir": "../shared"}]}
    (root / ".terraform" / "modules" / "modules.json").write_text(json.dumps(noted))
    found = place_of(places_of(root), "module.m.a.b")
    assert found is not None
    assert found.line == 2


@pytest.mark.parametrize("noted", ["", "{", "[]", '{"Modules": 3}', '{"Modules": [3, {"Key": 1}]}'])
def test_broken_notes_of_init_are_no_crash(tmp_path: Path, noted: str) -> None:
    shutil.copytree(CONFIGURATION, tmp_path / "root")
    (tmp_path / "root" / ".terraform" / "modules").mkdir(parents=True)
    (tmp_path / "root" / ".terraform" / "modules" / "modules.json").write_text(noted)
    assert place_of(places_of(tmp_path / "root"), "module.gate.module.inner.terraform_data.inner")


def test_files_that_cannot_be_read_give_no_place_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.tf.json").write_text("{")
    (tmp_path / "c.tf").mkdir()
    assert place_of(places_of(tmp_path), "a.b") is None
    assert place_of(places_of(tmp_path / "none"), "a.b") is None


@pytest.mark.parametrize(
    "text",
    ["resource", 'resource "a" "b"', "}}}}", '"', 'x = "${', "a = <<X\n", "/*", "${{", 'a "b" {\n c = "d\n}'],
)
def test_broken_text_is_scanned_to_its_end(text: str) -> None:
    assert len(blank_text(text)) == len(text)
    assert list(blocks_of("main.tf", text)) == [] or text.startswith("a ")


def test_an_override_is_not_the_place_of_a_block(tmp_path: Path) -> None:
    (tmp_path / "a_override.tf").write_text('resource "a" "b" {\n}\n')
    (tmp_path / "z.tf").write_text('\nresource "a" "b" {\n}\n')
    found = place_of(places_of(tmp_path), "a.b")
    assert found is not None
    assert found.line == 2
