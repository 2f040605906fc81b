"""Folders of Terraform's files that no plan covers, judged by their text alone. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.checks.terraform.static_findings import find_in_static
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.errors import UsageError
from gatecli.gates import TERRAFORM
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.gates.plan_input import place_in_configuration
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.static_plan import StaticPlan
from gatecli.model.verdict import Checked, Examined, Verdict, together
from gatecli.sources.plan.jobs import jobs_in_plan
from gatecli.sources.plan.module_files import is_module_file
from gatecli.sources.plan.modules import calls_between, covered_by, folders_of
from gatecli.sources.plan.places import Places
from gatecli.sources.plan.static_modules import read_module
from gatecli.sources.tree import find_files, shown_path

CONFIGURATION = "configuration"
"""The kind of what was judged without a plan, in reports."""

_VENDORED = frozenset({".terraform", ".terragrunt-cache"})


@dataclass(frozen=True, slots=True)
class StaticRequest:
    """The files among which the folders are, the folders for which a plan was judged, and the policy."""

    files: Sequence[Path]
    planned: Sequence[Path]
    policy: PrivacyPolicy
    evidence: TaggedReports = field(default_factory=TaggedReports)
    declared: tuple[PlacedRelease, ...] = ()
    """Declarations that what jobs promise is compared with."""


def check_static(
    folders: Sequence[Path], terms: JudgementTerms, evidence: TaggedReports | None = None
) -> Verdict:
    """The verdict over the text of all modules below folders. Raises UsageError for what is no folder."""
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(
                f"{folder}: --static is for folders", advice="leave out --static to check a plan"
            )
    tree = find_files(folders)
    request = StaticRequest(tree.files, (), terms.policy, evidence or TaggedReports())
    return judge(TERRAFORM, together(list(examine_static(request)), tree.findings), terms)


def planned_folders(plans: Iterable[Examined]) -> list[Path]:
    """The folders whose plans were judged."""
    paths = (Path(item.path) for each in plans for item in each.checked if item.kind == "plan")
    return [path if path.is_dir() else path.parent for path in paths]


def examine_static(request: StaticRequest) -> Iterator[Examined]:
    """What each folder gives that no plan covers, before severities and waivers."""
    folders = {
        folder: files
        for folder, files in folders_of(request.files).items()
        if not _VENDORED.intersection(folder.parts)
    }
    calls = calls_between(folders)
    covered = covered_by(request.planned, calls)
    called = {below for folder, targets in calls.items() for below in targets if below != folder}
    variables = _variable_files(request.files)
    for folder in sorted(folders.keys() - covered):
        own = [file for file in folders[folder] if is_module_file(file.name)]
        static = read_module(shown_path(folder), own, variables.get(folder, ()))
        yield _examine(replace(static, called=folder in called), folder, request)


def _variable_files(files: Iterable[Path]) -> Mapping[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    for file in files:
        if file.name.endswith((".tfvars", ".tfvars.json")):
            found.setdefault(file.parent, []).append(file)
    return found


def _examine(static: StaticPlan, folder: Path, request: StaticRequest) -> Examined:
    findings = tuple(
        find_in_static(static, request.evidence, request.policy, jobs_in_plan(static.plan), request.declared)
    )
    number = len(static.plan.resources)
    name = static.plan.path
    checked = Checked(CONFIGURATION, name, name, {"resources": number})
    placed = place_in_configuration(Examined(findings=findings), Places(folder))
    plain = tuple(replace(each, place=replace(each.place, pointer=None)) for each in placed.findings)
    return Examined((checked,) if number else (), plain)
