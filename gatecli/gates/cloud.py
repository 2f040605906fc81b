"""The gate of job definitions: a managed job runs the entry point in a pinned image, within a budget."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.checks.cloud.interface import JobContext
from gatecli.checks.personal_data import Search
from gatecli.errors import UsageError
from gatecli.gates import CLOUD, GateName
from gatecli.gates.job_declarations import declared_above, nearest_first, placed_releases
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.model.finding import Finding
from gatecli.model.job_definition import JobDefinition
from gatecli.model.verdict import Checked, Examined, Verdict
from gatecli.sources.declaration import read_declarations
from gatecli.sources.discovery import find_beside, find_declarations
from gatecli.sources.jobs.registry import find_job_files, read_jobs
from gatecli.sources.tree import Tree, find_files

if TYPE_CHECKING:
    from gatecli.gates.folder import Folder


@dataclass(frozen=True, slots=True)
class CloudRequest:
    """The jobs to judge; `findings` are what their readers found.

    The declarations of `context` may stand anywhere: each job is compared with those near its file.
    """

    terms: JudgementTerms
    context: JobContext
    jobs: Sequence[JobDefinition] = ()
    findings: Sequence[Finding] = ()


def check_folder(folder: Folder) -> Verdict:
    """Every job of a folder, changed or not. Where the gate for personal data runs, it searches them."""
    search = None if GateName.PII in folder.gates else folder.search
    declared = (*placed_releases(folder.declared.values()), *declared_above(folder.root))
    context = JobContext(folder.policy, declared, search)
    return check_files(find_job_files(_places(folder.tree), folder.contents.read), context, folder.terms)


def check_paths(paths: Sequence[Path], terms: JudgementTerms, search: Search) -> Verdict:
    """The verdict over files, and what is found in folders. Raises UsageError for a path where nothing is."""
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")
    named = [path for path in paths if not path.is_dir()]
    tree = find_files(paths)
    files = [file for file in _places(tree) if file not in named]
    beside = {*find_declarations(path for path in paths if path.is_dir()), *find_beside(paths)}
    folders = {path if path.is_dir() else path.parent for path in paths}
    above = (each for folder in sorted(folders) for each in declared_above(folder))
    declared = (*placed_releases(map(read_declarations, sorted(beside))), *above)
    context = JobContext(terms.policy, declared, search)
    return check_files([*named, *find_job_files(files)], context, terms, tree.findings)


def _places(tree: Tree) -> Iterator[Path]:
    """The files of a tree, and those outside of it that its links lead to."""
    yield from tree.files
    inside = {os.path.realpath(file) for file in tree.files} if tree.links else set()
    yield from (link for link in tree.links if os.path.isfile(link) and os.path.realpath(link) not in inside)  # noqa: PTH113 - never raises


def check_files(
    files: Iterable[Path], context: JobContext, terms: JudgementTerms, findings: Sequence[Finding] = ()
) -> Verdict:
    """The verdict over the jobs that files define; `findings` are of places that cannot be looked into."""
    loaded = [read_jobs(file) for file in files]
    return check_jobs(
        CloudRequest(
            terms,
            context,
            tuple(job for each in loaded for job in each.values),
            (*findings, *(finding for each in loaded for finding in each.findings)),
        )
    )


def check_jobs(request: CloudRequest) -> Verdict:
    """The verdict over jobs."""
    found = [*request.findings, *(each for job in request.jobs for each in _find_all(job, request.context))]
    checked = tuple(map(_checked_job, request.jobs))
    return judge(CLOUD, Examined(checked, tuple(found)), request.terms)


def _find_all(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """By the declarations that stand near its file."""
    from gatecli.checks.cloud.registry import find_in_job  # noqa: PLC0415 - few folders hold a job

    near = nearest_first(context.declared, job.document.path)
    return find_in_job(job, replace(context, declared=near))


def _checked_job(job: JobDefinition) -> Checked:
    """A job as reports list it."""
    document = job.document
    inputs = {"sha256": document.sha256} if document.sha256 else {}
    return Checked("job", job.name, document.path, {"platform": job.platform.value, "form": job.form}, inputs)
