"""What a run found and left unchecked: findings of no gate, on the report of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gatecli.checks.coverage import find_left_out, find_unasked, find_unchanged, find_unplanned
from gatecli.cli.checking.run import Gate, Run
from gatecli.cli.checking.terraform import folders_to_plan
from gatecli.gate import weigh_coverage
from gatecli.model.finding import Finding
from gatecli.model.verdict import Verdict
from gatecli.sources.plan.modules import folders_of, without_called
from gatecli.sources.tree import shown_path


def coverage(run: Run, parts: Sequence[Verdict]) -> tuple[Finding, ...]:
    """What could not be looked into, where no gate says so, and what was left out."""
    session = run.session
    notes = weigh_coverage(list(_notes(run, parts)), run.policy, session.bundle.waivers, **session.terms)
    return (*(run.tree.findings if Gate.PII not in run.gates else ()), *notes)


def _notes(run: Run, parts: Sequence[Verdict]) -> Iterator[Finding]:
    root = shown_path(run.root)
    yield from find_left_out([gate.value for gate in run.left_out], run.tree.left_out, root)
    if Gate.TERRAFORM in run.gates:
        yield from find_unasked([] if run.plans else folders_to_plan(run), root)
        yield from find_unplanned(_unplanned(run, parts), root)
    if Gate.PII in run.gates and run.changed_since is not None:
        files = len(run.tree.files)
        yield from find_unchanged(files - len(run.changed), files, run.changed_since, root)


def _unplanned(run: Run, parts: Sequence[Verdict]) -> list[str]:
    """Folders of Terraform that no plan in them covers, without what others call as their modules."""
    paths = (Path(item.path) for part in parts for item in part.checked if item.kind == "plan")
    planned = [path if path.is_dir() else path.parent for path in paths]
    return [shown_path(folder) for folder in without_called(folders_of(run.tree.files), planned)]
