"""A job from its description to its evidence: budget, command, verdict, commit, in this order alone.

    the platform's description → the declaration → judged → budget held → inputs digested → the command
        → its evidence judged as everybody's → bound to the ledger → what is left of the budget is told

Whatever ends it in between leaves the budget spent and the folders of the outputs empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gatecli.attestation.model_digest import folder_hash
from gatecli.cloud.commands import environment_of, is_program, require_own_code, run_command
from gatecli.cloud.jobs import Job, JobPromise
from gatecli.cloud.leases import (
    JobLease,
    accounts_of,
    commit_run,
    refuse_published,
    require_own_lease,
    require_small_delta,
    take_run,
)
from gatecli.cloud.release_folder import (
    digests_of,
    empty,
    require_empty,
    require_own_evidence,
    write_declaration,
    write_record,
)
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_access import moment
from gatecli.gates.ledger_actions import published_content
from gatecli.gates.release import ReleaseRequest, judge_releases, request_for
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Store
from gatecli.model.ledger import Account
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import Verdict
from gatecli.sources.interface import Loaded
from gatecli.sources.release import read_releases

Clock = Callable[[], Any]
"""Gives the time, with its zone."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to run, and by what it is judged. `environment` is what the command inherits."""

    job: Job
    promise: JobPromise
    declaration: Path
    output: Path
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    terms: JudgementTerms
    store: Store
    now: Clock

    @property
    def kept(self) -> tuple[Path, ...]:
        """Every folder that the platform keeps."""
        return tuple(dict.fromkeys((self.output, *self.job.outputs)))


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended: the verdict on its release, and what is held of each dataset."""

    verdict: Verdict
    accounts: tuple[Account, ...] = ()
    release: str = ""


def run_job(request: JobRequest) -> JobEnd:
    """The verdict that the job's release passed by; a verdict that failed is one before or after the run.

    Raises GatecliError for what is judged by nobody: a description, a command that fails, evidence of
    another job. Then, as where the verdict failed, nothing is left in the folders of the outputs.
    """
    subject = _declared(request.declaration)
    _require_runnable(request)
    try:
        held = _take_budget(request, subject)
        if isinstance(held, Verdict):
            return JobEnd(held)
        inputs = _digest_inputs(request.job)
        _run(request, held)
        end = _publish(request, subject, held, inputs)
    except BaseException:
        empty(request.kept)
        raise
    if not end.verdict.passed:
        empty(request.kept)
    return end


def _declared(path: Path) -> ReleaseSubject:
    """The release that the job makes, without what is not there yet. Raises UsageError."""
    read = read_releases([path], lambda *_: Loaded())
    for finding in read.findings:
        raise UsageError(f"{finding.place}: {finding.message}", advice=finding.remediation)
    if len(read.values) != 1:
        raise UsageError(
            f"{path} declares {len(read.values)} releases, and a job makes one",
            advice="give each release a file",
        )
    (subject,) = read.values
    if subject.release.spec.artifacts:
        raise UsageError(
            f"{path} lists artifacts, which the job has yet to make",
            advice="leave spec.artifacts out: what the job leaves in the folder of --output is listed then",
        )
    if subject.release.claim is None or not subject.release.claim.recorded:
        raise UsageError(
            f"{path} names no evidence, so nothing would show what the job spent",
            advice="name the file that the command writes under spec.privacy.evidence",
        )
    return subject


def _require_runnable(request: JobRequest) -> None:
    if not request.command:
        raise UsageError("there is no command to run", advice="write it after --, as in -- python train.py")
    if not is_program(request.command[0], request.environment):
        raise UsageError(
            "the program of the command is not there, or may not be run", advice="check its name after --"
        )
    require_own_code(request.command, request.job, request.environment, Path.cwd())
    others = [each for each in request.job.outputs if each.resolve() != request.output.resolve()]
    if request.job.outputs and len(others) == len(request.job.outputs):
        raise UsageError(
            f"{request.output}, the folder of --output, is none of the job's outputs, so it is lost",
            advice="name the LocalPath of an output",
        )
    require_empty(request.output, others)


def _take_budget(request: JobRequest, subject: ReleaseSubject) -> JobLease | Verdict:
    """The budget that the run holds; the verdict where the gate is closed before it."""
    store, now = request.store, request.now()
    accounts = accounts_of(subject, request.promise, store)
    require_own_lease(accounts, request.job)
    require_small_delta(subject, accounts)
    refuse_published(subject, store)
    use = LedgerUse(store, moment(now), reserves=True)
    judged = judge_releases(ReleaseRequest(_before_evidence(request.terms), [subject], ledger=use))
    if not judged.verdict.passed:
        return judged.verdict
    days = request.terms.policy.spec.ledger.lapse_after_days
    lapses = (request.terms.today + timedelta(days=days)).isoformat()
    return take_run(subject, judged.costs[0], accounts, request.job, use, lapses)


def _before_evidence(terms: JudgementTerms) -> JudgementTerms:
    """The same terms, for a run that has no evidence yet: it is demanded when the run is over."""
    spec = terms.policy.spec
    rules = spec.release.model_copy(update={"require_evidence": False})
    policy = terms.policy.model_copy(update={"spec": spec.model_copy(update={"release": rules})})
    return replace(terms, policy=policy)


def _digest_inputs(job: Job) -> list[dict[str, str]]:
    """What stands in each input: one digest over the digests of its files."""
    return [
        {"name": each.name, "description": each.description, "sha256": folder_hash(digests_of(each.folder))}
        for each in job.inputs
        if each.folder is not None and each.folder.is_dir()
    ]


def _run(request: JobRequest, lease: JobLease) -> None:
    code = run_command(request.command, environment_of(request.job, request.environment))
    if code != 0:
        raise UncheckableError(
            f"the command ended with {code}, so {lease.release} is not published; its budget of "
            f"{', '.join(lease.datasets)} stays spent",
            advice="mend it, and run it as another job, which is charged again",
        )


def _publish(
    request: JobRequest, before: ReleaseSubject, lease: JobLease, inputs: Sequence[Mapping[str, str]]
) -> JobEnd:
    """Judge what the run left, as the release gate judges a folder, and bind it to the ledger."""
    folder = request.output
    _require_untouched(request, before)
    require_own_evidence(folder, before, request.job)
    write_declaration(folder, before, request.declaration.parent)
    evidence = [write_record(folder, _record(request, lease, inputs))]
    now = request.now()
    use = LedgerUse(request.store, moment(now), reserves=True)
    asked = request_for([folder], request.terms, use)
    verdict = judge_releases(asked).verdict
    accounts = tuple(filter(None, map(request.store.account, lease.datasets)))
    if verdict.passed:
        published = published_content(request.store, lease.release, asked.releases)
        commit_run(request.store, lease, moment(now), published, evidence)
    return JobEnd(verdict, accounts, lease.release)


def _require_untouched(request: JobRequest, before: ReleaseSubject) -> None:
    """Raise UncheckableError where the run changed its own declaration, or left something unjudged."""
    if _declared(request.declaration).document.sha256 != before.document.sha256:
        raise UncheckableError(
            f"{request.declaration} was changed while the job ran",
            advice="the budget was taken for what it said before: leave it as it is in the image",
        )
    for folder in request.job.outputs:
        if folder.resolve() != request.output.resolve() and folder.is_dir() and digests_of(folder):
            raise UncheckableError(
                f"the command left files in the output {folder}, which are no part of the release",
                advice="write all that is kept into the folder of --output",
            )


def _record(request: JobRequest, lease: JobLease, inputs: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {
        "schema": "gatecli/job/v1",
        "job": {**request.job.as_data(), "digest": request.job.digest},
        "release": lease.release,
        "lease": {"entry": lease.run, "datasets": list(lease.datasets), "at": lease.at},
        "ledger": request.store.identity.id,
        "inputs": [dict(each) for each in inputs],
        "command": len(request.command),
    }
