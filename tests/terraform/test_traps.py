"""Real plans and applies of a publisher behind the anonymity gate, and what can be done wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.evidence_files import closed, digest, report, table, write
from tests.support.terraform import Terraform

ROWS = "age,zip\n" + "30,10115\n" * 6
GATED = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["age", "zip"]
  k                 = 5
}
resource "terraform_data" "published" {
  input = module.anonymity.released_path
}
resource "terraform_data" "listed" {
  for_each = toset(module.anonymity.released_files)
  input    = each.key
}
resource "terraform_data" "elsewhere" {}
"""
GATE = "module.anonymity.terraform_data.gate"


def evidence(folder: Path, *, ago: timedelta = timedelta(), **changes: Any) -> None:
    made = report("anonymity", [table(digest(folder / "data.csv"))], ago=ago)
    write(folder / "data.csv.gate.json", made | changes)


@pytest.fixture(name="gated")
def a_gated_publisher(initialise: Callable[[str], Terraform]) -> Terraform:
    terraform = initialise(GATED)
    terraform.write(ROWS, name="data.csv")
    evidence(terraform.folder)
    return terraform


def test_a_dataset_with_evidence_is_published_and_a_second_plan_has_nothing_to_do(gated: Terraform) -> None:
    gated.planned().passed()
    gated.applied().passed()
    assert gated.resources()["terraform_data.published"]["values"]["output"] == "data.csv"
    gated("plan", "-detailed-exitcode").passed()


def test_renewed_evidence_of_the_same_data_publishes_nothing_anew(gated: Terraform) -> None:
    gated("apply", "-auto-approve").passed()
    evidence(gated.folder, ago=timedelta(hours=1))
    gated("plan", "-detailed-exitcode").passed()


def test_a_refusal_is_one_sentence_that_ends_with_the_command(gated: Terraform) -> None:
    evidence(gated.folder, checked=[table(digest(gated.folder / "data.csv"), k=1)])
    sentence = "k-anonymity 1 is below 5 for [age, zip]"
    options = "--quasi-identifier age,zip --k 5 --missing own-value --report json=data.csv.gate.json"
    expected = f"{sentence}; run: gatecli anonymity check data.csv {options}"
    assert gated("plan", "-json").errors == [expected]


def test_a_closed_gate_is_told_in_its_own_words(gated: Terraform) -> None:
    evidence(gated.folder, **closed("name holds telephone numbers"))
    gated("plan").refused("the gate did not pass data.csv: name holds telephone numbers; run: gatecli")


def test_a_dataset_that_changes_between_plan_and_apply_is_not_published(gated: Terraform) -> None:
    gated.planned().passed()
    gated.write(ROWS + "31,10115\n", name="data.csv")
    gated.applied().refused("run: gatecli anonymity check data.csv")
    assert "terraform_data.published" not in gated.resources()


def test_a_dataset_that_changes_after_an_empty_plan_is_refused_at_apply(gated: Terraform) -> None:
    gated("apply", "-auto-approve").passed()
    gated.planned().passed()
    gated.write(ROWS + "31,10115\n", name="data.csv")
    gated.applied().refused("data.csv")


def test_evidence_that_changes_between_plan_and_apply_is_refused(gated: Terraform) -> None:
    gated.planned().passed()
    evidence(gated.folder, **closed("a direct identifier"))
    gated.applied().refused("run: gatecli anonymity check data.csv")
    assert "terraform_data.published" not in gated.resources()


def test_a_dataset_swapped_with_its_evidence_is_not_published_by_the_old_plan(gated: Terraform) -> None:
    gated.planned().passed()
    gated.write("age,zip\n" + "40,20095\n" * 6, name="data.csv")
    evidence(gated.folder)
    assert gated.applied().code == 1
    assert "terraform_data.published" not in gated.resources()


def aged_plan(gated: Terraform, *, seconds: int) -> datetime | None:
    """A saved plan on evidence that lasts so long; None where the plan took longer than that."""
    evidence(gated.folder, ago=timedelta(hours=168) - timedelta(seconds=seconds))
    expires = datetime.now(UTC) + timedelta(seconds=seconds + 1)  # Terraform's clock has whole seconds
    return expires if gated.planned().code == 0 else None


def test_evidence_that_ages_between_plan_and_apply_is_refused(gated: Terraform) -> None:
    expires = next(filter(None, (aged_plan(gated, seconds=seconds) for seconds in (1, 3, 9, 27))))
    while datetime.now(UTC) <= expires:
        gated("validate").passed()
    gated.applied().refused("data.csv.gate.json has grown older than 168h since the plan; run: gatecli")
    assert "terraform_data.published" not in gated.resources()


