"""Publishers that wait for a gate and publish something else, in real plans; and honest ones beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.terraform import Terraform

POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: test}
spec:
  extends: default
  anonymity: {minK: 5}
  terraform:
    onUnknown: %s
    forms:
      - type: terraform_data
        when: [{path: input.bucket, present: true}]
        reads: [{path: input.source, holds: file}, {path: input.content, holds: text}]
        source: a stand-in for an object in a bucket
"""
GATE = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["age", "zip"]
  k                 = 5
}
"""
WAITS = "depends_on = [module.anonymity]"
BESIDE = "terraform_data.published waits for a gate, but its input.%s %s"
OTHER = BESIDE % ("source", "is another file than its gate released")
LATER = BESIDE % ("source", "is known only after the apply, and is not made of what its gate gives alone")

Beside = Callable[..., tuple[int, str]]


@pytest.fixture(name="judged")
def judged_configuration(
    own: Terraform, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Beside:
    """Judge a configuration beside the gate: the exit code, and the sentences."""

    def judged(text: str, meaning: str = "fail", *options: str) -> tuple[int, str]:
        own.write(GATE + text)
        own.write("age,zip\n31,10115\n", name="raw.csv")
        own("init").passed()
        policy = tmp_path / "policy.yaml"
        policy.write_text(POLICY % meaning, "utf-8")
        given = ("--policy", str(policy), "--terraform-binary", str(program), "--format", "json", *options)
        code = main(["terraform", "check", os.path.normpath(own.folder), *given])
        findings = json.loads(capsys.readouterr().out)["findings"]
        return code, "\n".join(finding["message"] for finding in findings)

    return judged


def published(source: str, *more: str) -> str:
    lines = "\n  ".join(more)
    return (
        f'resource "terraform_data" "published" {{\n  input = {{ bucket = "b", {source} }}\n  {lines}\n}}\n'
    )


COPY = 'resource "terraform_data" "copy" {\n  input = module.anonymity.released_path\n}\n'
RAW = f'resource "terraform_data" "raw" {{\n  input = "raw.csv"\n  {WAITS}\n}}\n'
EACH = "for_each = toset(%s)"


@pytest.mark.parametrize(
    "text",
    [
        published("source = module.anonymity.released_path"),
        published('source = "${module.anonymity.released_path}"'),
        published("source = one(module.anonymity[*].released_path)"),
        published('source = "data.csv"', WAITS),
        published('source = "./data.csv"', WAITS),
        published("content = file(module.anonymity.released_path)"),
        published('content = file("data.csv")', WAITS),
        published("source = each.value", EACH % "module.anonymity.released_files"),
        published("source = each.value", EACH % 'fileset(path.module, "data.*sv")', WAITS),
        published('source = var.skip ? "raw.csv" : module.anonymity.released_path')
        + 'variable "skip" { default = false }\n',
        COPY + published("source = terraform_data.copy.output"),
        published("source = local.path") + "locals {\n  path = module.anonymity.released_path\n}\n",
    ],
)
def test_what_the_gate_released_may_be_published(judged: Beside, text: str) -> None:
    assert judged(text) == (0, "")


@pytest.mark.parametrize(
    "text",
    [
        published('source = "raw.csv"', WAITS),
        published('source = "data.csv/../raw.csv"', WAITS),
        published('source = var.skip ? "raw.csv" : module.anonymity.released_path')
        + 'variable "skip" { default = true }\n',
        published("source = each.value", EACH % '["data.csv", "raw.csv"]', WAITS),
        published("source = each.value", EACH % 'fileset(path.module, "*.csv")', WAITS),
        published("source = local.path", WAITS) + 'locals {\n  path = "raw.csv"\n}\n',
    ],
)
def test_another_file_behind_a_gate_is_a_bypass(judged: Beside, text: str) -> None:
    assert judged(text, "defer") == (1, OTHER)


def test_other_content_behind_a_gate_is_a_bypass(judged: Beside) -> None:
    message = BESIDE % ("content", "holds other data than its gate released")
    assert judged(published('content = file("raw.csv")', WAITS), "defer") == (1, message)


@pytest.mark.parametrize(
    "text",
    [
        RAW + published("source = terraform_data.raw.output"),
        RAW + published('source = "${terraform_data.raw.output}${module.anonymity.released_path}"'),
        published("source = uuid()", WAITS),
        published('source = "${module.anonymity.released_path}/../raw.csv"'),
        published('source = replace(module.anonymity.released_path, "data", "raw")'),
        published("source = local.path")
        + 'locals {\n  path = join("/", [module.anonymity.released_path, "../raw.csv"])\n}\n',
        COPY.replace("= module.anonymity.released_path", '= "${module.anonymity.released_path}/../raw.csv"')
        + published("source = terraform_data.copy.output"),
    ],
)
def test_what_only_the_apply_knows_must_be_made_of_what_the_gate_gives(judged: Beside, text: str) -> None:
    """Waiting for the gate is not enough, at any remove."""
    assert judged(text) == (1, LATER)
    assert judged(text, "warn")[0] == 0


def test_the_gates_path_is_the_same_when_it_is_known(own: Terraform, judged: Beside) -> None:
    text = published("source = module.anonymity.released_path")
    assert judged(text) == (0, "")
    own.planned().passed()
    own.applied().passed()
    assert judged(text) == (0, "")


def test_a_module_may_stand_between(own: Terraform, judged: Beside) -> None:
    (own.folder / "publish").mkdir()
    inner = 'variable "path" {}\n' + published("source = var.path")
    (own.folder / "publish/main.tf").write_text(inner, "utf-8")
    call = 'module "publish" {\n  source = "./publish"\n  path   = %s\n  %s\n}\n'
    assert judged(call % ("module.anonymity.released_path", "")) == (0, "")
    code, said = judged(call % ('"raw.csv"', WAITS), "defer")
    assert (code, said) == (1, f"module.publish.{OTHER}")
