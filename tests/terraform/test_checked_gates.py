"""Gates in real plans, judged as a user has them judged: the shipped ones, and what only looks like them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.checks.terraform.gate_digests import SHIPPED
from tests.support.evidence_files import digest, report, table, write
from tests.support.gated_plans import DATASET
from tests.support.terraform import MODULES, Check, Terraform, in_both_forms
from tests.support.terraform_gates import shipped
from tools.flatten_modules import write_modules

FAKE = """
variable "dataset" {}
variable "quasi_identifiers" {}
variable "k" {}
resource "terraform_data" "gate" {
  input = { path = var.dataset }
  lifecycle {
    precondition {
      condition     = var.k > 0
      error_message = "never"
    }
  }
}
output "released_path" { value = terraform_data.gate.output.path }
"""
GATE = "terraform_modules/k_anonymity_gate"
EVIDENCE = {"shared": "terraform_modules/evidence", "flattened": f"{GATE}/evidence"}
NOT_SHIPPED = "is called k_anonymity_gate but is not the module that gatecli ships"
OTHER_TEXT = "module.anonymity is built like the module k_anonymity_gate but has a different text"
UNGATED = "terraform_data.published publishes data without a k-anonymity gate"


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8") if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@in_both_forms
def test_a_shipped_gate_holds_in_a_folder_and_in_a_saved_plan(own: Terraform, check: Check) -> None:
    own("init").passed()
    assert check() == (0, "")
    own.planned().passed()
    assert check("plan.bin") == (0, "")


def test_a_flattened_gate_may_be_vendored_under_another_name(
    own: Terraform, check: Check, tmp_path: Path
) -> None:
    write_modules(MODULES, tmp_path / "flat")
    (tmp_path / "flat/k_anonymity_gate").rename(own.folder / "anonymous")
    own.write((DATASET % 5).replace("../terraform_modules/k_anonymity_gate", "./anonymous"))
    own("init").passed()
    assert check() == (0, "")


def test_a_gate_may_be_vendored_with_the_module_beside_it(own: Terraform, check: Check) -> None:
    shutil.copytree(own.folder.parent / GATE, own.folder / "vendored/anonymous")
    shutil.copytree(own.folder.parent / EVIDENCE["shared"], own.folder / "vendored/evidence")
    own.write((DATASET % 5).replace("../terraform_modules/k_anonymity_gate", "./vendored/anonymous"))
    own("init").passed()
    assert check() == (0, "")


def test_a_gate_without_the_module_beside_it_is_not_even_initialised(own: Terraform) -> None:
    shutil.rmtree(own.folder.parent / EVIDENCE["shared"])
    own("init").refused("Unable to evaluate directory symlink")


@pytest.mark.parametrize(
    ("form", "trusted", "message"),
    [
        ("shared", ["k_anonymity_gate", "evidence"], ""),
        ("shared", ["k_anonymity_gate"], "its JSON holds neither conditions nor locals of its gates"),
        ("flattened", ["k_anonymity_gate"], ""),
    ],
    scope="session",
)
def test_json_alone_says_no_conditions_and_is_as_unknown_as_the_policy_has_it(
    own: Terraform, check: Check, trusted: list[str], message: str
) -> None:
    own("init").passed()
    own.planned().passed()
    own.write(own("show", "-json", "plan.bin").passed().stdout, name="plan.json")
    code, said = check("plan.json")
    assert code == 1
    assert "its JSON holds neither conditions nor locals of its gates" in said
    assert check("plan.json", "warn")[0] == 0
    sources = json.dumps([f"../terraform_modules/{name}" for name in trusted])
    code, said = check("plan.json", f"fail\n    gateSources: {sources}")
    assert (code, message in said, said == "") == (int(bool(message)), True, not message)


def test_a_fake_of_the_same_name_is_no_gate(own: Terraform, check: Check) -> None:
    shutil.rmtree(own.folder.parent / GATE)
    (own.folder.parent / GATE).mkdir()
    (own.folder.parent / GATE / "main.tf").write_text(FAKE, "utf-8")
    own("init").passed()
    code, said = check(".", "defer")
    assert code == 1
    assert NOT_SHIPPED in said
    assert UNGATED in said


@in_both_forms
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "main.tf",
            "= length(local.problems) == 0",
            "= length(local.problems) >= 0",
        ),
        ("main.tf", "problems = [for check", "problems = [] == [] ? [] : [for check"),
        ("variables.tf", "var.k >= 2", "var.k >= 0"),
        ("evidence/outputs.tf", 'verdict == "pass"', 'verdict != ""'),
        ("override.tf", "", "locals {\n  problems = []\n}\n"),
        ("evidence/override.tf", "", "locals {\n  checks = []\n}\n"),
    ],
)
def test_a_copy_that_judges_otherwise_is_no_gate_though_its_json_is_the_same(
    own: Terraform, check: Check, form: str, file: str, old: str, new: str
) -> None:
    place, _, name = file.rpartition("/")
    changed(own.folder.parent / (EVIDENCE[form] if place else GATE) / name, old, new)
    own("init").passed()
    for target in (".", "plan.bin"):
        own.planned().passed()
        code, said = check(target, "defer")
        assert code == 1
        assert OTHER_TEXT in said
        assert UNGATED in said


def false_witness(own: Terraform) -> Path:
    """A module that is like `evidence` but for one condition, which a plan's JSON does not hold."""
    witness = own.folder.parent / "false_witness"
    shutil.copytree(own.folder.parent / EVIDENCE["shared"], witness)
    changed(witness / "outputs.tf", 'verdict == "pass"', 'verdict != ""')
    return witness