@pytest.mark.parametrize("target", ["terraform_data.published", "terraform_data.listed", "module.anonymity"])
def test_a_target_that_is_published_brings_its_gate(gated: Terraform, target: str) -> None:
    evidence(gated.folder, **closed("a direct identifier"))
    gated("apply", "-auto-approve", f"-target={target}").refused("a direct identifier")
    assert gated.resources() == {}


def test_a_target_behind_an_open_gate_is_published_with_it(gated: Terraform) -> None:
    gated("apply", "-auto-approve", "-target=terraform_data.published").passed()
    assert set(gated.resources()) == {"terraform_data.published", GATE}


def test_a_target_that_publishes_nothing_does_not_wait_for_the_gate(gated: Terraform) -> None:
    evidence(gated.folder, **closed("a direct identifier"))
    gated("apply", "-auto-approve", "-target=terraform_data.elsewhere").passed()
    assert set(gated.resources()) == {"terraform_data.elsewhere"}


@pytest.mark.parametrize("target", ["terraform_data.published", "terraform_data.listed"])
def test_a_target_of_what_is_already_published_brings_its_gate(gated: Terraform, target: str) -> None:
    gated("apply", "-auto-approve").passed()
    evidence(gated.folder, **closed("a direct identifier"))
    gated("apply", "-auto-approve", f"-target={target}").refused("a direct identifier")


def test_a_refresh_alone_needs_no_evidence_and_publishes_nothing(gated: Terraform) -> None:
    (gated.folder / "data.csv.gate.json").unlink()
    gated("apply", "-auto-approve", "-refresh-only").passed()
    assert gated.resources() == {}


@pytest.mark.parametrize("kept", [(), ("data.csv",), ("data.csv.gate.json",)])
def test_what_was_published_is_destroyed_without_evidence_or_data(
    gated: Terraform, kept: tuple[str, ...]
) -> None:
    gated("apply", "-auto-approve").passed()
    for name in {"data.csv", "data.csv.gate.json"} - set(kept):
        (gated.folder / name).unlink()
    gated.planned("-destroy").passed()
    gated.applied().passed()
    assert gated.resources() == {}


def test_broken_evidence_does_not_stop_a_destroy(gated: Terraform) -> None:
    gated("apply", "-auto-approve").passed()
    gated.write('{"checked": [{"inputs": null}, 7], "time": {}, "findings": 3}', name="data.csv.gate.json")
    gated("apply", "-destroy", "-auto-approve").passed()


def test_a_tainted_gate_still_asks_for_evidence(gated: Terraform) -> None:
    gated("apply", "-auto-approve").passed()
    gated("taint", GATE).passed()
    evidence(gated.folder, **closed("a direct identifier"))
    gated.planned().refused("a direct identifier")
    evidence(gated.folder)
    gated("apply", "-auto-approve").passed()
    gated("plan", "-detailed-exitcode").passed()


def test_the_plan_of_a_closed_gate_is_errored_and_cannot_be_applied(gated: Terraform) -> None:
    evidence(gated.folder, **closed("a direct identifier"))
    gated.planned().refused("a direct identifier")
    if (gated.folder / "plan.bin").exists():
        assert json.loads(gated("show", "-json", "plan.bin").passed().stdout)["errored"] is True
    assert gated.applied().code == 1
    assert gated.resources() == {}


def test_a_gate_is_used_once_for_each_of_several_datasets(gated: Terraform) -> None:
    gated.write(
        GATED.replace("  source ", '  for_each = toset(["data.csv", "more.csv"])\n  source ')
        .replace('"data.csv"\n  quasi', "each.key\n  quasi")
        .replace("module.anonymity.released_path", 'module.anonymity["data.csv"].released_path')
        .replace("module.anonymity.released_files", 'module.anonymity["more.csv"].released_files')
    )
    gated.write(ROWS * 2, name="more.csv")
    gated("init").passed()
    gated("plan").refused("there is no evidence at more.csv.gate.json")
    more = report("anonymity", [table(digest(gated.folder / "more.csv"))])
    write(gated.folder / "more.csv.gate.json", more)
    gated("apply", "-auto-approve").passed()


def test_a_plan_without_refresh_still_asks_for_evidence(gated: Terraform) -> None:
    gated("apply", "-auto-approve").passed()
    evidence(gated.folder, **closed("a direct identifier"))
    gated("plan", "-refresh=false").refused("a direct identifier")
