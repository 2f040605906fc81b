"""Configurations in JSON syntax (`main.tf.json`, as CDKTF writes it): the verdicts are those of HCL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.gated_plans import DATASET, MODEL, WORKLOAD, write_evidence, write_inputs
from tests.support.terraform import Check, Terraform

GATES: dict[str, tuple[str, dict[str, Any]]] = {
    "dataset": (
        DATASET % 5,
        {
            "module": {
                "anonymity": {
                    "source": "../terraform_modules/k_anonymity_gate",
                    "dataset": "data.csv",
                    "quasi_identifiers": ["age", "zip"],
                    "k": "${var.k}",
                }
            },
            "variable": {"k": {"default": 5}},
            "resource": {"terraform_data": {"published": {"input": "${module.anonymity.released_path}"}}},
        },
    ),
    "model": (
        MODEL,
        {
            "module": {
                "model": {
                    "source": "../terraform_modules/model_release_gate",
                    "declaration": "privacy.yaml",
                    "artifact": "model.bin",
                    "release_name": "churn",
                    "release_version": "2.3.0",
                    "max_epsilon": 2.5,
                }
            },
            "resource": {"terraform_data": {"published": {"input": "${module.model.artifact_path}"}}},
        },
    ),
    "workload": (
        WORKLOAD,
        {
            "module": {
                "manifests": {"source": "../terraform_modules/pii_gate", "manifests": ["job.yaml"]},
            },
            "resource": {"terraform_data": {"published": {"depends_on": ["module.manifests"]}}},
        },
    ),
}
"""By what it gates, an example in HCL, and the same in JSON."""

RELEASED = "module.anonymity.released_path"
PUBLISHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "gated by its input": (f"input = {RELEASED}", {"input": f"${{{RELEASED}}}"}),
    "gated inside a template": (f'input = ["x-${{{RELEASED}}}"]', {"input": [f"x-${{{RELEASED}}}"]}),
    "gated by a local": ("input = local.path", {"input": "${local.path}"}),
    "gated by a key of a local": ("input = local.keyed", {"input": "${local.keyed}"}),
    "gated by its repetition": (
        "for_each = toset(module.anonymity.released_files)\ninput = each.value",
        {"for_each": "${toset(module.anonymity.released_files)}", "input": "${each.value}"},
    ),
    "gated by depends_on": ("depends_on = [module.anonymity]", {"depends_on": ["module.anonymity"]}),
    "ungated": ('input = "other.csv"', {"input": "other.csv"}),
    "ungated text that looks like a reference": (
        f'input = "$${{{RELEASED}}}"',
        {"input": f"$${{{RELEASED}}}"},
    ),
    "ungated by another local": ("input = local.other", {"input": "${local.other}"}),
}
LOCALS_HCL = (
    f'locals {{\n  path = {RELEASED}\n  keyed = {{ ({RELEASED}) = 1 }}\n  other = upper("other.csv")\n}}\n'
)
LOCALS_JSON = {"path": f"${{{RELEASED}}}", "keyed": {f"${{{RELEASED}}}": 1}, "other": '${upper("other.csv")}'}


def judged(own: Terraform, check: Check, configuration: str | dict[str, Any], kind: str) -> tuple[int, str]:
    """The verdict on a configuration, which must be the same on a folder and on a saved plan."""
    for name in ("main.tf", "main.tf.json"):
        (own.folder / name).unlink(missing_ok=True)
    if isinstance(configuration, str):
        own.write(configuration)
    else:
        own.write(json.dumps({"//": {"metadata": {}}} | configuration), name="main.tf.json")
    own("init").passed()
    own.planned().passed()
    verdict = check(".", kind=kind)
    assert check("plan.bin", kind=kind) == verdict
    return verdict


@pytest.mark.parametrize("kind", GATES)
def test_a_gate_in_json_syntax_holds_as_in_hcl(own: Terraform, check: Check, kind: str) -> None:
    write_inputs(own.folder)
    write_evidence(own.folder)
    for configuration in GATES[kind]:
        assert judged(own, check, configuration, kind) == (0, "")


@pytest.mark.parametrize("name", PUBLISHERS)
def test_a_publisher_in_json_syntax_is_judged_as_in_hcl(own: Terraform, check: Check, name: str) -> None:
    hcl, body = PUBLISHERS[name]
    gated, same = GATES["dataset"]
    in_hcl = gated.partition("resource")[0] + f'resource "terraform_data" "published" {{\n{hcl}\n}}\n'
    in_json = same | {"resource": {"terraform_data": {"published": body}}, "locals": LOCALS_JSON}
    verdicts = [judged(own, check, each, "dataset") for each in (in_hcl + LOCALS_HCL, in_json)]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0][0] == int(name.startswith("ungated")), verdicts[0][1]


def test_a_lowered_threshold_in_json_syntax_is_told(own: Terraform, check: Check) -> None:
    _, same = GATES["dataset"]
    code, said = judged(own, check, same | {"variable": {"k": {"default": 2}}}, "dataset")
    assert (code, said) == (1, "module.anonymity demands k = 2 where the policy demands at least 5")
