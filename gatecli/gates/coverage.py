"""What a run found and left unchecked: findings of no gate, on the report of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gatecli.checks.coverage import find_left_out, find_unasked, find_unchanged, find_unplanned
from gatecli.gates import CHECK, GateName
from gatecli.gates.folder import Folder
from gatecli.gates.judgement import judge_findings
from gatecli.gates.named_plans import folders_to_plan
from gatecli.model.finding import Finding
from gatecli.model.verdict import Verdict
from gatecli.sources.plan.modules import folders_of, without_called
from gatecli.sources.tree import shown_path


def find_uncovered(folder: Folder, parts: Sequence[Verdict]) -> tuple[Finding, ...]:
    """What could not be looked into, where no gate says so, and what was left out."""
    notes = judge_findings(CHECK, list(_notes(folder, parts)), folder.terms)
    return (*(folder.tree.findings if GateName.PII not in folder.gates else ()), *notes)


def _notes(folder: Folder, parts: Sequence[Verdict]) -> Iterator[Finding]:
    root = shown_path(folder.root)
    yield from find_left_out([gate.value for gate in folder.left_out], folder.tree.left_out, root)
    if GateName.TERRAFORM in folder.gates:
        yield from find_unasked([] if folder.plans_with is not None else folders_to_plan(folder), root)
        yield from find_unplanned(_unplanned_folders(folder, parts), root)
    if GateName.PII in folder.gates and folder.changed_since is not None:
        files = len(folder.tree.files)
        yield from find_unchanged(files - len(folder.changed), files, folder.changed_since, root)


def _unplanned_folders(folder: Folder, parts: Sequence[Verdict]) -> list[str]:
    """Folders of Terraform that no plan in them covers, without what others call as their modules."""
    paths = (Path(item.path) for part in parts for item in part.checked if item.kind == "plan")
    planned = [path if path.is_dir() else path.parent for path in paths]
    return [shown_path(each) for each in without_called(folders_of(folder.tree.files), planned)]