def link(own: Terraform, witness: Path) -> None:
    folder = own.folder.parent / EVIDENCE["shared"]
    shutil.rmtree(folder)
    folder.symlink_to(witness)


def rename(own: Terraform, witness: Path) -> None:
    folder = own.folder.parent / EVIDENCE["shared"]
    shutil.rmtree(folder)
    witness.rename(folder)


def install(own: Terraform, witness: Path) -> None:
    """Terraform takes a module from where its own list says that it was installed."""
    own("init").passed()
    changed(
        own.folder / ".terraform/modules/modules.json",
        '"Dir":"../terraform_modules/evidence"',
        f'"Dir":"../{witness.name}"',
    )


@pytest.mark.parametrize("replace", [link, rename, install])
def test_another_module_in_the_place_of_evidence_is_no_evidence(
    own: Terraform, check: Check, replace: Callable[[Terraform, Path], None]
) -> None:
    replace(own, false_witness(own))
    if replace is not install:
        own("init").passed()
    for target in (".", "plan.bin"):
        own.planned().passed()
        code, said = check(target, "defer")
        assert code == 1
        assert OTHER_TEXT in said
        assert UNGATED in said


def test_a_gate_that_calls_another_module_for_evidence_is_no_gate(own: Terraform, check: Check) -> None:
    """By an override, which leaves the gate's own files as they are."""
    false_witness(own)
    override = 'module "evidence" {\n  source = "../../false_witness"\n}\n'
    (own.folder.parent / GATE / "override.tf").write_text(override, "utf-8")
    own("init").passed()
    code, said = check(".", "defer")
    assert code == 1
    assert NOT_SHIPPED in said
    assert UNGATED in said


def test_a_saved_plan_is_judged_by_what_was_saved_with_it(own: Terraform, check: Check) -> None:
    """Its apply evaluates the files inside it."""
    own.write('locals {\n  path = "data.csv"\n}\n', name="locals.tf")
    own.write((DATASET % 5).replace("= module.anonymity.released_path", "= local.path"))
    own("init").passed()
    own.planned().passed()
    own.write("locals {\n  path = module.anonymity.released_path\n}\n", name="locals.tf")
    code, said = check("plan.bin")
    assert code == 1
    assert UNGATED in said
    assert check() == (0, "")


FALSE_WITNESS = """
module "false_witness" {
  source = "../false_witness"
  path   = "data.csv.gate.json"
  gate   = "anonymity"
  now    = plantimestamp()
}
"""


def moved(plan: Path, module: str, folder: str, copy: Path) -> None:
    """A copy of a saved plan in which a module is said to be in another folder."""
    with zipfile.ZipFile(plan) as before, zipfile.ZipFile(copy, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "tfconfig/modules.json":
                records = json.loads(content)
                records = [each | ({"Dir": folder} if each["Key"] == module else {}) for each in records]
                content = json.dumps(records).encode()
            after.writestr(name, content)


def test_a_saved_plan_whose_modules_share_a_folder_and_differ_in_it_is_not_taken_at_its_word(
    own: Terraform, check: Check
) -> None:
    """Terraform would take the files of either."""
    false_witness(own)
    own.write(DATASET % 5 + FALSE_WITNESS)
    own("init").passed()
    own.planned().passed()
    moved(own.folder / "plan.bin", "", ".", own.folder / "same.bin")
    assert check("same.bin") == (0, "")
    moved(own.folder / "plan.bin", "anonymity.evidence", "../false_witness", own.folder / "moved.bin")
    own("show", "-json", "moved.bin").passed()
    code, said = check("moved.bin")
    assert code == 1
    assert UNGATED in said


def test_a_threshold_that_a_variable_lowers_is_told(own: Terraform, check: Check) -> None:
    own("init").passed()
    write(own.folder / "data.csv.gate.json", report("anonymity", [table(digest(own.folder / "data.csv"))]))
    code, said = check(".", "fail", "--var", "k=2")
    assert (code, said) == (1, "module.anonymity demands k = 2 where the policy demands at least 5")


def test_a_threshold_that_only_the_apply_knows_is_unknown(own: Terraform, check: Check) -> None:
    own.write(
        (DATASET % 5).replace("= var.k", "= 5 + terraform_data.later.output")
        + 'resource "terraform_data" "later" { input = 1 }\n'
    )
    own("init").passed()
    code, said = check()
    assert code == 1
    assert "module.anonymity states its k only after the apply" in said


def test_the_digest_of_what_was_judged_is_in_the_report(
    own: Terraform, check: Check, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own("init").passed()
    own.planned().passed()
    kept = tmp_path / "report.json"
    check("plan.bin", "fail", "--report", f"json={kept}")
    [checked] = json.loads(kept.read_text("utf-8"))["checked"]
    shown = own("show", "-json", "plan.bin").passed().stdout.encode()
    (tmp_path / "plan.json").write_bytes(shown)
    assert checked["inputs"]["sha256"] == digest(tmp_path / "plan.json")


def test_the_digests_of_the_shipped_gates_are_current(command: tuple[str, ...], tmp_path: Path) -> None:
    assert shipped(command, tmp_path) == SHIPPED, "run make generated"
