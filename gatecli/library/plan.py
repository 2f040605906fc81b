"""`gatecli.check_plan`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from gatecli.gates.evidence_reports import read_evidence
from gatecli.gates.given_plans import given_plans
from gatecli.gates.terraform import TerraformRequest, check_plans
from gatecli.library.calls import File, Verdict, begin, end, environment
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.plan.terraform import PlanRequest


def check_plan(
    path: File,
    *,
    evidence: Sequence[File] = (),
    policy: PrivacyPolicy | File | None = None,
    waivers: Sequence[File] = (),
    today: date | None = None,
    fail_on: Severity = Severity.ERROR,
    baseline: File | None = None,
    policy_from: str | None = None,
) -> Verdict:
    """Check what a Terraform plan would publish, serve and write down: `gatecli terraform check`.

    `path` is the JSON of a plan or a state, a folder of such, a saved plan, or a folder to plan; for the last
    two the program `terraform` is run with the environment of this process. `evidence` are JSON reports that
    passed, or folders of them, which tags `gatecli-evidence` name; their age is judged now, or at the end of
    `today`.
    The other parameters are those of `check_release`.

    Raises GatecliError for a path that is not there, and where Terraform cannot be run.
    """
    place = Path(path)
    call = begin(place, policy, waivers, today, fail_on, baseline, policy_from)
    sources = given_plans([os.fspath(path)], lambda folder: PlanRequest(folder, environment()))
    known = read_evidence([Path(file) for file in evidence], call.moment)
    return end(check_plans(TerraformRequest(call.terms, call.search, sources, known)))
