"""`gatecli terraform`: nothing is published or served by a plan that the gates have not passed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import search_of
from gatecli.cli.notices import listening
from gatecli.cli.terraform_run_task import run_task
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import EvidenceFiles, option, whole_environment
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.evidence_reports import read_evidence
from gatecli.gates.given_plans import given_plans
from gatecli.gates.plan_input import STDIN
from gatecli.gates.static_terraform import check_static
from gatecli.gates.terraform import TerraformRequest, check_plans
from gatecli.sources.plan.terraform import SECONDS, PlanRequest

app = typer.Typer(no_args_is_help=True, help="Check Terraform plans before anything is applied.")

app.command("run-task")(run_task)

TERRAFORM = "Terraform"


@app.callback()
def terraform() -> None:
    """Check Terraform plans before anything is applied."""


@dataclass(frozen=True, slots=True)
class PlanGiven:
    """How a folder is planned, as it was typed."""

    var: Annotated[
        list[str] | None,
        option("--var", panel=TERRAFORM, metavar="NAME=VALUE", help="A variable, as with terraform -var."),
    ] = None
    var_file: Annotated[
        list[Path] | None,
        option(
            "--var-file",
            panel=TERRAFORM,
            metavar="FILE",
            help="A file of variables, as with terraform -var-file.",
        ),
    ] = None
    workspace: Annotated[
        str,
        option(
            "--workspace", panel=TERRAFORM, metavar="NAME", help="The workspace (default: the selected one)."
        ),
    ] = ""
    targets: Annotated[
        list[str] | None,
        option(
            "--target", panel=TERRAFORM, metavar="ADDRESS", help="Plan only a part; needs --force-target."
        ),
    ] = None
    force_target: Annotated[
        bool,
        option(
            "--force-target", panel=TERRAFORM, help="Check only a part, which proves nothing about the rest."
        ),
    ] = False
    binary: Annotated[
        str,
        option(
            "--terraform-binary", panel=TERRAFORM, metavar="PROGRAM", help="The program, for example tofu."
        ),
    ] = "terraform"
    timeout: Annotated[
        float,
        option(
            "--plan-timeout", panel=TERRAFORM, min=1, metavar="SECONDS", help="The longest time for the plan."
        ),
    ] = SECONDS

    def request(self, folder: Path) -> PlanRequest:
        """What is asked of Terraform in `folder`."""
        return PlanRequest(
            folder,
            whole_environment(),
            self.binary,
            tuple(self.var or ()),
            tuple(self.var_file or ()),
            tuple(self.targets or ()),
            self.force_target,
            self.workspace,
            seconds=self.timeout,
        )


@app.command("check")
@spread
def check(
    planning: PlanGiven,
    gate: GateOptions,
    plans: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DIR|PLAN",
            help="Folders to plan, saved plans, their JSON, folders of plans, - for stdin (default: here).",
        ),
    ] = None,
    evidence: EvidenceFiles = None,
    static: Annotated[
        bool,
        option(
            "--static",
            panel=TERRAFORM,
            help="Judge the files of folders without a plan, and run nothing: only what is certain is found.",
        ),
    ] = False,
) -> None:
    """Check what plans would publish and serve, and what personal data they hold."""
    given = plans or ["."]
    session = begin(gate, Path() if given[0] == STDIN else Path(given[0]))
    known = read_evidence(evidence or (), session.now)
    if static:
        raise session.end(check_static([Path(each) for each in given], session.terms, known))
    search = search_of(session.policy.spec.pii)
    sources = given_plans(given, planning.request, sys.stdin.buffer if STDIN in given else None)
    with listening() as notify:
        verdict = check_plans(TerraformRequest(session.terms, search, sources, known, notify=notify))
    raise session.end(verdict)
