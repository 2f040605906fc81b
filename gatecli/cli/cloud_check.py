"""`gatecli cloud check`: definitions of managed jobs, before anybody submits them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import search_of
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.cloud import check_paths


@spread
def check(
    gate: GateOptions,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE|DIR", help="Job definitions, or folders to find them in (default: here)."
        ),
    ] = None,
) -> None:
    """Check that jobs run the entry point in a pinned image, within a budget, and where nobody listens.

    It reads jobs of SageMaker (requests, Step Functions, pipelines, CloudFormation) and of Azure Machine
    Learning (jobs, pipelines, schedules, components).
    """
    places = paths or [Path()]
    session = begin(gate, places[0])
    raise session.end(check_paths(places, session.terms, search_of(session.policy.spec.pii)))
