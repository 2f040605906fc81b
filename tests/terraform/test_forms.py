"""Each gate in both of its forms: what it lets through, and the evidence that it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.evidence_files import closed
from tests.support.gated_plans import DATASET, MODEL, WORKLOAD, write_evidence, write_inputs
from tests.support.terraform import Terraform, in_both_forms

GATES = {"anonymity": DATASET % 5, "release": MODEL, "pii": WORKLOAD}
UNBOUND = {
    "anonymity": "data.csv.gate.json is of other data than data.csv has now",
    "release": "privacy.yaml.gate.json is of another declaration than privacy.yaml is now",
    "pii": "pii.gate.json is not of job.yaml as it is now",
}
"""What each gate says of evidence that is not of its bytes."""
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "stale": ({"ago": timedelta(hours=200)}, "longer than 168h ago"),
    "of a gate that was closed": (closed("it is not private"), "it is not private"),
    "of a gate that is not one": ({"gate": "terraform"}, "is not evidence of the"),
    "of another version": ({"schema": "gatecli/report/v2"}, "is not a JSON report of gatecli, version 1"),
}


@pytest.fixture(name="kind", params=GATES)
def kind_of_gate(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="gate")
def a_gate_with_evidence(kind: str, initialise: Callable[[str], Terraform]) -> Terraform:
    terraform = initialise(GATES[kind])
    write_inputs(terraform.folder)
    write_evidence(terraform.folder)
    return terraform


@in_both_forms
def test_fresh_evidence_lets_through_and_a_second_plan_has_nothing_to_do(gate: Terraform) -> None:
    gate.planned().passed()
    gate.applied().passed()
    assert "terraform_data.published" in gate.resources()
    gate("plan", "-detailed-exitcode").passed()


@in_both_forms
@pytest.mark.parametrize("evidence", REFUSED)
def test_evidence_that_proves_nothing_is_refused(gate: Terraform, evidence: str) -> None:
    changes, sentence = REFUSED[evidence]
    write_evidence(gate.folder, **changes)
    gate("plan").refused(sentence)


@in_both_forms
def test_evidence_of_other_bytes_is_refused(gate: Terraform, kind: str) -> None:
    for name in ("data.csv", "privacy.yaml", "job.yaml"):
        gate.write("something else", name=name)
    gate("plan").refused(UNBOUND[kind])


@in_both_forms
def test_evidence_of_nothing_is_refused(gate: Terraform, kind: str) -> None:
    write_evidence(gate.folder, checked=[])
    gate("plan").refused(UNBOUND[kind])


@in_both_forms
def test_evidence_that_is_replaced_while_a_saved_plan_waits_is_refused(gate: Terraform) -> None:
    gate.planned().passed()
    write_evidence(gate.folder, **closed("it is not private"))
    assert gate.applied().code == 1
    assert "terraform_data.published" not in gate.resources()
